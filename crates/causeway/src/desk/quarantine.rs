//! `causeway quarantine`.

use json::Value;
use serde_json::json;
use store::{QuarantineQuery, QuarantinedRow};
use submission::ReplayOf;

use super::arguments::{Again, Discard, Held, Quarantine, QuarantineAction, Rows};
use super::opened::{Opened, undecided};
use super::submissions::told;
use crate::cli::Format;
use crate::exit::{Exit, Failure};
use crate::output;

/// Runs the command.
pub fn run(arguments: &Quarantine) -> Result<Exit, Failure> {
    match &arguments.action {
        QuarantineAction::List(held) => list(held),
        QuarantineAction::Show(rows) => show(rows),
        QuarantineAction::Replay(again) => replay(again),
        QuarantineAction::Discard(rows) => discard(rows),
    }
}

fn find(opened: &Opened, query: &QuarantineQuery) -> Result<Vec<QuarantinedRow>, Failure> {
    opened
        .runtime
        .block_on(
            opened
                .store
                .quarantine(&opened.sight, &opened.tenant, query),
        )
        .map_err(Failure::failed)
}

fn list(arguments: &Held) -> Result<Exit, Failure> {
    let opened = Opened::at(&arguments.place)?;
    let query = QuarantineQuery {
        submission: arguments.submission.clone(),
        source: arguments.source.clone(),
        code: arguments.code.clone(),
        open: !arguments.all,
        ..QuarantineQuery::default()
    };
    let rows = find(&opened, &query)?;
    match arguments.place.format {
        Format::Text => output::print(&api::view::quarantine_text(&rows))?,
        Format::Json => lines(&rows)?,
    }
    Ok(Exit::Fine)
}

fn show(arguments: &Rows) -> Result<Exit, Failure> {
    let opened = Opened::at(&arguments.place)?;
    let query = QuarantineQuery {
        numbers: arguments.numbers.clone(),
        ..QuarantineQuery::default()
    };
    let rows = find(&opened, &query)?;
    if rows.is_empty() {
        return Err(Failure::usage(
            "there are no such rows of this organisation",
        ));
    }
    match arguments.place.format {
        Format::Json => lines(&rows)?,
        Format::Text => {
            for row in &rows {
                output::print(&api::view::quarantine_text(std::slice::from_ref(row)))?;
                output::print(&format!("    the record: {}\n", row.held.raw))?;
            }
        }
    }
    Ok(Exit::Fine)
}

fn lines(rows: &[QuarantinedRow]) -> Result<(), Failure> {
    for row in rows {
        output::print(&format!("{}\n", Value::from(api::view::held(row))))?;
    }
    Ok(())
}

fn replay(arguments: &Again) -> Result<Exit, Failure> {
    let by = arguments.who.by()?;
    let opened = Opened::at(&arguments.place)?;
    let of = match (&arguments.source, &arguments.code) {
        (Some(source), Some(code)) => ReplayOf::Code {
            source: source.clone(),
            code: code.clone(),
        },
        (Some(source), None) => ReplayOf::Source(source.clone()),
        (None, _) => ReplayOf::Rows(arguments.numbers.clone()),
    };
    let begun = opened
        .runtime
        .block_on(opened.works.decisions.replay(&opened.tenant, &of, &by))
        .map_err(undecided)?;
    let outcome = opened.follow_up(&arguments.who)?;
    told(arguments.place.format, "replay", outcome, &begun)
}

fn discard(arguments: &Discard) -> Result<Exit, Failure> {
    let by = arguments.who.by()?;
    let opened = Opened::at(&arguments.place)?;
    let discarded = opened
        .runtime
        .block_on(
            opened
                .works
                .decisions
                .discard(&opened.tenant, &arguments.numbers, &by),
        )
        .map_err(undecided)?;
    match arguments.place.format {
        Format::Json => output::print_json(&json!({ "discarded": discarded }))?,
        Format::Text => output::print(&format!("{discarded} discarded\n"))?,
    }
    Ok(Exit::Fine)
}
