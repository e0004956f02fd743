//! The draft's README: the source in words, for a person to fill in.

use crate::model::Model;
use crate::quote;
use crate::rules::Proposal;
use crate::write::format_name;

pub(crate) fn readme(model: &Model, proposal: &Proposal, name: &str, synthetic: bool) -> String {
    let mut out = format!(
        "# {name}\n\nTo do: what system this export comes from, who uses it, how it is made, and of what version it is.\n"
    );
    out.push_str("\n## What is fact and what is assumed\n\n");
    out.push_str("This folder was drafted from one file. Everything in it is assumed until somebody has checked it.\n\n");
    out.push_str("| table | records | columns | grade |\n|---|---|---|---|\n");
    for table in &model.tables {
        let from = match (&table.table.sheet, &table.table.path) {
            (Some(sheet), _) => format!("sheet {}", quote::shown(sheet).replace('|', "/")),
            (None, Some(path)) if path.is_empty() => "each document".to_owned(),
            (None, Some(path)) => format!("`{}`", quote::shown(path).replace(['|', '`'], "/")),
            (None, None) => format_name(&model.format).to_uppercase(),
        };
        out.push_str(&format!(
            "| {} ({from}) | {} | {} | assumed |\n",
            table.table.name,
            table.table.rows,
            table.plans.len()
        ));
    }
    out.push_str("\n## Who a record is about\n\n");
    out.push_str("To do: which column names a person across files, and why it can be trusted. A row number cannot.\n");
    out.push_str("\n## What becomes of it\n\n| | |\n|---|---|\n");
    for rule in &proposal.rules {
        let state = if rule.active {
            "drafted; to be checked"
        } else {
            "proposed, not used yet"
        };
        out.push_str(&format!("| `{}` | {state} |\n", rule.name));
    }
    out.push_str("\n## Still to be decided\n\n");
    out.push_str("- `extent`: is a file the whole truth of its scope, or only changes?\n");
    if model.as_of.is_none() {
        out.push_str("- `asOf`: where does a file say as of when it is?\n");
    }
    out.push_str("- each column marked `to do`, and each line marked CHECK or CHOOSE\n");
    for note in proposal.notes.iter().chain(&model.notes) {
        out.push_str(&format!("- {note}\n"));
    }
    out.push_str("\n## Samples and tests\n\n");
    out.push_str(if synthetic {
        "`samples/` holds the synthetic file that this was drafted from; `tests/first/` is a case made of it. Read its `expected.ndjson` before you trust it.\n"
    } else {
        "`tests/<case>/` holds an `input.*` with fictional people, and what it must become. Real people's records never belong in this folder.\n"
    });
    out
}
