//! The sources of an organisation.

use std::fmt::Write as _;

use jiff::SignedDuration;
use json::Object;
use submission::silence::SourceStanding;

use super::words;

/// A source with what came last, and whether it is silent beyond its usual rhythm.
pub fn source(standing: &SourceStanding, url_of: impl Fn(&str) -> String) -> Object {
    let last = &standing.last;
    let mut out = Object::new().with("source", standing.source.as_str()).with(
        "last",
        Object::new()
            .with("id", last.id.as_str())
            .with("location", url_of(&last.id))
            .with("file", last.file_name.as_str())
            .with("received", last.received.to_string())
            .with("asOf", last.as_of.to_string())
            .with("state", last.state.as_str()),
    );
    if let Some(usual) = standing.usual {
        out.insert("usuallyEverySeconds", usual.as_secs());
    }
    out.with("silentForSeconds", standing.silent_for.as_secs())
        .with("overdue", standing.overdue)
}

/// The sources in plain words.
pub fn sources_text(standings: &[SourceStanding]) -> String {
    if standings.is_empty() {
        return "No files have come in yet.\n".to_owned();
    }
    let mut text = String::new();
    for one in standings {
        let last = &one.last;
        let _ = write!(
            text,
            "{}: the last file, {}, came on {}: {}",
            one.source,
            last.file_name,
            words::moment(last.received),
            words::short(last.state)
        );
        if let Some(usual) = one.usual {
            let _ = write!(text, "; usually one comes every {}", span(usual));
        }
        if one.overdue {
            let _ = write!(
                text,
                ". NOTHING HAS COME FOR {}: see whether the export still runs",
                span(one.silent_for)
            );
        }
        text.push('\n');
    }
    text
}

/// A span in the largest unit that fits.
fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    for (unit, length) in [("day", 86_400), ("hour", 3_600), ("minute", 60)] {
        let count = seconds / length;
        if count > 1 {
            return format!("{count} {unit}s");
        }
        if count == 1 {
            return format!("1 {unit}");
        }
    }
    format!("{seconds} seconds")
}
