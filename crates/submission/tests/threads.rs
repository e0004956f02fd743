//! What is made hangs on the file and the mapping alone, not on how many threads made it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;
use std::sync::Arc;

use definitions::Definitions;
use identity::IdSpace;
use mapping::{Folder, Mapping, RunContext, RunOptions};
use samples::{Format, Plan};
use terminology::Terminology;
use validation::Validator;

fn mapping(format: Format, terminology: &Arc<Terminology>) -> Mapping {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../mappings")
        .join(format.name());
    mapping::load(&Folder::open(&folder), Definitions::embedded(), terminology)
        .mapping
        .unwrap()
}

/// Everything that a conversion gives, as bytes.
fn converted(
    mapping: &Mapping,
    validator: &Validator,
    input: &source::Input,
    threads: usize,
) -> [Vec<u8>; 4] {
    let context = RunContext {
        tenant: "VZ999".to_owned(),
        source: mapping.name().to_owned(),
        ids: IdSpace::published(),
        as_of: None,
    };
    let options = RunOptions {
        threads,
        ..RunOptions::default()
    };
    let mut out = Vec::new();
    let conversion = submission::convert(
        mapping,
        input.clone(),
        &context,
        validator,
        options,
        &mut out,
        &mut |_| (),
    )
    .unwrap()
    .unwrap();
    let report = serde_json::to_vec(&conversion.report).unwrap();
    let (mut issues, mut quarantine) = (Vec::new(), Vec::new());
    conversion.issues.copy_to(&mut issues).unwrap();
    conversion.quarantine.copy_to(&mut quarantine).unwrap();
    [out, report, issues, quarantine]
}

#[test]
fn any_number_of_threads_makes_the_same_in_the_same_order() {
    let terminology = Arc::new(Terminology::new(Definitions::embedded()));
    let validator = Validator::new(Definitions::embedded(), Arc::clone(&terminology));
    for format in Format::ALL {
        let mapping = mapping(format, &terminology);
        let mut bytes = Vec::new();
        let plan = Plan {
            mess: 0.3,
            ..Plan::new(250, 7)
        };
        samples::write(format, &plan, &mut bytes).unwrap();
        let input = source::Input::bytes(format!("export.{}", format.extension()), bytes);
        let one = converted(&mapping, &validator, &input, 1);
        assert!(
            !one[0].is_empty() && !one[3].is_empty(),
            "{}",
            format.name()
        );
        for threads in [2, 3, 8] {
            let many = converted(&mapping, &validator, &input, threads);
            for (part, (one, many)) in one.iter().zip(&many).enumerate() {
                assert!(
                    one == many,
                    "{} with {threads} threads: part {part}",
                    format.name()
                );
            }
        }
    }
}
