//! CS-4: what a snapshot no longer holds.

use std::collections::{BTreeSet, HashSet};

use diagnostics::{Issue, IssueType};
use jiff::Timestamp;
use spill::{Budget, Set};
use store::{Current, Pending, Status};

use crate::codes;

/// What was met in a file, as far as it must be remembered to tell what vanished: 16 bytes a thing, in
/// memory up to a budget and in a temporary file beyond it.
pub(crate) struct Met {
    things: Set<u128>,
    /// People something of whom was held back: what of theirs is not in the file may be among it.
    doubtful_people: Set<u128>,
    /// Types of which something was held back and it is not known whose.
    doubtful_types: HashSet<String>,
    /// Whether a record was held back and not even its type is known.
    doubtful: bool,
}

impl Met {
    pub(crate) fn new(budget: &Budget) -> Self {
        Self {
            things: Set::new(budget),
            doubtful_people: Set::new(budget),
            doubtful_types: HashSet::new(),
            doubtful: false,
        }
    }

    pub(crate) fn met(&mut self, rtype: &str, id: &str) {
        self.things.insert(short(rtype, id));
    }

    pub(crate) fn held_back(
        &mut self,
        rtype: Option<&str>,
        id: Option<&str>,
        person: Option<&str>,
    ) {
        if let (Some(rtype), Some(id)) = (rtype, id) {
            self.met(rtype, id);
        }
        match (person, rtype) {
            (Some(person), _) => {
                self.doubtful_people.insert(short("Patient", person));
            }
            (None, Some("Patient")) | (None, None) => self.doubtful = true,
            (None, Some(rtype)) => {
                self.doubtful_types.insert(rtype.to_owned());
            }
        }
    }

    /// The file lacks what would hold these types: nothing of them is gone because it is not there.
    pub(crate) fn doubt_types(&mut self, types: impl IntoIterator<Item = String>) {
        self.doubtful_types.extend(types);
    }

    /// Whether a thing was met.
    pub(crate) fn knows(&self, rtype: &str, id: &str) -> bool {
        self.things.contains(short(rtype, id))
    }

    fn has(&self, current: &Current) -> bool {
        self.knows(&current.rtype, &current.id)
    }

    fn doubts(&self, current: &Current) -> bool {
        let person = match current.rtype.as_str() {
            "Patient" => Some(current.id.as_str()),
            _ => current.patient.as_deref(),
        };
        self.doubtful_types.contains(&current.rtype)
            || person.is_some_and(|person| self.doubtful_people.contains(short("Patient", person)))
    }
}

/// An id is 128 bits in hexadecimal; anything else is folded into as many.
fn short(rtype: &str, id: &str) -> u128 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let hash = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, rtype, id).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    (hash(0) << 64) | hash(1)
}

/// What is to be done about what vanished.
#[derive(Debug, Default)]
pub(crate) struct Vanished {
    /// To be marked as no longer reported.
    pub(crate) retire: Vec<(String, String)>,
    /// What to say, and whether it waits for a person.
    pub(crate) issues: Vec<Issue>,
    /// What waits for a person to confirm.
    pub(crate) pending: Vec<Pending>,
}

/// Compares what is stored of a source with what its newest snapshot holds.
pub(crate) fn vanished(stored: &[Current], met: &Met, as_of: Timestamp) -> Vanished {
    let gone: Vec<&Current> = standing(stored, as_of)
        .filter(|current| !met.has(current))
        .collect();
    if !gone.is_empty() && met.doubtful {
        let issue = Issue::warning(
            codes::VANISHED_UNKNOWN,
            IssueType::Incomplete,
            format!(
                "{} stored facts are not in this file, and records that could not be read may hold them, so they stay as they were",
                gone.len()
            ),
        )
        .help("mend the records in quarantine and send the file again");
        return Vanished {
            issues: vec![issue],
            ..Vanished::default()
        };
    }
    decide(stored, gone, Words::ABSENT, as_of, &|current| {
        met.doubts(current)
    })
}

/// What a file says is gone is treated as what is no longer in one: it is never retired in silence,
/// and what a person must confirm waits.
pub(crate) fn told_gone(
    stored: &[Current],
    gone: &BTreeSet<(String, String)>,
    as_of: Timestamp,
) -> Vanished {
    let gone: Vec<&Current> = standing(stored, as_of)
        .filter(|current| gone.contains(&(current.rtype.clone(), current.id.clone())))
        .collect();
    decide(stored, gone, Words::DELETED, as_of, &|_| false)
}

