//! When a source has gone silent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use jiff::{SignedDuration, Timestamp};
use submission::silence::{is_overdue, usual_gap};

fn days(days: &[i64]) -> Vec<Timestamp> {
    days.iter()
        .map(|day| Timestamp::from_second(day * 86_400).unwrap())
        .collect()
}

#[test]
fn the_usual_gap_is_the_median_and_needs_some_files() {
    assert_eq!(usual_gap(&days(&[])), None);
    assert_eq!(usual_gap(&days(&[1, 2, 3])), None);
    assert_eq!(
        usual_gap(&days(&[4, 1, 3, 2])),
        Some(SignedDuration::from_hours(24))
    );
    // One long holiday does not change a nightly rhythm.
    assert_eq!(
        usual_gap(&days(&[1, 2, 3, 20, 21, 22])),
        Some(SignedDuration::from_hours(24))
    );
    // A rhythm that has changed is the later one.
    let mut changed: Vec<i64> = (0..30).collect();
    changed.extend((0..25).map(|week| 40 + week * 7));
    assert_eq!(
        usual_gap(&days(&changed)),
        Some(SignedDuration::from_hours(24 * 7))
    );
}

#[test]
fn an_alarm_needs_twice_the_gap_and_six_hours() {
    let hours = SignedDuration::from_hours;
    assert!(!is_overdue(hours(47), hours(24)));
    assert!(is_overdue(hours(49), hours(24)));
    assert!(!is_overdue(hours(5), SignedDuration::from_secs(60)));
    assert!(is_overdue(hours(7), SignedDuration::from_secs(60)));
}
