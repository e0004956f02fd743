//! The report of the untidiest exports, as somebody reads it who never saw Causeway.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod bench;

use std::path::Path;
use std::sync::Arc;

use bench::Bench;
use definitions::Definitions;
use mapping::Folder;
use samples::{Format, Plan};
use submission::ReportState;
use terminology::Terminology;

#[test]
fn a_stranger_can_read_what_became_of_the_messiest_file() {
    let definitions = Definitions::embedded();
    let terminology = Arc::new(Terminology::new(definitions));
    for format in [Format::CldR1, Format::GenericCarehomeXlsx, Format::ModsJson] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../mappings")
            .join(format.name());
        let mapping = mapping::load(&Folder::open(&folder), definitions, &terminology)
            .mapping
            .unwrap();
        let mut bytes = Vec::new();
        let plan = Plan {
            mess: 0.9,
            ..Plan::new(12, 4711)
        };
        samples::write(format, &plan, &mut bytes).unwrap();
        let bench = Bench::new();
        bench.mappings.activate(&Arc::new(mapping));
        let mut info = bench.info();
        info.file_name = format!("export.{}", format.extension());
        let id = bench.take(info, &bytes).unwrap().submission;
        bench.work();
        let report = bench.report(&id);
        let text = report.to_text();
        println!("{text}");
        // Whatever its state, it says where the file stands and, where something is wrong, what to do.
        assert!(text.starts_with("export."), "{text}");
        if report.state == ReportState::Refused || report.counts.quarantined > 0 {
            assert!(text.contains("  What to do: "), "{text}");
            assert!(
                report.issues.iter().any(|group| group.help.is_some()),
                "{text}"
            );
        }
        // Nothing of what went wrong is without a place or a way to mend it.
        for group in &report.issues {
            if group.severity == diagnostics::Severity::Error {
                assert!(
                    !group.places.is_empty() || group.help.is_some(),
                    "{group:?}"
                );
            }
        }
        // The numbers tell the whole: what is listed as held back is in the quarantine.
        assert_eq!(
            bench.open_rows().len() as u64,
            report.counts.quarantined,
            "{text}"
        );
        let stored = report.counts.created + report.counts.updated + report.counts.unchanged;
        assert_eq!(stored, report.counts.resources, "{text}");
        // No value of a record is in the text: it may be printed and lie about (CS-22).
        for row in bench.open_rows() {
            if let Some(number) = &row.held.nhs_number {
                assert!(!text.contains(number.as_str()));
            }
        }
    }
}
