//! `causeway convert`.

use std::io::{self, Write};
use std::path::Path;

use diagnostics::Issue;
use identity::IdSpace;
use mapping::{RunContext, RunOptions};
use submission::{Conversion, convert};

use crate::cli::{Convert, Format};
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::out_file::{OutFile, apart};
use crate::progress::Progress;
use crate::{locate, output};

/// Runs the command.
pub fn run(arguments: &Convert) -> Result<Exit, Failure> {
    let knowledge = Knowledge::of(&arguments.packages)?;
    let mapping = locate::mapping(&arguments.mapping, &knowledge)?;
    if !arguments.input.exists() {
        return Err(Failure::input(format!(
            "there is no file {}",
            arguments.input.display()
        )));
    }
    let context = RunContext {
        tenant: arguments.organisation.clone(),
        source: arguments
            .source
            .clone()
            .unwrap_or_else(|| mapping.name().to_owned()),
        ids: IdSpace::published(),
        as_of: arguments.as_of.clone(),
    };
    let mut files = vec![
        ("the export", arguments.input.as_path()),
        ("where the resources go", arguments.out.as_path()),
    ];
    files.extend(
        arguments
            .report
            .as_deref()
            .map(|report| ("where the report goes", report)),
    );
    apart(&files)?;
    let mut out = OutFile::create(&arguments.out)?;
    let to_stdout = out.is_stdout();
    let progress = Progress::start("converting");
    let outcome = convert(
        &mapping,
        source::Input::path(&arguments.input),
        &context,
        &knowledge.validator(),
        RunOptions {
            threads: arguments.threads,
            ..RunOptions::default()
        },
        &mut out,
        &mut |records| progress.records(records),
    )
    .and_then(|outcome| {
        // A refused file leaves what was there before.
        if outcome.is_ok() {
            out.finish()?;
        }
        Ok(outcome)
    })
    .map_err(|error| unwritable(&arguments.out, &error))?;
    drop(progress);
    match outcome {
        Ok(conversion) => finish(arguments, conversion, to_stdout),
        Err(issues) => refuse(arguments, &issues),
    }
}

fn finish(arguments: &Convert, conversion: Conversion, to_stdout: bool) -> Result<Exit, Failure> {
    let quarantined = conversion.report.counts.quarantined > 0;
    let text = match arguments.format {
        Format::Text => conversion.report.to_text(),
        Format::Json => serde_json::to_string(&conversion.report).map_err(Failure::failed)? + "\n",
    };
    if let Some(path) = &arguments.report {
        let out = OutFile::create(path)?;
        write_report(out, conversion).map_err(|error| unwritable(path, &error))?;
    }
    if to_stdout {
        eprint!("{text}");
    } else {
        output::print(&text)?;
    }
    Ok(if quarantined {
        Exit::Quarantined
    } else {
        Exit::Fine
    })
}

/// The whole report, streamed: the lists in it may be larger than memory.
fn write_report(mut out: OutFile, conversion: Conversion) -> io::Result<()> {
    let head = serde_json::to_string_pretty(&conversion.report)?;
    let head = head.strip_suffix("\n}").unwrap_or(&head);
    out.write_all(head.as_bytes())?;
    out.write_all(b",\n  \"everyIssue\": [")?;
    conversion.issues.copy_to(&mut out)?;
    out.write_all(b"],\n  \"quarantine\": [")?;
    conversion.quarantine.copy_to(&mut out)?;
    out.write_all(b"]\n}\n")?;
    out.finish()
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{} cannot be written: {error}", path.display()))
}

fn refuse(arguments: &Convert, issues: &[Issue]) -> Result<Exit, Failure> {
    if let Some(path) = &arguments.report {
        let report = serde_json::json!({ "state": "refused", "issues": issues });
        let mut out = OutFile::create(path)?;
        out.write_all(format!("{report:#}\n").as_bytes())
            .and_then(|()| out.finish())
            .map_err(|error| unwritable(path, &error))?;
    }
    let mut message = format!("{} cannot be used", arguments.input.display());
    for issue in issues {
        message.push_str("\n  ");
        message.push_str(&issue.to_string());
    }
    Err(Failure::input(message))
}
