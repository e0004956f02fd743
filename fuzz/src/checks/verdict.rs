//! From the bytes of a stream to verdicts, as `causeway validate` gives them.

use std::sync::LazyLock;

use definitions::Definitions;
use fhir::{OutcomeSystem, Stream};
use validation::{Model, Validator};
use verdict::Examiner;

static EXAMINER: LazyLock<Examiner> =
    LazyLock::new(|| Examiner::new(Validator::embedded(), Model::new(Definitions::embedded())));

/// A stream ends, every part of it gets a verdict in its place, and every issue of it lies in it.
pub fn verdict(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    let mut at = 0;
    for piece in Stream::new(bytes, None, 1 << 20) {
        let verdicts = match piece {
            Ok(piece) => EXAMINER.piece(&piece),
            Err(unread) => vec![Examiner::unread(unread)],
        };
        for verdict in verdicts {
            assert!(
                verdict.line >= at,
                "verdicts come in the order of the input"
            );
            at = verdict.line;
            let printed = verdict.json("input").to_bytes();
            json::parse(&printed).expect("a verdict is printed as JSON");
            let _ = verdict.outcome(OutcomeSystem::default());
            for finding in &verdict.findings {
                let line = finding.position.line;
                assert!((1..=lines).contains(&line), "line {line} of {lines}");
            }
        }
    }
}
