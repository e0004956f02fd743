//! Documents: their shapes in a file, tables in tables, pointers, what is undeclared or denied.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;

use source::{Column, ColumnType, Event, Format, Schema, Table, Typed, codes};
use support::*;

fn column(name: &str, path: &str, kind: ColumnType) -> Column {
    Column {
        path: Some(path.to_owned()),
        ..Column::new(name, kind)
    }
}

fn text(name: &str, path: &str) -> Column {
    column(name, path, ColumnType::String)
}

fn list() -> ColumnType {
    ColumnType::List { separator: None }
}

/// Care records: people, their plans, the goals of a plan, and telephone numbers as plain values.
fn care(lines: bool) -> Arc<Schema> {
    let child = |name: &str, path: &str, parent: usize, columns: Vec<Column>| Table {
        name: name.into(),
        path: path.into(),
        parent: Some(parent),
        columns,
        ..Table::default()
    };
    schema(
        Format::Json { lines },
        vec![
            Table {
                name: "people".into(),
                columns: vec![
                    text("id", "recordUid"),
                    text("family", "subjectOfCare.name.family"),
                    column("languages", "demographics.otherLanguage[]", list()),
                    Column {
                        deny: true,
                        ..text("pin", "secrets.pin")
                    },
                ],
                ..Table::default()
            },
            child("plans", "care.plans[]", 0, vec![text("section", "section")]),
            child(
                "goals",
                "goals[]",
                1,
                vec![
                    text("goal", "name"),
                    Column {
                        deny: true,
                        ..text("code", "doorCode")
                    },
                ],
            ),
            child("phones", "phones[]", 0, vec![text("number", ".")]),
        ],
    )
}

const ADA: &str = r#"{"recordUid":"p1","subjectOfCare":{"name":{"family":"Test"}},
 "demographics":{"otherLanguage":["cy",""]},"secrets":{"pin":"4711","hint":"x"},
 "care":{"plans":[{"section":"Mobility","goals":[{"name":"Walk","doorCode":"4712"},null,{"name":"Stand","extra":1}]},
  {"section":"Food","goals":null}]},"phones":["07700900123",""]}"#;

fn ada() -> String {
    ADA.replace('\n', "")
}

