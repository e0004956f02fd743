//! The examples of the language's page are true.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use mapping::keys;

const PAGE: &str = include_str!("../../../docs/mapping-language.md");

/// The fenced blocks of a page: info string and text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.trim().to_owned(), String::new())),
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

/// A whole mapping of the page, with what it makes of an input where the page shows that.
struct Example {
    name: String,
    mapping: String,
    input: Option<(String, String)>,
    made: Vec<String>,
}

fn examples() -> (Vec<Example>, Vec<(String, String)>) {
    let mut examples: Vec<Example> = Vec::new();
    let mut files = Vec::new();
    for (info, text) in blocks(PAGE) {
        if let Some((_, path)) = info.split_once(" file=") {
            files.push((path.to_owned(), text));
        } else if info == "yaml check" {
            let name = text
                .lines()
                .find_map(|line| line.strip_prefix("mapping: "))
                .expect("a mapping has a name")
                .to_owned();
            examples.push(Example {
                name,
                mapping: text,
                input: None,
                made: Vec::new(),
            });
        } else if let Some(format) = info.strip_suffix(" input") {
            let example = examples.last_mut().expect("an input follows a mapping");
            example.input = Some((format!("input.{format}"), text));
        } else if info == "json made" {
            let example = examples.last_mut().expect("a result follows a mapping");
            example.made = text.lines().map(str::to_owned).collect();
        }
    }
    (examples, files)
}

#[test]
fn whole_mappings_check_without_a_finding_and_make_what_the_page_shows() {
    let (examples, files) = examples();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let mut run = 0;
    for example in &examples {
        let loaded = support::load(&example.name, &example.mapping, &files);
        assert!(
            loaded.issues.is_empty(),
            "{}:\n{}",
            example.name,
            support::render(&loaded)
        );
        let Some((name, text)) = &example.input else {
            continue;
        };
        let (sink, _) = support::run(&loaded.mapping.unwrap(), name, text.as_bytes());
        let made: Vec<String> = sink
            .made
            .iter()
            .map(|made| {
                let mut resource = made.resource.clone();
                let object = resource.as_object_mut().unwrap();
                object.remove("id");
                object.remove("meta");
                let mut text = resource.to_string();
                for other in &sink.made {
                    text = text.replace(&other.id, "…");
                }
                text
            })
            .collect();
        assert_eq!(
            made, example.made,
            "{}: {:#?}",
            example.name, sink.quarantined
        );
        run += 1;
    }
    assert!(run > 1, "the page shows what {run} mappings make");
}

#[test]
fn every_key_stands_in_an_example() {
    let shown: String = blocks(PAGE)
        .into_iter()
        .filter(|(info, _)| info.starts_with("yaml"))
        .map(|(_, text)| text)
        .collect();
    let is_shown = |key: &str| {
        shown.match_indices(key).any(|(at, _)| {
            let before = shown[..at].chars().next_back().unwrap_or(' ');
            let after = shown[at + key.len()..].trim_start_matches('"');
            !before.is_alphanumeric() && after.starts_with(':')
        })
    };
    let word = |word: &str| {
        shown.match_indices(word).any(|(at, _)| {
            let before = shown[..at].chars().next_back().unwrap_or(' ');
            let after = shown[at + word.len()..].chars().next().unwrap_or(' ');
            !before.is_alphanumeric() && !after.is_alphanumeric() && after != '-'
        })
    };
    let lists = [
        keys::MAPPING,
        keys::FRAGMENT,
        keys::PARAMETER,
        keys::SOURCE,
        keys::TABLE,
        keys::LATEST,
        keys::IDENTITY,
        keys::COLUMN,
        keys::CODE_TABLE,
        keys::CODE_COLUMNS,
        keys::RULE,
        keys::EACH,
        keys::WARNING,
        keys::META,
        keys::CONCEPT,
        keys::MAP,
    ];
    let mut lacking: Vec<&str> = lists
        .into_iter()
        .flatten()
        .copied()
        // A review is recorded beside the mapping; the key is only let pass.
        .filter(|key| *key != "review" && !is_shown(key))
        .collect();
    let words = [
        keys::PARAMETER_TYPES,
        keys::FORMATS,
        keys::EXTENTS,
        keys::COLUMN_TYPES,
        keys::UNMAPPED,
        keys::EACH_MISSING,
        keys::DELETED,
        keys::POLICIES,
    ];
    lacking.extend(
        words
            .into_iter()
            .flatten()
            .copied()
            .filter(|one| !word(one)),
    );
    assert!(
        lacking.is_empty(),
        "no example of the page shows: {}",
        lacking.join(", ")
    );
}

#[test]
fn every_number_is_explained() {
    let codes = include_str!("../src/codes.rs");
    let mut seen = 0;
    for line in codes.lines() {
        let Some((_, code)) = line.split_once(": &str = \"") else {
            continue;
        };
        let code = code.trim_end_matches("\";");
        assert!(
            PAGE.contains(&format!("| {code} |")),
            "{code} is not on the page"
        );
        seen += 1;
    }
    assert!(seen > 40);
}
