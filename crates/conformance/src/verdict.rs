//! What a validator says of a case.

use std::collections::BTreeSet;

/// Whether a case is valid, and the rules it breaks where it is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Whether there is no error.
    pub valid: bool,
    /// The rules behind the errors, each once: Causeway's codes, or the oracle's message ids.
    pub rules: BTreeSet<String>,
    /// The errors in words, for the reader of a report.
    pub words: Vec<String>,
}

impl Verdict {
    /// Adds an error.
    pub fn refuse(&mut self, rule: &str, words: String) {
        self.valid = false;
        self.rules.insert(rule.to_owned());
        if self.words.len() < 20 {
            self.words.push(words);
        }
    }

    /// The rules in one word: `V012+V020`, or `valid`.
    pub fn summary(&self) -> String {
        if self.valid {
            return "valid".to_owned();
        }
        let rules: Vec<&str> = self.rules.iter().map(String::as_str).collect();
        rules.join("+")
    }
}
