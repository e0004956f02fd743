//! Words that are no secret: they may stand in a draft although they stand in a cell.

/// Texts that stand for "nothing was entered", in the case in which a draft writes them.
pub(crate) const MARKERS: [&str; 14] = [
    "N/A",
    "NA",
    "n/k",
    "-",
    "--",
    "nil",
    "null",
    "#N/A",
    "not recorded",
    "not entered",
    "blank",
    ".",
    "(blank)",
    "not applicable",
];

/// The marker that a cell is.
pub(crate) fn marker(text: &str) -> Option<&'static str> {
    let text = text.trim();
    MARKERS
        .into_iter()
        .find(|marker| marker.eq_ignore_ascii_case(text))
}

const YES: [&str; 4] = ["Yes", "Y", "True", "T"];
const NO: [&str; 4] = ["No", "N", "False", "F"];
const NEITHER: [&str; 6] = ["Unknown", "U", "Not known", "NK", "Not sure", "Not asked"];

/// What a cell of a flag says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tick {
    Yes(&'static str),
    No(&'static str),
    Neither(&'static str),
}

/// The yes, no or neither that a text is.
pub(crate) fn tick(text: &str) -> Option<Tick> {
    let find = |words: &[&'static str]| {
        words
            .iter()
            .copied()
            .find(|word| word.eq_ignore_ascii_case(text))
    };
    find(&YES)
        .map(Tick::Yes)
        .or_else(|| find(&NO).map(Tick::No))
        .or_else(|| find(&NEITHER).map(Tick::Neither))
}

/// The other half of a pair: who answers `Y` will answer `N`.
pub(crate) fn opposite(word: &str) -> Option<&'static str> {
    let at = |words: &[&'static str; 4]| words.iter().position(|other| *other == word);
    at(&YES)
        .and_then(|index| NO.get(index))
        .or_else(|| at(&NO).and_then(|index| YES.get(index)))
        .copied()
}

/// Words for a person's sex and their codes in <http://hl7.org/fhir/administrative-gender>. A label
/// that does not say just this has no row.
pub(crate) const SEX: [(&str, &str); 10] = [
    ("Male", "male"),
    ("Female", "female"),
    ("M", "male"),
    ("F", "female"),
    ("Man", "male"),
    ("Woman", "female"),
    ("Other", "other"),
    ("Unknown", "unknown"),
    ("Not known", "unknown"),
    ("Not specified", "unknown"),
];

/// Words that say nothing of anybody by themselves: states, answers, degrees, titles.
const PLAIN: [&str; 62] = [
    "Male",
    "Female",
    "M",
    "F",
    "Man",
    "Woman",
    "Other",
    "Indeterminate",
    "Not specified",
    "Single",
    "Married",
    "Divorced",
    "Widowed",
    "Separated",
    "Civil partnership",
    "Never married",
    "Active",
    "Inactive",
    "Open",
    "Closed",
    "Completed",
    "Cancelled",
    "Pending",
    "Draft",
    "Planned",
    "In progress",
    "Requested",
    "Current",
    "Ended",
    "Archived",
    "Deleted",
    "Low",
    "Medium",
    "High",
    "Mild",
    "Moderate",
    "Severe",
    "Routine",
    "Urgent",
    "Mr",
    "Mrs",
    "Miss",
    "Ms",
    "Mx",
    "Dr",
    "Oral",
    "Topical",
    "Full time",
    "Part time",
    "Permanent",
    "Temporary",
    "Respite",
    "Day care",
    "Home care",
    "Full Time Resident",
    "Request",
    "Assessment",
    "Service",
    "Review",
    "None",
    "Not applicable",
    "AM",
];

/// The word of the built-in list that a text is, in the list's own case.
pub(crate) fn plain(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let word = match tick(text) {
        Some(Tick::Yes(word) | Tick::No(word) | Tick::Neither(word)) => Some(word),
        None => None,
    };
    word.or_else(|| {
        PLAIN
            .into_iter()
            .find(|word| word.eq_ignore_ascii_case(text))
    })
}
