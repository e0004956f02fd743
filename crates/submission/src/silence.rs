//! Sources that have gone silent: an export that stopped looks like a home where nothing happens.

use jiff::{SignedDuration, Timestamp};
use store::{Store, Submission, SubmissionQuery, Tenant};

/// How a source sends, and whether it still does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStanding {
    /// The source.
    pub source: String,
    /// Its last file that stands.
    pub last: Submission,
    /// How long it usually is from one file to the next; `None` while there are too few to tell.
    pub usual: Option<SignedDuration>,
    /// How long ago the last one came.
    pub silent_for: SignedDuration,
    /// Whether that is longer than its rhythm lets expect.
    pub overdue: bool,
}

/// How many files tell a rhythm.
const TELLING: usize = 20;
/// The fewest gaps that do.
const FEWEST_GAPS: usize = 3;
/// How many usual gaps a source may be late.
const PATIENCE: i32 = 2;
/// Nobody is alarmed sooner: a source that sends every minute may pause for lunch.
const SHORTEST: SignedDuration = SignedDuration::from_hours(6);

/// The usual gap between files, from when they came (in any order): the median of the gaps between
/// the latest ones. `None` while there are too few.
pub fn usual_gap(received: &[Timestamp]) -> Option<SignedDuration> {
    let mut received = received.to_vec();
    received.sort_unstable();
    let latest = received
        .get(received.len().saturating_sub(TELLING)..)
        .unwrap_or_default();
    let mut gaps: Vec<SignedDuration> = latest
        .iter()
        .zip(latest.iter().skip(1))
        .map(|(one, next)| next.duration_since(*one))
        .collect();
    if gaps.len() < FEWEST_GAPS {
        return None;
    }
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied()
}

/// Whether a silence is longer than a rhythm lets expect: beyond twice the usual gap, and six hours.
pub fn is_overdue(silent_for: SignedDuration, usual: SignedDuration) -> bool {
    let expected = usual
        .checked_mul(PATIENCE)
        .unwrap_or(SignedDuration::MAX)
        .max(SHORTEST);
    silent_for > expected
}

/// Each source of an organisation that has sent a file which stands, by name.
///
/// # Errors
/// When the store fails.
pub async fn sources(
    store: &dyn Store,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<Vec<SourceStanding>, store::Error> {
    let sight = access::Access::pipeline(tenant);
    let query = SubmissionQuery {
        states: vec![
            store::SubmissionState::Reported,
            store::SubmissionState::AwaitingConfirmation,
        ],
        ..SubmissionQuery::default()
    };
    let mut by_source: std::collections::BTreeMap<String, (Submission, Vec<Timestamp>)> =
        std::collections::BTreeMap::new();
    // The latest received come first.
    for submission in store.find_submissions(&sight, tenant, &query).await? {
        // Reading a file again is no sign of life from its sender.
        if submission.of.is_some() {
            continue;
        }
        let received = submission.received;
        let (_, times) = by_source
            .entry(submission.source.clone())
            .or_insert_with(|| (submission, Vec::new()));
        times.push(received);
    }
    Ok(by_source
        .into_iter()
        .map(|(source, (last, times))| {
            let usual = usual_gap(&times);
            let silent_for = now.duration_since(last.received);
            SourceStanding {
                source,
                usual,
                silent_for,
                overdue: usual.is_some_and(|usual| is_overdue(silent_for, usual)),
                last,
            }
        })
        .collect())
}
