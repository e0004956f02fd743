//! The report in plain words, and the parts of it that only its sender sees.

use std::fmt::Write as _;

use diagnostics::{Issue, Severity};
use mapping::Quarantined;
use serde_json::{Value, json};

use crate::Group;
use crate::report::{Report, ReportState};

/// An issue with the value that it is about. Only for the organisation that sent the value (CS-22).
pub(crate) fn issue_with_value(issue: &Issue) -> Value {
    let mut value = serde_json::to_value(issue).unwrap_or_default();
    if let (Some(found), Some(object)) = (&issue.value, value.as_object_mut()) {
        object.insert("value".to_owned(), Value::from(found.as_str()));
    }
    value
}

/// A record that was held back, as its sender sees it.
pub(crate) fn held_back(held: &Quarantined) -> Value {
    json!({
        "place": held.place,
        "rule": held.rule.as_deref(),
        "resourceType": held.resource_type.as_deref(),
        "id": held.id,
        "issues": held.issues.iter().map(issue_with_value).collect::<Vec<_>>(),
        "record": held.raw,
    })
}

/// A record that was held back, as the store keeps it.
pub(crate) fn to_store(held: Quarantined) -> store::Quarantined {
    let issues: Vec<_> = held.issues.iter().map(issue_with_value).collect();
    store::Quarantined {
        place: held.place.to_string(),
        rule: held.rule.as_deref().map(str::to_owned),
        rtype: held.resource_type.as_deref().map(str::to_owned),
        id: held.id,
        patient: held.person.as_deref().map(str::to_owned),
        nhs_number: held.nhs_number,
        labels: held
            .labels
            .iter()
            .map(|label| {
                let (system, code) = label.split_once('|').unwrap_or(("", label));
                store::Label::new(system, code)
            })
            .collect(),
        issues: Value::from(issues).to_string(),
        raw: held.raw,
    }
}

/// Codes of what was held back only because something that it refers to was.
const FOLLOW: [&str; 2] = [mapping::codes::NO_TARGET, mapping::codes::TARGET_REFUSED];

/// How many places of a group are shown to a person.
const SHOWN: usize = 3;

fn times(count: u64, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {many}")
    }
}

impl Report {
    /// The report as a person without an IT department reads it: where the file stands, what went
    /// through, what did not and where it is, and what to do. Holds no value of the file.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        if self.mapping.is_empty() {
            let _ = writeln!(text, "{}", self.file);
        } else {
            let _ = writeln!(text, "{} (read with {})", self.file, self.mapping);
        }
        if let Some(as_of) = &self.as_of {
            let _ = writeln!(text, "  true as of {as_of}");
        }
        self.tell_state(&mut text);
        if self.counts.quarantined > 0 && self.state != ReportState::Withdrawn {
            let _ = writeln!(
                text,
                "  {} held back until mended; nothing else was affected",
                times(self.counts.quarantined, "item was", "items were")
            );
        }
        // What only follows from something else comes after it, so that the first line is a mistake
        // that somebody can mend.
        let (follow, begin): (Vec<_>, Vec<_>) = self
            .issues
            .iter()
            .partition(|group| FOLLOW.contains(&group.code.as_str()));
        let errors = |group: &&&Group| group.severity == Severity::Error;
        for group in begin
            .iter()
            .filter(errors)
            .chain(&follow)
            .chain(begin.iter().filter(|group| !errors(group)))
        {
            tell_group(&mut text, group);
        }
        if let Some(next) = self.what_to_do() {
            let _ = writeln!(text, "  What to do: {next}");
        }
        text
    }

    fn tell_state(&self, text: &mut String) {
        let counts = &self.counts;
        let _ = match self.state {
            ReportState::Archived => {
                writeln!(text, "  has arrived safely and waits for its turn")
            }
            ReportState::Reading => writeln!(text, "  is being read"),
            ReportState::Refused => writeln!(text, "  could not be used; nothing was stored"),
            ReportState::Failed => writeln!(
                text,
                "  could not be finished; what was stored of it stays as it is, and the file is kept"
            ),
            ReportState::Withdrawn => {
                let undone = self.undone.unwrap_or_default();
                writeln!(
                    text,
                    "  was taken back: {} as before it again, {} that came with it no longer shown, {} that it had only confirmed, {} left alone because something newer is known",
                    undone.restored, undone.retired, undone.unconfirmed, undone.left_alone
                )
            }
            ReportState::Converted | ReportState::Reported | ReportState::AwaitingConfirmation => {
                writeln!(
                    text,
                    "  {} read, {} made{}",
                    times(counts.records, "record", "records"),
                    times(counts.resources, "valid resource", "valid resources"),
                    by_type(self)
                )
            }
        };
        if matches!(
            self.state,
            ReportState::Reported | ReportState::AwaitingConfirmation
        ) {
            let older = if counts.older > 0 {
                format!(
                    ", {} older than what was stored and left alone",
                    counts.older
                )
            } else {
                String::new()
            };
            let _ = writeln!(
                text,
                "  stored: {} new, {} changed, {} as before, {} no longer reported{older}",
                counts.created, counts.updated, counts.unchanged, counts.retired,
            );
        }
        if let Some(replayed) = &self.replayed {
            let _ = writeln!(
                text,
                "  read again for what was held back: {} went through, {} held back again, {} of which nothing is made",
                replayed.released, replayed.again, replayed.nothing
            );
        }
    }

    /// The one thing that the reader does next; nothing where there is nothing to do.
    fn what_to_do(&self) -> Option<&'static str> {
        Some(match self.state {
            ReportState::Archived | ReportState::Reading => "nothing; look again in a few minutes",
            ReportState::AwaitingConfirmation => {
                "something above waits for you: confirm that it is gone, or decline and it stays as it was"
            }
            ReportState::Refused => "mend what is said above and send the file again",
            ReportState::Failed => "tell whoever runs Causeway; you need not send the file again",
            ReportState::Withdrawn => return None,
            ReportState::Converted => return None,
            ReportState::Reported if self.counts.quarantined > 0 => {
                "mend what is marked as not used in your own system, beginning with the first, and send the next export as usual; what was held back goes through with it"
            }
            ReportState::Reported => return None,
        })
    }
}

fn tell_group(text: &mut String, group: &Group) {
    let mark = match group.severity {
        Severity::Error => "not used",
        Severity::Warning => "please check",
        Severity::Information => "note",
    };
    let _ = write!(text, "  - {mark} [{}]: {}", group.code, group.message);
    if group.count > 1 {
        let _ = write!(text, " ({} times)", group.count);
    }
    text.push('\n');
    if !group.places.is_empty() {
        let shown: Vec<&str> = group
            .places
            .iter()
            .take(SHOWN)
            .map(String::as_str)
            .collect();
        let more = if group.places.len() > SHOWN {
            "; and more"
        } else {
            ""
        };
        let _ = writeln!(text, "      where: {}{more}", shown.join("; "));
    }
    if let Some(help) = &group.help {
        let _ = writeln!(text, "      mend: {help}");
    }
}

fn by_type(report: &Report) -> String {
    if report.counts.by_type.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = report
        .counts
        .by_type
        .iter()
        .map(|(rtype, count)| format!("{count} {rtype}"))
        .collect();
    format!(" ({})", parts.join(", "))
}
