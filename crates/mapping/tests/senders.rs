//! Whose a file says it is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use diagnostics::Issue;
use mapping::{
    Beginning, Made, Quarantined, Retired, RunContext, RunOptions, Sink, TakeAll, Verdict,
};

/// Notes what is known at the beginning, and wants nothing of the file.
#[derive(Default)]
struct First(BTreeMap<String, Vec<String>>);

impl Sink for First {
    fn begin(&mut self, beginning: &Beginning) -> ControlFlow<()> {
        for (kind, codes) in &beginning.senders {
            self.0
                .insert(kind.to_string(), codes.iter().cloned().collect());
        }
        ControlFlow::Break(())
    }
    fn resource(&mut self, _: Made, _: ()) -> Verdict {
        panic!("nothing of the file was wanted")
    }
    fn quarantined(&mut self, _: Quarantined) {}
    fn retired(&mut self, _: Retired) {}
    fn issue(&mut self, _: Issue) {}
}

fn senders(mapping: &str, file: &str, text: &str, threads: usize) -> BTreeMap<String, Vec<String>> {
    let mapping = support::good("senders", mapping, &[]);
    let context = RunContext {
        tenant: "ZZ001".to_owned(),
        source: "senders".to_owned(),
        ids: identity::IdSpace::with_secret(&[7; 32]),
        as_of: Some("2026-11-01".to_owned()),
    };
    let mut first = First::default();
    mapping
        .run(
            &source::Input::bytes(file, text.as_bytes().to_vec()),
            &context,
            RunOptions {
                threads,
                ..RunOptions::default()
            },
            &TakeAll,
            &mut first,
        )
        .unwrap();
    first.0
}

const ROWS: &str = r#"mapping: senders
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: changes
  asOf: stated
  sender: { council: "=rows.[Council]", cqc-location: "=rows.[Location]", ods: '=concat("A", "1")' }
  tables:
    rows:
      key: ID
      identity: [ID]
      only: =[ID] != "9"
      columns:
        ID: { type: string, required: true }
        Council: string
        Location: string
make:
  Patient:
    from: rows
    identifier: [ { system: local(person), value: "=[ID]" } ]
"#;

#[test]
fn every_record_is_asked_and_a_blank_says_nothing() {
    // The last record makes nothing, and still is somebody's.
    let text = "ID,Council,Location\n1, 999 ,\n2,999,\n3,,\n9,E06000001,\n";
    for threads in [1, 3] {
        let found = senders(ROWS, "rows.csv", text, threads);
        assert_eq!(found["council"], ["999", "E06000001"]);
        assert!(found["cqc-location"].is_empty());
        assert_eq!(found["ods"], ["A1"]);
    }
}

#[test]
fn a_list_without_end_is_cut() {
    let mut text = "ID,Council,Location\n".to_owned();
    for number in 0..5000 {
        text.push_str(&format!("p{number},c{number},\n"));
    }
    assert_eq!(senders(ROWS, "rows.csv", &text, 2)["council"].len(), 20);
}
