//! A client of NHS MESH: messages come in, are durably received, and only then acknowledged; reports
//! go out.
//!
//! The main types are [`Client`], one mailbox of the service, and [`Mailbox`], which watches it and
//! hands what comes to a [`Receiver`]. [`Settings`] are what a site writes about its mailbox.
//!
//! Invariants:
//! - A message is acknowledged only after its [`Receiver`] has said that it is on disk, and its
//!   receiver is told its end only when every part came and every check held: the number of parts,
//!   each part's gzip, the sender's checksum.
//! - A message is never held in memory whole.
//! - Whose file a message holds is configuration. What no route names stays in the mailbox.
//! - One message's failure never stops the others.
//! - Sending is never repeated blindly: it would make a second message.
//! - Every request is signed anew; secrets never appear in `Debug` or in a log. Notices and errors
//!   name messages by the service's id, and never hold what a sender could write a person's name in.
//!
//! Protocol: MESH API, version 2 (<https://digital.nhs.uk/developer/api-catalogue/message-exchange-for-social-care-and-health-api>).

mod authorization;
mod checksum;
mod client;
pub mod codes;
mod content;
mod download;
mod exchange;
mod fault;
mod gunzip;
mod head;
mod inbox;
mod inner;
mod mailbox;
mod name;
mod notice;
mod outgoing;
mod receive;
mod report;
mod route;
mod secret;
mod send;
mod settings;
mod track;

pub use authorization::authorization;
pub use client::Client;
pub use content::{Content, Incomplete};
pub use fault::Fault;
pub use inbox::Inbox;
pub use mailbox::{Mailbox, Round};
pub use name::{MailboxId, MessageId, NotAName};
pub use notice::Notice;
pub use outgoing::{FileKind, NotSendable, Outgoing, Reference};
pub use receive::{Arrival, NotReceived, Received, Receiver};
pub use report::Report;
pub use route::Route;
pub use secret::Secret;
pub use send::NotSent;
pub use settings::Settings;
pub use track::{Found, Tracked, Whereabouts};
