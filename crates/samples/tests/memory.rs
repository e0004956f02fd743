//! What is made of an export does not hang on how much of what must be remembered of it is in memory,
//! nor on how many threads work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod engine;

use engine::{Outcome, mapping};
use identity::IdSpace;
use mapping::{RunContext, RunOptions, TakeAll};
use samples::{Format, Plan};

fn run(format: Format, export: &[u8], options: RunOptions) -> String {
    let context = RunContext {
        tenant: "ZZ001".to_owned(),
        source: format.name().to_owned(),
        ids: IdSpace::published(),
        as_of: None,
    };
    let mut outcome = Outcome::default();
    let name = match format {
        Format::CldR1 => "export.csv",
        Format::ModsJson => "export.json",
        Format::GenericCarehomeXlsx => "export.xlsx",
    };
    let input = source::Input::bytes(name, export.to_vec());
    let report = mapping(format).run(&input, &context, options, &TakeAll, &mut outcome);
    let Outcome {
        made,
        quarantined,
        issues,
        ..
    } = outcome;
    assert!(!made.is_empty());
    format!("{made:?}\n{quarantined:?}\n{issues:?}\n{report:?}")
}

#[test]
fn neither_memory_nor_threads_decide_anything() {
    for format in Format::ALL {
        for seed in [3, 8] {
            // Untidy, so that records repeat and contradict each other.
            let mut plan = Plan::new(60, seed);
            plan.mess = 0.3;
            let mut export = Vec::new();
            samples::write(format, &plan, &mut export).unwrap();
            let wanted = run(format, &export, RunOptions::one_thread());
            for memory in [0, 5_000, 60_000] {
                for threads in [1, 3] {
                    let options = RunOptions {
                        threads,
                        memory: Some(memory),
                        ..RunOptions::default()
                    };
                    let found = run(format, &export, options);
                    assert!(
                        wanted == found,
                        "{} with seed {seed}, {memory} bytes and {threads} threads differs",
                        format.name()
                    );
                }
            }
        }
    }
}
