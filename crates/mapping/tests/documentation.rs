//! The examples of the language's page are true.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

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

#[test]
fn whole_mappings_check_without_a_finding() {
    let blocks = blocks(PAGE);
    let files: Vec<(&str, &str)> = blocks
        .iter()
        .filter_map(|(info, text)| Some((info.strip_prefix("csv file=")?, text.as_str())))
        .collect();
    let mut seen = 0;
    for (_, text) in blocks.iter().filter(|(info, _)| info == "yaml check") {
        let name = text
            .lines()
            .find_map(|line| line.strip_prefix("mapping: "))
            .expect("a mapping has a name");
        let loaded = support::load(name, text, &files);
        assert!(
            loaded.issues.is_empty(),
            "{name}:\n{}",
            support::render(&loaded)
        );
        seen += 1;
    }
    assert!(seen > 0, "the page has no whole mapping");
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
