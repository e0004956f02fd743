//! A file that has come in whole, made durable in one step.

use crate::{Answer, Blob, Deed, NewJob, Submission};

/// Everything that becomes true together when a file is accepted.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The submission's row.
    pub submission: Submission,
    /// The upload to seal; `None` where the bytes are in the archive already (a replay).
    pub upload: Option<Upload>,
    /// What makes a repeated request the same request; `None` for a way in that has no such key.
    pub idempotency: Option<Idempotency>,
    /// What is to be done with it.
    pub job: Option<NewJob>,
    /// Decisions of people that it follows from.
    pub deeds: Vec<Deed>,
    /// How many jobs of the tenant may wait at once; beyond, the arrival is answered
    /// [`Accepted::Busy`].
    pub most_waiting: Option<u32>,
}

/// Pieces that were kept under an upload's name, and the blob that they become.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The upload's name.
    pub name: String,
    /// What it becomes. Where the same bytes of the tenant are kept already, and not erased, the
    /// pieces of this upload are dropped, and the longer of the two times to keep them holds.
    pub blob: Blob,
}

/// The key by which a repeated request is known, kept as long as its submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Who asks: a client's id, a mailbox.
    pub client: String,
    /// The key that it gave: an X-Request-ID, a message id.
    pub key: String,
    /// A hash over what was asked, the bytes included: the same key with another request is a
    /// mistake of the caller's.
    pub request: String,
}

/// What became of an arrival. Only after [`Accepted::New`] is there anything new in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is kept and its job waits.
    New,
    /// The very same request was accepted before: this is its submission.
    Again {
        /// The submission's id.
        submission: String,
    },
    /// The key was used before for another request.
    KeyInUse,
    /// Too many jobs of the tenant wait.
    Busy,
}

/// The way in.
pub trait Intake {
    /// Seals an upload, and writes the submission, its idempotency key, its job and the deeds, in
    /// one transaction; it is on disk when this returns. For anything but [`Accepted::New`] the
    /// upload's pieces are dropped.
    ///
    /// # Errors
    /// [`crate::Error::Unusable`] when pieces of the upload are missing, or the store's failures.
    fn accept(&self, arrival: Arrival) -> Answer<'_, Accepted>;
}
