//! How verdicts are printed.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, stdout};

use diagnostics::Severity;
use fhir::OutcomeSystem;
use verdict::{Finding, Tally, Verdict};

use super::arguments::Format;

/// The longest excerpt of a line, in characters.
const EXCERPT: usize = 100;

/// Prints verdicts in one of the formats.
pub struct Printer {
    format: Format,
    is_quiet: bool,
    /// Whether a person looks on: only then lines of the record are shown, and colours.
    is_terminal: bool,
}

impl Printer {
    /// A printer to standard output.
    pub fn new(format: Format, is_quiet: bool) -> Self {
        Self {
            format,
            is_quiet,
            is_terminal: stdout().is_terminal(),
        }
    }

    /// Appends a verdict. `text` is what it is about, for excerpts.
    pub fn verdict(&self, source: &str, verdict: &Verdict, text: &[u8], out: &mut Vec<u8>) {
        if self.is_quiet {
            return;
        }
        match self.format {
            Format::Json => {
                verdict.json(source).write(out);
                out.push(b'\n');
            }
            Format::Outcome => {
                verdict.outcome(OutcomeSystem::Own).write(out);
                out.push(b'\n');
            }
            Format::Text => {
                let mut lines = String::new();
                for finding in &verdict.findings {
                    self.finding(source, verdict, finding, text, &mut lines);
                }
                out.extend_from_slice(lines.as_bytes());
            }
        }
    }

    /// `file:line:column: error V012 Patient.gender: what is wrong (what to do)`
    fn finding(
        &self,
        source: &str,
        verdict: &Verdict,
        Finding { issue, position }: &Finding,
        text: &[u8],
        out: &mut String,
    ) {
        let (on, off) = self.colour(issue.severity);
        let _ = write!(
            out,
            "{source}:{}:{}: {on}{} {}{off}",
            position.line,
            position.column,
            word(issue.severity),
            issue.code,
        );
        if let Some(element) = &issue.element {
            let _ = write!(out, " {element}");
        }
        let _ = write!(out, ": {}", issue.message);
        if let Some(help) = &issue.help {
            let _ = write!(out, " ({help})");
        }
        out.push('\n');
        if self.is_terminal {
            excerpt(verdict, *position, text, out);
        }
    }

    fn colour(&self, severity: Severity) -> (&'static str, &'static str) {
        match (self.is_terminal, severity) {
            (false, _) => ("", ""),
            (true, Severity::Error) => ("\u{1b}[31m", "\u{1b}[0m"),
            (true, Severity::Warning) => ("\u{1b}[33m", "\u{1b}[0m"),
            (true, Severity::Information) => ("\u{1b}[36m", "\u{1b}[0m"),
        }
    }

    /// What was found in all, for people; nothing for programs.
    pub fn summary(&self, tally: &Tally) -> String {
        if self.is_quiet || self.format != Format::Text {
            return String::new();
        }
        let mut out = format!(
            "{} resources: {} valid, {} not valid, {} could not be read\n",
            tally.valid + tally.invalid,
            tally.valid,
            tally.invalid,
            tally.unreadable
        );
        for (severity, code, issues, resources) in tally.rules() {
            let (on, off) = self.colour(severity);
            let plural = if resources == 1 { "" } else { "s" };
            let _ = writeln!(
                out,
                "{issues:>9}  {on}{:<11} {code}{off}  in {resources} resource{plural}",
                word(severity)
            );
        }
        out
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "information",
    }
}

/// The line that a finding is about with a caret under the place, cut to what a terminal shows.
fn excerpt(verdict: &Verdict, position: json::Position, text: &[u8], out: &mut String) {
    let first = usize::try_from(verdict.line).unwrap_or(usize::MAX);
    let blank = text
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .filter(|byte| **byte == b'\n')
        .count();
    let Some(index) = (position.line + blank).checked_sub(first) else {
        return;
    };
    let Some(line) = text.split(|byte| *byte == b'\n').nth(index) else {
        return;
    };
    let line = String::from_utf8_lossy(line);
    let line = line.trim_start_matches('\u{feff}');
    let before = position.column.saturating_sub(1);
    // Some of what stands before the place stays visible.
    let start = before.saturating_sub(EXCERPT / 3);
    let shown: String = line
        .chars()
        .skip(start)
        .take(EXCERPT)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let number = position.line.to_string();
    let gutter = " ".repeat(number.len());
    let caret = " ".repeat(before - start);
    let _ = writeln!(out, " {number} | {shown}\n {gutter} | {caret}^");
}
