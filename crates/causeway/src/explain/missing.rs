//! What is said when nothing fits what was asked for: what each rule did instead.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mapping::trace::{PassedFor, PassedOver};
use mapping::{Mapping, Quarantined, RunContext};
use serde_json::json;

use super::Wanted;
use crate::cli::Explain;

/// What the rules of a mapping did with a file: counts only, so that it stays small.
pub(super) struct Rules {
    rules: Vec<(String, Tally)>,
    /// Records that could not be used at all.
    records: u64,
}

#[derive(Default)]
struct Tally {
    made: u64,
    quarantined: u64,
    /// By reason, and where the mapping asks.
    passed: BTreeMap<(&'static str, String), u64>,
}

impl Rules {
    pub fn of(mapping: &Mapping) -> Self {
        Self {
            rules: mapping
                .rules()
                .map(|rule| (rule.to_owned(), Tally::default()))
                .collect(),
            records: 0,
        }
    }

    fn tally(&mut self, rule: &str) -> Option<&mut Tally> {
        let found = self.rules.iter_mut().find(|(name, _)| name == rule);
        found.map(|(_, tally)| tally)
    }

    pub fn made(&mut self, rule: &str) {
        if let Some(tally) = self.tally(rule) {
            tally.made += 1;
        }
    }

    pub fn quarantined(&mut self, quarantined: &Quarantined) {
        match quarantined.rule.as_deref() {
            Some(rule) => {
                if let Some(tally) = self.tally(rule) {
                    tally.quarantined += 1;
                }
            }
            None => self.records += 1,
        }
    }

    pub fn passed_over(&mut self, passed: &PassedOver) {
        let place = match passed.reason {
            PassedFor::Only | PassedFor::When => {
                let mut asked = passed.trace.decisions.iter().rev();
                asked
                    .find(|asked| asked.answer == "false")
                    .and_then(|asked| asked.mapping.as_ref())
                    .map(ToString::to_string)
                    .unwrap_or_default()
            }
            _ => String::new(),
        };
        let reason = passed.reason.words();
        if let Some(rule) = passed.rule.as_deref()
            && let Some(tally) = self.tally(rule)
        {
            *tally.passed.entry((reason, place)).or_default() += 1;
        }
    }

    /// The rules that make a type; all of them where none does.
    fn concerned(&self, resource_type: Option<&str>) -> (bool, Vec<&(String, Tally)>) {
        let of_type: Vec<&(String, Tally)> = self
            .rules
            .iter()
            .filter(|(name, _)| name.split('.').next() == resource_type)
            .collect();
        if of_type.is_empty() {
            (false, self.rules.iter().collect())
        } else {
            (true, of_type)
        }
    }

    pub fn to_text(&self, arguments: &Explain, context: &RunContext, mapping: &Mapping) -> String {
        let mut out = String::new();
        let wanted = arguments.resource.as_deref();
        let file = arguments.input.display();
        match wanted {
            Some(wanted) => {
                let _ = writeln!(
                    out,
                    "nothing that {} makes of {file} is {wanted}",
                    mapping.name()
                );
            }
            None => {
                let _ = writeln!(out, "{file} has no record there that anything is made of");
            }
        }
        let resource_type = wanted.and_then(|wanted| wanted.split('/').next());
        let (known, rules) = self.concerned(resource_type);
        if let (false, Some(resource_type)) = (known, resource_type) {
            let _ = writeln!(
                out,
                "  the mapping makes no {resource_type}; it makes {}",
                mapping.resource_types().join(", ")
            );
            return out;
        }
        for (rule, tally) in rules {
            let _ = writeln!(
                out,
                "  rule {rule}: {} made, {} quarantined",
                tally.made, tally.quarantined
            );
            for ((reason, place), count) in &tally.passed {
                let _ = write!(out, "    of {count} records nothing: {reason}");
                if !place.is_empty() {
                    let _ = write!(out, ", {place}");
                }
                out.push('\n');
            }
        }
        if self.records > 0 {
            let _ = writeln!(
                out,
                "  {} records could not be used at all: see them without --resource",
                self.records
            );
        }
        if wanted.is_some_and(|wanted| wanted.contains('/')) {
            let _ = writeln!(
                out,
                "  an id hangs on the organisation and the source: this run took --organisation {} and --source {}",
                context.tenant, context.source
            );
        }
        out.push_str(
            "  to see what became of one record: --row N (with --sheet), or --pointer /a/0\n",
        );
        out
    }

    pub fn to_json(&self, wanted: &Wanted) -> serde_json::Value {
        let (_, rules) = self.concerned(wanted.resource_type.as_deref());
        let rules: Vec<serde_json::Value> = rules
            .into_iter()
            .map(|(rule, tally)| {
                let passed: Vec<serde_json::Value> = tally
                    .passed
                    .iter()
                    .map(|((reason, place), count)| {
                        json!({ "reason": reason, "mapping": place, "records": count })
                    })
                    .collect();
                json!({
                    "rule": rule,
                    "made": tally.made,
                    "quarantined": tally.quarantined,
                    "passedOver": passed,
                })
            })
            .collect();
        json!({
            "outcome": "notFound",
            "resource": wanted.name(),
            "unusableRecords": self.records,
            "rules": rules,
        })
    }
}
