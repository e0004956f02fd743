//! What the cases of a mapping reach, and how much of it must be reached.

use std::fmt::Write as _;
use std::str::FromStr;

use mapping::coverage::Coverage;

/// The least that must be reached, in per cent: of one kind of thing, or of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Least {
    kind: Option<String>,
    percent: usize,
}

/// The kinds of things, as they are shown.
const KINDS: [&str; 5] = ["rules", "branches", "columns", "code-rows", "fragments"];

impl FromStr for Least {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, percent) = match text.split_once('=') {
            Some((kind, percent)) => (Some(kind.trim()), percent.trim()),
            None => (None, text.trim()),
        };
        if let Some(kind) = kind
            && !KINDS.contains(&kind)
        {
            return Err(format!("'{kind}' is none of {}", KINDS.join(", ")));
        }
        match percent.trim_end_matches('%').parse() {
            Ok(percent) if percent <= 100 => Ok(Self {
                kind: kind.map(str::to_owned),
                percent,
            }),
            _ => Err(format!("'{percent}' is no percentage from 0 to 100")),
        }
    }
}

/// What falls short, in words.
pub fn shortfalls(mapping: &str, coverage: &Coverage, least: &[Least]) -> Vec<String> {
    let mut out = Vec::new();
    for least in least {
        for (kind, part) in coverage.parts() {
            let concerned = least.kind.as_deref().is_none_or(|wanted| wanted == kind);
            if concerned && part.percent < least.percent {
                out.push(format!(
                    "{mapping}: {} of {} {kind} are reached ({} %), and {} % must be",
                    part.reached, part.of, part.percent, least.percent
                ));
            }
        }
    }
    out
}

/// As lines of text: the percentages, then what is not reached.
pub fn text(mapping: &str, coverage: &Coverage) -> String {
    let mut out = format!("{mapping}: what its cases reach\n");
    for (kind, part) in coverage.parts().into_iter().filter(|(_, part)| part.of > 0) {
        let _ = writeln!(
            out,
            "    {kind:<10} {:>5} of {:<5} {:>3} %",
            part.reached, part.of, part.percent
        );
    }
    for (kind, part) in coverage.parts() {
        if part.missed.is_empty() {
            continue;
        }
        let _ = writeln!(out, "  {kind} that no case reaches:");
        for missed in &part.missed {
            match &missed.place {
                Some(place) => {
                    let _ = writeln!(out, "    {place}: {}", missed.what);
                }
                None => {
                    let _ = writeln!(out, "    {}", missed.what);
                }
            }
        }
    }
    out
}
