//! What a file and a mapping hold and nothing took: labels and the entries of lists.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use mapping::{ListKind, Mapping, RunOptions, TakeAll};
use source::Input;

const MAPPING: &str = r#"mapping: rows
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: changes
  asOf: stated
  tables:
    rows:
      key: ID
      identity: [ID]
      columns:
        ID: { type: string, required: true }
        Sex: code
        Stay: { type: code, values: [Full time, Respite, Day care] }
        Needs: string
codes:
  sex:
    to: http://hl7.org/fhir/administrative-gender
    rows: { Male: male, Female: female, Other: other }
phrases:
  walks: [walking stick, walking frame]
make:
  Patient:
    from: rows
    gender: =[Sex] | code(sex)
    address:
      - { text: "=text([Stay])" }
    contact:
      - { when: '=mentions([Needs], "walks")', name: { text: "walks with help" } }
"#;

fn mapping() -> Mapping {
    support::good("rows", MAPPING, &[])
}

const ROWS: &str = "ID,Sex,Stay,Needs\n\
    p1,Male,FULL  time,uses a walking frame\n\
    p2,male,Holiday,\n\
    p3,,Holiday,\n\
    p4,Fem.,Respite,\n";

/// Kind, list, entries, and how many there are.
fn unused(loss: &mapping::Loss) -> Vec<(ListKind, &str, Vec<&str>, usize)> {
    loss.unused_entries
        .iter()
        .map(|it| {
            assert_eq!(it.unused, it.entries.len());
            let entries = it.entries.iter().map(String::as_str).collect();
            (it.kind, it.list.as_str(), entries, it.of)
        })
        .collect()
}

#[test]
fn entries_that_no_record_used_are_named_by_list() {
    let (_, report) = support::run(&mapping(), "rows.csv", ROWS.as_bytes());
    assert_eq!(
        unused(&report.loss),
        [
            (ListKind::Values, "rows.[Stay]", vec!["Day care"], 3),
            (ListKind::Codes, "sex", vec!["Female", "Other"], 3),
            (ListKind::Phrases, "walks", vec!["walking stick"], 2),
        ]
    );
}

#[test]
fn labels_outside_their_list_are_counted() {
    let (_, report) = support::run(&mapping(), "rows.csv", ROWS.as_bytes());
    let unlisted: Vec<(&str, Option<&str>, u64)> = report
        .loss
        .unlisted
        .iter()
        .map(|it| (it.column.as_str(), it.label.as_deref(), it.count))
        .collect();
    assert_eq!(unlisted, [("Stay", Some("Holiday"), 2)]);
    let unmapped: Vec<(&str, Option<&str>, u64)> = report
        .loss
        .unmapped
        .iter()
        .map(|it| (it.table.as_str(), it.label.as_deref(), it.count))
        .collect();
    assert_eq!(unmapped, [("sex", Some("Fem."), 1)]);
}

#[test]
fn what_is_lost_does_not_hang_on_the_number_of_threads() {
    let mut rows = String::from("ID,Sex,Stay,Needs\n");
    for index in 0..5000 {
        let label = if index % 7 == 0 { "Holiday" } else { "Respite" };
        rows.push_str(&format!("p{index},Male,{label},\n"));
    }
    let lost = |threads: usize| {
        let options = RunOptions {
            threads,
            trace: false,
            ..RunOptions::default()
        };
        let mut sink = support::Gathered::default();
        mapping()
            .run(
                &Input::bytes("rows.csv", rows.clone().into_bytes()),
                &support::context(),
                options,
                &TakeAll,
                &mut sink,
            )
            .unwrap()
            .loss
    };
    let one = lost(1);
    assert_eq!(one.unlisted[0].count, 715);
    assert_eq!(one, lost(4));
}
