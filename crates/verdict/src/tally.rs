//! Verdicts counted.

use std::collections::HashMap;

use diagnostics::Severity;
use json::CompactString;

use crate::Verdict;

/// How many resources were what, and which rules were broken how often.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Resources without an error.
    pub valid: u64,
    /// Resources with an error.
    pub invalid: u64,
    /// Texts in which no resource could be read.
    pub unreadable: u64,
    rules: HashMap<(Severity, CompactString), Rule>,
}

#[derive(Debug, Clone, Default)]
struct Rule {
    issues: u64,
    resources: u64,
}

impl Tally {
    /// Counts a verdict.
    pub fn add(&mut self, verdict: &Verdict) {
        match (verdict.is_read, verdict.is_valid()) {
            (false, _) => self.unreadable += 1,
            (true, true) => self.valid += 1,
            (true, false) => self.invalid += 1,
        }
        let mut seen: Vec<(Severity, &str)> = Vec::new();
        for finding in &verdict.findings {
            let code = finding.issue.code.as_ref();
            let key = (finding.issue.severity, code);
            let rule = self
                .rules
                .entry((key.0, CompactString::from(code)))
                .or_default();
            rule.issues += 1;
            if !seen.contains(&key) {
                seen.push(key);
                rule.resources += 1;
            }
        }
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: Self) {
        self.valid += other.valid;
        self.invalid += other.invalid;
        self.unreadable += other.unreadable;
        for (key, rule) in other.rules {
            let own = self.rules.entry(key).or_default();
            own.issues += rule.issues;
            own.resources += rule.resources;
        }
    }

    /// How many texts were looked at.
    pub fn total(&self) -> u64 {
        self.valid + self.invalid + self.unreadable
    }

    /// The codes with their severity, the number of issues, and the number of resources that have
    /// them: the most frequent first, equal ones by severity and code.
    pub fn rules(&self) -> Vec<(Severity, &str, u64, u64)> {
        let mut rules: Vec<_> = self
            .rules
            .iter()
            .map(|((severity, code), rule)| (*severity, code.as_str(), rule.issues, rule.resources))
            .collect();
        rules.sort_by_key(|&(severity, code, issues, _)| {
            (std::cmp::Reverse(issues), severity, code)
        });
        rules
    }
}
