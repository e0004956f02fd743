//! What an issue looks like to the person who meets it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use diagnostics::{InputPlace, Issue, IssueType, MappingPlace, render_with_source};

#[test]
fn a_caret_stands_under_the_place() {
    let issue = Issue::error(
        "M001",
        IssueType::Structure,
        "Patient has no element brithDate",
    )
    .help("did you mean birthDate?")
    .at_mapping(MappingPlace {
        file: "mapping.yaml".into(),
        line: 2,
        column: 5,
        length: 9,
    });
    let text = render_with_source(&issue, Some("make:\n    brithDate: =[DOB]\n"));
    assert_eq!(
        text,
        "error[M001]: Patient has no element brithDate\n  --> mapping.yaml:2:5\n  |\n2 |     \
         brithDate: =[DOB]\n  |     ^^^^^^^^^\n  = help: did you mean birthDate?\n"
    );
}

#[test]
fn the_value_is_never_displayed() {
    let issue = Issue::error("S004", IssueType::Value, "this is not a date")
        .at_input(InputPlace::file("a.csv").row(3).column("DOB"))
        .with_value("31/02/1940");
    assert_eq!(
        issue.to_string(),
        "error[S004] a.csv, row 3, column DOB: this is not a date"
    );
    assert!(!serde_json::to_string(&issue).unwrap().contains("1940"));
}

#[test]
fn a_whole_document_is_its_row_and_no_empty_pointer() {
    let place = InputPlace::file("people.ndjson").row(3);
    let whole = place.clone().pointer("");
    assert_eq!(whole.to_string(), "people.ndjson, row 3");
    let part = place.pointer("/alerts/0");
    assert_eq!(part.to_string(), "people.ndjson, row 3, at /alerts/0");
}