#[test]
fn tables_lie_in_tables_and_know_their_parent_and_pointer() {
    let schema = care(false);
    let mut opened = opened("a.json", ADA, &schema);
    let mut seen = Vec::new();
    opened
        .read(&[0, 1, 2, 3], &mut |event| {
            let Event::Row(row) = event else {
                panic!("{event:?}")
            };
            let above = row.parent().map(|parent| parent.place().pointer.unwrap());
            seen.push((row.table(), row.cell_place(0).pointer.unwrap(), above));
            ControlFlow::Continue(())
        })
        .unwrap();
    let expected = [
        (0, "/recordUid", None),
        (1, "/care/plans/0/section", Some("")),
        (2, "/care/plans/0/goals/0/name", Some("/care/plans/0")),
        (2, "/care/plans/0/goals/2/name", Some("/care/plans/0")),
        (1, "/care/plans/1/section", Some("")),
        (3, "/phones/0", Some("")),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(table, pointer, above)| (table, pointer.to_owned(), above.map(str::to_owned)))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_child_is_read_alone_and_its_parent_is_there() {
    let mut opened = opened("a.json", ADA, &care(false));
    let mut families = Vec::new();
    opened
        .read(&[2], &mut |event| {
            let Event::Row(row) = event else { panic!() };
            let person = row.parent().unwrap().parent().unwrap();
            families.push((person.get(1).unwrap(), row.get(0).unwrap()).clone_text());
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(families, ["Test/Walk", "Test/Stand"]);
}

trait CloneText {
    fn clone_text(&self) -> String;
}

impl CloneText for (Option<Typed<'_>>, Option<Typed<'_>>) {
    fn clone_text(&self) -> String {
        match self {
            (Some(Typed::Text(a)), Some(Typed::Text(b))) => format!("{a}/{b}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn one_document_an_array_a_sequence_and_lines_are_the_same_records() {
    let compact = ada();
    let shapes = [
        (format!("{compact}\n{compact}\n"), "row 2", ""),
        (format!("[{ADA} , {ADA}]"), "", "/1"),
        (format!("{ADA}\n\n{ADA}"), "row 6", ""),
        (
            format!("\u{FEFF}\r\n[\r\n{compact},\r\n{compact}\r\n]\r\n"),
            "",
            "/1",
        ),
    ];
    for (bytes, row, pointer) in shapes {
        for lines in [true, false] {
            let mut opened = opened("a.json", bytes.clone(), &care(lines));
            let all = read(&mut opened);
            assert!(all.unreadable.is_empty() && all.end.is_none(), "{all:#?}");
            let tables: Vec<_> = all.rows.iter().map(|row| row.table).collect();
            assert_eq!(tables, [0, 1, 2, 2, 1, 3, 0, 1, 2, 2, 1, 3]);
            let second = &all.rows[6];
            assert_eq!(second.number, 2);
            assert_eq!(second.place.pointer.as_deref(), Some(pointer));
            if !row.is_empty() {
                assert!(second.place.to_string().contains(row), "{}", second.place);
            }
        }
    }
    let mut one = opened("a.json", ada(), &care(true));
    assert_eq!(read(&mut one).rows.len(), 6);
}

#[test]
fn nothing_null_blank_and_an_array_of_blanks_are_all_missing() {
    let schema = schema(
        Format::Json { lines: false },
        vec![Table {
            columns: vec![
                text("id", "id"),
                column("phones", "phones[]", list()),
                text("note", "note"),
            ],
            ..Table::default()
        }],
    );
    let bytes = r#"[{"id":"1"},{"id":"2","phones":null,"note":null},{"id":"3","phones":[""],"note":""},
        {"id":"4","phones":[],"note":["N/A"]},{"id":"5","phones":"","note":"  "}]"#;
    let mut opened = opened("a.json", bytes, &schema);
    let all = read(&mut opened);
    assert_eq!(all.rows.len(), 5);
    for row in &all.rows {
        assert_eq!((&row.cells[1], &row.cells[2]), (&None, &None), "{row:?}");
    }
    assert_eq!(opened.census().unwrap().tables[0].filled, [5, 0, 0]);
}

#[test]
fn numbers_keep_their_digits() {
    let schema = schema(
        Format::Json { lines: false },
        vec![kinds(vec![
            (
                "weight",
                ColumnType::Decimal {
                    min: None,
                    max: None,
                },
            ),
            ("id", ColumnType::String),
        ])],
    );
    let mut opened = opened(
        "a.json",
        r#"{"weight": 72.50, "id": 12345678901234567890}"#,
        &schema,
    );
    assert_eq!(
        read(&mut opened).cells(),
        [[Some("72.50"), Some("12345678901234567890")]]
    );
}

#[test]
fn the_wrong_type_is_an_issue_at_its_pointer() {
    let schema = care(false);
    let bytes = r#"{"recordUid":{"a":1},"subjectOfCare":{"name":{"family":true}},"care":{"plans":{"section":"x"}},
        "phones":[["07700900123"]],"demographics":{"otherLanguage":"cy"}}"#;
    let mut opened = opened("a.json", bytes, &schema);
    let mut problems = Vec::new();
    let mut languages = String::new();
    opened
        .read(&[0, 1, 2, 3], &mut |event| {
            match event {
                Event::Row(row) if row.table() == 0 => {
                    for column in [0, 1] {
                        let problem = row.get(column).unwrap_err();
                        let issue = problem.into_issue(row.cell_place(column));
                        problems.push((
                            issue.code.to_string(),
                            issue.input.unwrap().pointer.unwrap(),
                        ));
                    }
                    languages = format!("{:?}", row.get(2).unwrap().unwrap());
                }
                Event::Row(row) => {
                    let number = format!("{:?}", row.get(0).unwrap().unwrap());
                    assert_eq!(
                        number, "Text(\"07700900123\")",
                        "an array of one is its value"
                    );
                }
                Event::Unreadable(it) => {
                    problems.push((it.issues[0].code.to_string(), it.place.pointer.unwrap()));
                    assert_eq!(it.raw, "", "a denied column could be in it");
                }
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    let expected = [
        (codes::WRONG_TYPE, "/recordUid"),
        (codes::WRONG_TYPE, "/subjectOfCare/name/family"),
        (codes::JSON_TYPE, "/care/plans"),
    ];
    for (problem, (code, pointer)) in problems.iter().zip(expected) {
        assert_eq!((problem.0.as_str(), problem.1.as_str()), (code, pointer));
    }
    assert_eq!(
        problems.len(),
        3,
        "an array of one is its one value: {problems:?}"
    );
    assert_eq!(languages, "List([\"cy\"])", "one text is a list of one");
}

#[test]
fn undeclared_members_are_counted_by_path() {
    let mut opened = opened("a.json", format!("[{ADA},{ADA}]"), &care(false));
    read(&mut opened);
    let census = opened.census().unwrap();
    let unused: Vec<_> = census
        .undeclared
        .iter()
        .map(|it| (it.column.as_deref().unwrap(), it.filled))
        .collect();
    assert_eq!(
        unused,
        [("[].secrets.hint", 2), ("[].care.plans[].goals[].extra", 2)]
            .map(|(path, count)| (path.trim_start_matches("[]."), count))
    );
    assert_eq!(census.tables[0].filled, [2, 2, 2, 2]);
    assert_eq!(census.tables[2].records, 4);
    assert_eq!(census.tables[2].filled, [4, 2]);
}

#[test]
fn denied_members_are_in_no_raw_form() {
    let all = read(&mut opened("a.json", ADA, &care(false)));
    for row in &all.rows {
        assert!(
            !row.raw.contains("4711") && !row.raw.contains("4712"),
            "{}",
            row.raw
        );
    }
    assert!(
        all.rows[0].raw.contains(r#""secrets":{"hint":"x"}"#),
        "{}",
        all.rows[0].raw
    );
    assert_eq!(all.rows[2].raw, r#"{"name":"Walk"}"#);
    assert_eq!(all.rows[0].cells[3], None);
}

#[test]
fn paths_that_cannot_be_read_are_told() {
    let mut bad = table("people", &["id"]);
    bad.columns[0].path = Some("phones[].number".into());
    let issues = refused(
        "a.json",
        "{}",
        &schema(Format::Json { lines: false }, vec![bad]),
    );
    assert_eq!(issues[0].code, codes::BAD_SCHEMA);
    assert!(
        issues[0]
            .message
            .contains("make the array a table of its own")
    );
}

#[test]
fn a_document_inside_an_envelope_is_a_table_by_its_path() {
    let mut people = table("people", &["id"]);
    people.path = "data[]".into();
    let schema = schema(Format::Json { lines: false }, vec![people]);
    let mut opened = opened(
        "page.json",
        r#"{"page":1,"data":[{"id":"a"},{"id":"b"}]}"#,
        &schema,
    );
    let all = read(&mut opened);
    assert_eq!(all.cells(), [[Some("a")], [Some("b")]]);
    assert_eq!(all.rows[1].place.pointer.as_deref(), Some("/data/1"));
    assert_eq!(
        opened.census().unwrap().undeclared[0].column.as_deref(),
        Some("page")
    );
}

#[test]
fn something_between_documents_ends_the_reading() {
    let schema = schema(
        Format::Json { lines: false },
        vec![table("people", &["id"])],
    );
    for bytes in [
        r#"[{"id":1} {"id":2}]"#,
        r#"[{"id":1}] x"#,
        r#"[{"id":1},]"#,
    ] {
        let mut opened = opened("a.json", bytes, &schema);
        let all = read(&mut opened);
        assert_eq!(all.rows.len(), 1, "{bytes}");
        assert_eq!(all.end.unwrap().code, codes::BAD_JSON, "{bytes}");
    }
}

#[test]
fn a_last_line_that_is_cut_off_says_so() {
    let schema = schema(Format::Json { lines: true }, vec![table("people", &["id"])]);
    let all = read(&mut opened("a.ndjson", "{\"id\":1}\n{\"id\":\"Te", &schema));
    assert_eq!(all.rows.len(), 1);
    assert_eq!(all.codes(), [codes::TRUNCATED]);
}

#[test]
fn a_document_beyond_the_limit_costs_itself_only() {
    let schema = schema(Format::Json { lines: true }, vec![table("people", &["id"])]);
    let large = "x".repeat(source::limits::DOCUMENT_BYTES);
    let bytes = format!("{{\"id\":1}}\n{{\"id\":\"{large}\"}}\n{{\"id\":3}}\n");
    let all = read(&mut opened("a.ndjson", bytes, &schema));
    assert_eq!(all.cells(), [[Some("1")], [Some("3")]]);
    assert_eq!(all.codes(), [codes::TOO_LARGE]);
    assert_eq!(all.unreadable[0].place.row, Some(2));
}
