//! What is swept away in the course of time.

use jiff::{SignedDuration, Timestamp};
use store::{Deed, Store};

/// How old an upload is that nobody will finish any more.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(48);

/// How many files are erased in one go.
const PART: usize = 100;

/// What was swept away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tidied {
    /// Uploads that were begun and never finished: their senders were never answered.
    pub uploads: u64,
    /// Files whose time to be kept was over.
    pub files: u64,
}

/// Forgets uploads that nobody will finish, and erases files whose time is over. Each erasure is
/// recorded. The workers do it now and then.
///
/// # Errors
/// When the store fails; what was swept away before stays so.
pub async fn tidy(store: &dyn Store, now: Timestamp) -> Result<Tidied, store::Error> {
    let mut tidied = Tidied::default();
    if let Ok(before) = now.checked_sub(FORGOTTEN) {
        tidied.uploads = store.abandon_older(before).await?;
    }
    loop {
        let expired = store.expired(now, PART).await?;
        let last = expired.len() < PART;
        let mut erased = 0;
        for (tenant, hash) in expired {
            let deed = Deed {
                at: now,
                by: "causeway".to_owned(),
                what: "erased".to_owned(),
                submission: None,
                about: None,
                note: Some(format!("its time to be kept is over (SHA-256 {hash})")),
            };
            erased += u64::from(store.erase(&tenant, &hash, deed).await?);
        }
        tidied.files += erased;
        // What cannot be erased now is left for the next time.
        if last || erased == 0 {
            return Ok(tidied);
        }
    }
}
