//! One deliberate mistake in a mapping of some size: exactly one finding, with the right code, at the
//! place that holds the mistake. Each case changes one text of `variants/base.yaml`; `«` and `»` stand
//! round the place that must be named.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

const BASE: &str = include_str!("variants/base.yaml");
const CASES: &str = include_str!("variants/cases.txt");

const ETHNICITY: &str = "source,code\nWhite,A\nOther,S\n";
const ALLERGIES: &str =
    "source,code,display\nPenicillin,764146007,Penicillin\nLatex,1003755004,Latex\n";

fn load(mapping: &str, ethnicity: &str, allergies: &str) -> mapping::Loaded {
    support::load(
        "variants",
        mapping,
        &[
            ("codes/ethnicity.csv", ethnicity),
            ("codes/allergies.csv", allergies),
        ],
    )
}

#[test]
fn the_base_has_no_finding() {
    let loaded = load(BASE, ETHNICITY, ALLERGIES);
    assert!(loaded.issues.is_empty(), "{}", support::render(&loaded));
}

/// A case: its number, what it is, the code, the file, and what is changed into what.
struct Case {
    line: usize,
    code: String,
    changes: Vec<(String, String)>,
}

/// The cases of the list: a line `M051 …` begins one, `- ` lines are taken out of the base and `+ `
/// lines put there instead.
fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut adding = false;
    for (index, line) in CASES.lines().enumerate() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if let Some(text) = line.strip_prefix("- ") {
            let case = cases.last_mut().expect("a case is open");
            if adding || case.changes.is_empty() {
                case.changes.push((String::new(), String::new()));
            }
            adding = false;
            let change = case.changes.last_mut().unwrap();
            change.0 += &(if change.0.is_empty() { "" } else { "\n" }.to_owned() + text);
        } else if let Some(text) = line.strip_prefix("+ ") {
            let case = cases.last_mut().expect("a case is open");
            let change = case.changes.last_mut().unwrap();
            change.1 += &(if adding { "\n" } else { "" }.to_owned() + text);
            adding = true;
        } else {
            adding = false;
            cases.push(Case {
                line: index + 1,
                code: line.split(' ').next().unwrap().to_owned(),
                changes: Vec::new(),
            });
        }
    }
    cases
}

/// Takes the marks out of a text; where they stood, as file, line, column and length.
fn unmark(text: &str) -> (String, Option<(u32, u32, u32)>) {
    let Some(start) = text.find('«') else {
        return (text.to_owned(), None);
    };
    let end = text.find('»').expect("the mark is closed");
    let before = &text[..start];
    let marked = &text[start + '«'.len_utf8()..end];
    let line = before.matches('\n').count() as u32 + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() as u32 + 1;
    let clean = text.replace(['«', '»'], "");
    (clean, Some((line, column, marked.chars().count() as u32)))
}

#[test]
fn each_mistake_is_one_finding_at_its_place() {
    let only = std::env::var("VARIANT").ok();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases() {
        if only
            .as_ref()
            .is_some_and(|only| *only != case.line.to_string())
        {
            continue;
        }
        count += 1;
        let mut files = [
            ("mapping.yaml", BASE.to_owned()),
            ("codes/ethnicity.csv", ETHNICITY.to_owned()),
            ("codes/allergies.csv", ALLERGIES.to_owned()),
        ];
        for (from, to) in &case.changes {
            let file = files
                .iter_mut()
                .find(|(_, text)| text.contains(from.as_str()));
            let Some((_, text)) = file else {
                panic!(
                    "line {}: the text to change is not there: {from}",
                    case.line
                );
            };
            *text = text.replacen(from.as_str(), to, 1);
        }
        let mut place = None;
        for (name, text) in &mut files {
            let (clean, found) = unmark(text);
            *text = clean;
            if let Some((line, column, length)) = found {
                place = Some(format!("{name}:{line}:{column}+{length}"));
            }
        }
        let [(_, mapping), (_, ethnicity), (_, allergies)] = &files;
        let loaded = load(mapping, ethnicity, allergies);
        let found: Vec<String> = loaded
            .issues
            .iter()
            .map(|issue| {
                let place = issue.mapping.as_ref().expect("a place");
                format!(
                    "{} {}:{}:{}+{}",
                    issue.code, place.file, place.line, place.column, place.length
                )
            })
            .collect();
        let wanted: Vec<String> = match (case.code.as_str(), place) {
            ("none", _) => Vec::new(),
            (code, Some(place)) => vec![format!("{code} {place}")],
            (code, None) => panic!("line {}: {code} has no marked place", case.line),
        };
        if found != wanted {
            wrong.push(format!(
                "cases.txt:{}: wanted {wanted:?}, found {found:?}\n{}",
                case.line,
                support::render(&loaded)
            ));
        }
    }
    assert!(count > 0);
    assert!(
        wrong.is_empty(),
        "{} of {count} cases:\n\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn the_shipped_mappings_have_no_finding() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../mappings");
    let found = mapping::find_mappings(std::path::Path::new(folder));
    assert!(found.len() >= 3, "{found:?}");
    for path in found {
        let loaded = mapping::load(
            &mapping::Folder::open(&path),
            definitions::Definitions::embedded(),
            &support::TERMINOLOGY,
        );
        assert!(loaded.issues.is_empty(), "{}", support::render(&loaded));
    }
}

#[test]
fn a_spoilt_mapping_is_refused_with_a_place_and_a_mend() {
    // The same sequence in every run: a number of Knuth's.
    let mut state = 20_261_122_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let chars: Vec<char> = BASE.chars().collect();
    for _ in 0..150 {
        let mut text = chars.clone();
        for _ in 0..=next(3) {
            let at = next(text.len());
            let end = (at + next(30)).min(text.len());
            match next(4) {
                0 => drop(text.drain(at..end)),
                1 => text.truncate(at.max(1)),
                2 => {
                    let piece = text[at..end].repeat(2);
                    text.splice(at..at, piece);
                }
                _ => text[at] = ['"', '[', '{', ':', '=', '|', '(', '\n', '*', '&'][next(10)],
            }
        }
        let text: String = text.into_iter().collect();
        let loaded = load(&text, ETHNICITY, ALLERGIES);
        assert_eq!(
            loaded.mapping.is_none(),
            diagnostics::has_errors(&loaded.issues),
            "an error refuses, nothing else does:\n{text}"
        );
        for issue in &loaded.issues {
            assert!(issue.mapping.is_some(), "{issue} has no place:\n{text}");
            assert!(issue.help.is_some(), "{issue} has no help:\n{text}");
        }
    }
    let empty = load("", ETHNICITY, ALLERGIES);
    assert_eq!(&*empty.issues[0].code, "M002");
}