/// What an earlier run of the same bytes had made and this one does not. `earlier` is what that run
/// said last.
pub(crate) fn unmade(
    stored: &[Current],
    earlier: &BTreeSet<(String, String)>,
    met: &Met,
    as_of: Timestamp,
) -> Vanished {
    let gone: Vec<&Current> = standing(stored, as_of)
        .filter(|current| {
            !met.has(current) && earlier.contains(&(current.rtype.clone(), current.id.clone()))
        })
        .collect();
    decide(stored, gone, Words::UNMADE, as_of, &|current| {
        met.doubtful || met.doubts(current)
    })
}

/// How what is gone is spoken of.
struct Words {
    are: &'static str,
    check: &'static str,
    allergy: &'static str,
}

impl Words {
    const ABSENT: Self = Self {
        are: "are not in this file",
        check: "check that the export holds everybody; a filter in the care system is the usual cause",
        allergy: "vanished-allergy",
    };
    const DELETED: Self = Self {
        are: "are marked as deleted in this file",
        check: "check with whoever deleted them in the care system",
        allergy: "deleted-allergy",
    };
    const UNMADE: Self = Self {
        are: "are no longer made of this file by the mapping that is active now",
        check: "check with whoever changed the mapping",
        allergy: "vanished-allergy",
    };
}

/// What stands and is not newer than the file: a newer fact is none of its business.
fn standing(stored: &[Current], as_of: Timestamp) -> impl Iterator<Item = &Current> {
    stored
        .iter()
        .filter(move |current| current.status == Status::Active && current.as_of <= as_of)
}

fn waiting(current: &Current, why: &str) -> Pending {
    Pending {
        rtype: current.rtype.clone(),
        id: current.id.clone(),
        patient: current.patient.clone(),
        why: why.to_owned(),
    }
}

fn decide(
    stored: &[Current],
    gone: Vec<&Current>,
    words: Words,
    as_of: Timestamp,
    doubts: &dyn Fn(&Current) -> bool,
) -> Vanished {
    let mut outcome = Vanished::default();
    if gone.is_empty() {
        return outcome;
    }
    let people = standing(stored, as_of)
        .filter(|current| current.rtype == "Patient")
        .count();
    let people_gone: HashSet<&str> = gone
        .iter()
        .filter(|current| current.rtype == "Patient" && !doubts(current))
        .map(|current| current.id.as_str())
        .collect();
    if people_gone.len() * 10 > people {
        outcome.pending = gone
            .iter()
            .filter(|current| !doubts(current))
            .map(|current| waiting(current, "people-gone"))
            .collect();
        outcome.issues.push(
            Issue::warning(
                codes::WAITS_FOR_CONFIRMATION,
                IssueType::BusinessRule,
                format!(
                    "{} of {people} people {}; nobody is marked as gone until a person confirms it",
                    people_gone.len(),
                    words.are
                ),
            )
            .help(words.check),
        );
        return outcome;
    }
    let mut kept = 0;
    for current in gone {
        if doubts(current) {
            kept += 1;
            continue;
        }
        let left = current
            .patient
            .as_deref()
            .is_some_and(|patient| people_gone.contains(patient));
        if current.rtype == "AllergyIntolerance" && !left {
            outcome.pending.push(waiting(current, words.allergy));
            continue;
        }
        outcome
            .retire
            .push((current.rtype.clone(), current.id.clone()));
    }
    if kept > 0 {
        outcome.issues.push(
            Issue::warning(
                codes::VANISHED_UNKNOWN,
                IssueType::Incomplete,
                format!("{kept} stored facts are not in this file, and what would hold them was held back or is missing from it, so they stay as they were"),
            )
            .help("mend what is in quarantine; see whether the export still has all its sheets and columns"),
        );
    }
    let allergies = outcome.pending.len();
    if allergies > 0 {
        outcome.issues.push(
            Issue::warning(
                codes::WAITS_FOR_CONFIRMATION,
                IssueType::BusinessRule,
                format!("{allergies} allergies that were reported before {}; they stay until a person confirms that they are gone", words.are),
            )
            .help("check with whoever changed the record: an allergy is rarely gone"),
        );
    }
    outcome
}
