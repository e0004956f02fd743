//! The page of findings is true: each number has a section, its first example gives the number and
//! nothing else, and its second gives no error. What each says is pinned by a snapshot.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::collections::BTreeSet;

use mapping::{FINDINGS, finding_section};

/// All numbers of this crate, from the file that defines them.
fn codes() -> Vec<&'static str> {
    let codes: Vec<&str> = include_str!("../src/codes.rs")
        .lines()
        .filter_map(|line| line.split_once(": &str = \""))
        .map(|(_, code)| code.trim_end_matches("\";"))
        .collect();
    assert!(codes.len() > 60);
    codes
}

/// The fenced blocks of a section: info string and text.
fn blocks(section: &str) -> Vec<(&str, String)> {
    let mut out = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in section.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.trim(), String::new())),
            (Some(_), Some(_)) => out.extend(open.take()),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    out
}

/// A line of block-style YAML with what hangs on it.
#[derive(Clone, Debug)]
struct Entry {
    key: String,
    line: String,
    below: Vec<Entry>,
}

fn entries(lines: &[&str]) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = lines.first().map_or(0, |line| indent(line));
    let mut index = 0;
    while index < lines.len() {
        let line = lines[index];
        let mut end = index + 1;
        while end < lines.len() && indent(lines[end]) > own {
            end += 1;
        }
        let key = line.trim().split(':').next().unwrap().to_owned();
        out.push(Entry {
            key,
            line: line.to_owned(),
            below: entries(&lines[index + 1..end]),
        });
        index = end;
    }
    out
}

/// Lays entries over others: what has a value replaces, what has entries of its own goes deeper, `~`
/// takes away. A key that stands twice in what is laid over stands twice in the result.
fn lay(base: &mut Vec<Entry>, over: Vec<Entry>) {
    let mut seen = BTreeSet::new();
    for entry in over {
        let first = seen.insert(entry.key.clone());
        let at = base.iter().position(|known| known.key == entry.key);
        match at {
            Some(at) if first && entry.line.trim_end().ends_with(": ~") => drop(base.remove(at)),
            Some(at) if first && !entry.below.is_empty() && !base[at].below.is_empty() => {
                lay(&mut base[at].below, entry.below);
            }
            Some(at) if first => base[at] = entry,
            _ if entry.line.trim_end().ends_with(": ~") => {}
            _ => base.push(entry),
        }
    }
}

fn text(entries: &[Entry]) -> String {
    entries
        .iter()
        .map(|entry| format!("{}\n{}", entry.line, text(&entry.below)))
        .collect()
}

fn laid(over: &str) -> String {
    let all = blocks(FINDINGS);
    let base = &all.iter().find(|(info, _)| *info == "yaml base").unwrap().1;
    let mut base = entries(&base.lines().collect::<Vec<_>>());
    lay(&mut base, entries(&over.lines().collect::<Vec<_>>()));
    text(&base)
}

/// The mapping of an example with its files.
fn load(section: &str, over: &str, which: &str) -> mapping::Loaded {
    let mut files: Vec<(String, String)> = blocks(section)
        .into_iter()
        .filter_map(|(info, text)| {
            let (words, file) = info.split_once(" file=")?;
            words.ends_with(which).then(|| (file.to_owned(), text))
        })
        .collect();
    let fragment = block(FINDINGS, "yaml fragment").expect("the page has a fragment");
    files.push(("common/uk-name.yaml".to_owned(), fragment));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    support::load("example", &laid(over), &files)
}

fn block(section: &str, info: &str) -> Option<String> {
    blocks(section)
        .into_iter()
        .find(|(known, _)| *known == info)
        .map(|(_, text)| text)
}

#[test]
fn the_base_has_no_finding() {
    let loaded = support::load("example", &laid(""), &[]);
    assert!(loaded.issues.is_empty(), "{}", support::render(&loaded));
}

#[test]
fn every_number_has_a_section_and_no_section_is_left_over() {
    let codes = codes();
    for code in &codes {
        let section = finding_section(code).unwrap_or_else(|| panic!("{code} has no section"));
        assert!(section.starts_with(&format!("## {code} ")), "{section}");
        assert!(section.lines().count() > 2, "{code} says nothing");
    }
    for code in mapping::explained_findings() {
        assert!(
            codes.contains(&code),
            "the page explains {code}, which is none"
        );
    }
}

#[test]
fn every_finding_of_the_check_is_shown_and_mended() {
    let mut wrong = Vec::new();
    for code in codes().into_iter().filter(|code| *code < "M100") {
        let Some(section) = finding_section(code) else {
            wrong.push(format!("{code} has no section"));
            continue;
        };
        let (Some(bad), Some(good)) = (block(section, "yaml wrong"), block(section, "yaml right"))
        else {
            wrong.push(format!("{code} has no pair of examples"));
            continue;
        };
        let loaded = load(section, &bad, "wrong");
        let shown = support::render(&loaded);
        let found: BTreeSet<&str> = loaded.issues.iter().map(|issue| &*issue.code).collect();
        if found != BTreeSet::from([code]) {
            wrong.push(format!(
                "{code}, as it is wrong, gives {found:?}\n{shown}\n{}",
                laid(&bad)
            ));
        }
        for issue in &loaded.issues {
            assert!(
                issue.help.is_some(),
                "{code}: {issue} does not say how to mend it"
            );
            assert!(issue.mapping.is_some(), "{code}: {issue} has no place");
        }
        insta::assert_snapshot!(code, shown);
        let mended = load(section, &good, "right");
        if mended.mapping.is_none() || mended.issues.iter().any(|issue| issue.code == code) {
            wrong.push(format!(
                "{code}, mended, gives\n{}",
                support::render(&mended)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_a_run_says_is_shown_and_mended() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for code in codes().into_iter().filter(|code| *code >= "M100") {
        let Some(section) = finding_section(code) else {
            wrong.push(format!("{code} has no section"));
            continue;
        };
        let over = block(section, "yaml with").unwrap_or_default();
        for (which, is_there) in [("csv input wrong", true), ("csv input right", false)] {
            let Some(input) = block(section, which) else {
                continue;
            };
            seen += 1;
            let loaded = support::load("example", &laid(&over), &[]);
            let shown = support::render(&loaded);
            let Some(mapping) = loaded.mapping else {
                wrong.push(format!("{code}: the mapping has errors\n{shown}"));
                continue;
            };
            let said = said(&mapping, &input);
            if said.contains(code) != is_there {
                wrong.push(format!("{code}: {which} gives {said:?}"));
            }
        }
    }
    assert!(seen > 24, "{seen} inputs only");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The numbers of everything that a run says.
fn said(mapping: &mapping::Mapping, input: &str) -> BTreeSet<String> {
    let mut sink = support::Gathered::default();
    let input = source::Input::bytes("input.csv", input.as_bytes().to_vec());
    let outcome = mapping.run(
        &input,
        &support::context(),
        mapping::RunOptions::default(),
        &mapping::TakeAll,
        &mut sink,
    );
    let mut said: BTreeSet<String> = sink.codes().into_iter().chain(sink.refusals()).collect();
    if let Err(issues) = outcome {
        said.extend(issues.iter().map(|issue| issue.code.to_string()));
    }
    said
}
