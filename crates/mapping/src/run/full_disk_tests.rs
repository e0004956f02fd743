//! F2, a disk that is full: nothing that is said before is wrong, and nothing is said after.

use definitions::Definitions;
use diagnostics::Issue;
use source::Input;
use spill::Budget;
use terminology::Terminology;

use super::engine::run_within;
use crate::{Embedded, Made, Quarantined, Retired, RunContext, RunOptions, Sink, TakeAll, Verdict};
use crate::{codes, load};

const MAPPING: &str = r#"
mapping: homes
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: changes
  asOf: stated
  tables:
    rows:
      key: Event
      identity: [Person]
      columns:
        Event: { type: string, required: true }
        Person: { type: string, required: true }
        Name: string
        Town: string
        Seen: { type: date, formats: [iso] }
        Weight: decimal
make:
  Patient:
    from: rows
    group: identity
    latest: =[Seen]
    name:
      - { family: "=[Name]" }
    address:
      - { city: "=[Town]" }
  Observation:
    from: rows
    when: =present([Weight])
    key: =[Event]
    subject: =Patient()
    status: final
    code: { text: Weight }
    value: =quantity([Weight], "kg")
"#;

/// Everything that a run says, in its order.
#[derive(Default)]
struct Said(Vec<String>);

impl Sink for Said {
    fn resource(&mut self, made: Made, (): ()) -> Verdict {
        self.0.push(made.resource.to_string());
        Verdict::Accepted
    }

    fn quarantined(&mut self, held: Quarantined) {
        self.0.push(format!("{:?} {:?}", held.place, held.issues));
    }

    fn retired(&mut self, retired: Retired) {
        self.0.push(retired.id);
    }

    fn issue(&mut self, issue: Issue) {
        self.0.push(issue.to_string());
    }
}

#[test]
fn f02_a_full_disk_ends_a_run_and_makes_nothing_wrong() {
    let terminology = Terminology::new(Definitions::embedded());
    let folder = Embedded::new("homes").with("mapping.yaml", MAPPING.as_bytes().to_vec());
    let loaded = load(&folder, Definitions::embedded(), &terminology);
    let mapping = loaded
        .mapping
        .unwrap_or_else(|| panic!("{:#?}", loaded.issues));
    let mut csv = String::from("Event,Person,Name,Town,Seen,Weight\n");
    for event in 0..360 {
        let (person, day) = (event % 70, event % 27 + 1);
        let name = ["Test", ""][event % 2];
        let town = ["Leeds", "", "York"][event % 3];
        csv += &format!(
            "E{},P{person},{name},{town},2026-03-{day:02},7{}\n",
            event % 330,
            event % 9
        );
    }
    let input = Input::bytes("homes.csv", csv.into_bytes());
    let context = RunContext {
        tenant: "A1001".to_owned(),
        source: "homes".to_owned(),
        ids: identity::IdSpace::published(),
        as_of: Some("2026-11-01".to_owned()),
    };
    let run = |budget: Budget, threads: usize| {
        let options = RunOptions {
            threads,
            ..RunOptions::default()
        };
        let mut said = Said::default();
        let program = &mapping.program;
        let outcome = run_within(
            budget, program, &input, &context, options, &TakeAll, &mut said,
        );
        (outcome.map(|report| format!("{report:?}")), said.0)
    };
    let (whole, all) = run(Budget::unlimited(), 1);
    let whole = whole.unwrap();
    assert!(all.len() > 300);
    let (mut failed_late, mut went_through) = (0, 0);
    let enough = Budget::new(2_000);
    assert_eq!(run(enough.clone(), 1), (Ok(whole.clone()), all.clone()));
    let most = enough.spilled();
    let early = (0..4).map(|step| most * step / 4);
    let late = (0..8).map(|step| most.saturating_sub(step * 900));
    for disk in early.chain(late) {
        for threads in [1, 3] {
            let (outcome, said) = run(Budget::with_disk(2_000, disk), threads);
            match outcome {
                Ok(report) => {
                    assert_eq!((&report, &said), (&whole, &all));
                    went_through += 1;
                }
                Err(issues) => {
                    let found: Vec<&str> = issues.iter().map(|issue| &*issue.code).collect();
                    assert_eq!(found, [codes::NO_ROOM]);
                    assert!(
                        said.len() < all.len() && said == all[..said.len()],
                        "{disk}"
                    );
                    failed_late += usize::from(!said.is_empty());
                }
            }
        }
    }
    assert!(
        failed_late > 0,
        "the disk was never full in the midst of a run"
    );
    assert!(went_through > 0, "the disk was always full");
}
