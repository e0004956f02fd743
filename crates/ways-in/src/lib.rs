//! MESH and the watched folder, joined to the one intake that HTTPS uses, too.
//!
//! The main type is [`WaysIn`]: it watches the mailboxes and folders that a site names, and hands
//! what comes to [`submission::Intake`]. Once a submission has been dealt with, its report goes back
//! the way that the submission came; [`Replies`] sends it.
//!
//! Invariants:
//! - A message is acknowledged, and a file put away, only after the intake has said that its bytes
//!   are archived and its job is queued.
//! - The same message, and the same file offered twice, are one submission: the intake's key says so,
//!   in the transaction that accepts it.
//! - A report that was sent back is written down with the submission, and not sent again.
//! - Whose a file is is decided by configuration, never by what is in it or how it is called.

mod answering;
mod folder;
mod incoming;
mod mailbox;
mod replies;
mod reply_to;
mod ways;

pub use replies::{NotReplied, Replies};
pub use reply_to::ReplyTo;
pub use ways::{Queued, TenantOf, Ways, WaysIn, check};
