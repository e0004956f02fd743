//! Any content, in any parts, cut anywhere.

use proptest::prelude::*;

use super::parts::{part, put, round};
use super::service::{Service, cut};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn f04_what_is_kept_is_what_was_sent(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9000), 1..5),
        cuts in prop::collection::vec((0_usize..5, 0.0_f64..1.0), 0..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let service = Service::start().await;
            let of = u32::try_from(parts.len()).unwrap();
            let mut answers: Vec<Vec<_>> = (1..=of)
                .zip(&parts)
                .map(|(number, content)| vec![part(number, of, content)])
                .collect();
            for (at, share) in cuts {
                let at = at % answers.len();
                let whole = answers[at].last().unwrap().clone();
                // Some of the head's length, too: never more than there is of the body.
                let after = (share * (whole.bytes.len() as f64 - 400.0).max(0.0)) as usize;
                answers[at].insert(0, cut(&whole, after.min(body_length(&whole.bytes) - 1)));
            }
            put(&service, &answers);
            let (kept, why) = round(&service, "tries = 10").await;
            prop_assert_eq!(why, None);
            prop_assert!(kept == [parts.concat()]);
            prop_assert_eq!(service.acknowledged("A1"), 1);
            Ok(())
        })?;
    }
}

fn body_length(answer: &[u8]) -> usize {
    let head = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    answer.len() - head - 4
}
