//! Where two validators differ.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{Case, Reviewed, Verdict};

/// What was compared, by kind of rule and by what the two said.
#[derive(Debug, Default)]
pub struct Comparison {
    kinds: BTreeMap<&'static str, Count>,
    groups: BTreeMap<Group, Vec<Difference>>,
}

/// Figures of one kind.
#[derive(Debug, Default, Clone, Copy)]
pub struct Count {
    /// Cases both gave a verdict on.
    pub compared: usize,
    /// Cases with the same verdict.
    pub agreed: usize,
    /// Cases that the oracle refuses.
    pub refused: usize,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    /// Whether it is the oracle that refuses.
    oracle_refuses: bool,
    rules: String,
}

#[derive(Debug)]
struct Difference {
    name: String,
    words: Vec<String>,
    is_listed: bool,
}

/// The least agreement overall, in percent.
pub const LEAST_OVERALL: f64 = 99.0;
/// The least agreement of any kind of rule, in percent.
pub const LEAST_OF_KIND: f64 = 95.0;

impl Count {
    /// The agreement in percent.
    pub fn percent(self) -> f64 {
        if self.compared == 0 {
            return 100.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "thousands of cases")]
        let percent = 100.0 * self.agreed as f64 / self.compared as f64;
        percent
    }
}

impl Comparison {
    /// Takes in the two verdicts on a case.
    pub fn add(&mut self, case: &Case, oracle: &Verdict, ours: &Verdict, reviewed: &Reviewed) {
        let count = self.kinds.entry(case.kind).or_default();
        count.compared += 1;
        count.refused += usize::from(!oracle.valid);
        if oracle.valid == ours.valid {
            count.agreed += 1;
            return;
        }
        let refused = if oracle.valid { ours } else { oracle };
        let group = Group {
            oracle_refuses: !oracle.valid,
            rules: refused.summary(),
        };
        self.groups.entry(group).or_default().push(Difference {
            name: case.name.clone(),
            words: refused.words.iter().take(3).cloned().collect(),
            is_listed: reviewed.explains(case, oracle, ours).is_some(),
        });
    }

    /// The figures by kind.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, Count)> {
        self.kinds.iter().map(|(kind, count)| (*kind, *count))
    }

    /// The figures of all kinds together.
    pub fn overall(&self) -> Count {
        let mut all = Count::default();
        for count in self.kinds.values() {
            all.compared += count.compared;
            all.agreed += count.agreed;
            all.refused += count.refused;
        }
        all
    }

    /// The names of cases that the two judge differently and that no reviewed entry explains.
    pub fn unlisted(&self) -> Vec<&str> {
        self.groups
            .values()
            .flatten()
            .filter(|difference| !difference.is_listed)
            .map(|difference| difference.name.as_str())
            .collect()
    }

    /// What falls short of the targets, a sentence each: `least` percent overall, and
    /// [`LEAST_OF_KIND`] of every kind.
    pub fn shortfalls(&self, least: f64) -> Vec<String> {
        let mut found = Vec::new();
        let overall = self.overall().percent();
        if overall < least {
            found.push(format!(
                "overall agreement is {overall:.2}%, and {least}% is wanted"
            ));
        }
        for (kind, count) in self.kinds() {
            if count.percent() < LEAST_OF_KIND {
                found.push(format!(
                    "{kind}: agreement is {:.2}%, and {LEAST_OF_KIND}% is wanted",
                    count.percent()
                ));
            }
        }
        found
    }

    /// The report for people: figures, then the disagreements grouped by what was said. `each` is
    /// how many cases of a group are named.
    pub fn report(&self, each: usize) -> String {
        let overall = self.overall();
        let mut out = format!(
            "{} cases, {} agree ({:.2}%), {} refused by the oracle\n\nkind: cases, agreement, refused by the oracle\n",
            overall.compared,
            overall.agreed,
            overall.percent(),
            overall.refused
        );
        for (kind, count) in self.kinds() {
            let _ = writeln!(
                out,
                "  {kind}: {}, {:.1}%, {}",
                count.compared,
                count.percent(),
                count.refused
            );
        }
        let mut groups: Vec<(&Group, &Vec<Difference>)> = self.groups.iter().collect();
        groups.sort_by_key(|(_, differences)| std::cmp::Reverse(differences.len()));
        for (group, differences) in groups {
            let who = if group.oracle_refuses {
                "the oracle refuses"
            } else {
                "Causeway refuses"
            };
            let listed = differences
                .iter()
                .filter(|difference| difference.is_listed)
                .count();
            let _ = writeln!(
                out,
                "\n{who}: {} ({} cases, {listed} on the reviewed list)",
                group.rules,
                differences.len()
            );
            let mut shown: Vec<&Difference> = differences.iter().collect();
            shown.sort_by_key(|difference| difference.is_listed);
            for difference in shown.into_iter().take(each) {
                let mark = if difference.is_listed {
                    ""
                } else {
                    "  NOT LISTED"
                };
                let _ = writeln!(out, "  {}{mark}", difference.name);
                for words in difference.words.iter().take(2) {
                    let short: String = words.chars().take(240).collect();
                    let _ = writeln!(out, "      {short}");
                }
            }
        }
        out
    }
}
