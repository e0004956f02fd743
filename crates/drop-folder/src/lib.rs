//! A watched folder, which also takes what comes by SFTP: files that are whole are picked up, durably
//! received, and put away.
//!
//! The main type is [`Folder`], which watches what [`Settings`] name and hands each file to a
//! [`Receiver`]; [`Tray`] puts reports where senders fetch them.
//!
//! Below the folder lie `inbox`, where senders put files, and `processing`, `done`, `failed` and
//! `out`, which are Causeway's; each has a folder for each source.
//!
//! Invariants:
//! - A file is taken only when it is whole, by the rule that is set for its source, by one move out of
//!   the sender's reach. Links, devices, hidden files and those that are still written never are.
//! - A file leaves `processing` only after its [`Receiver`] has said that it is on disk, or that it
//!   can never be kept. Whatever stops the process in between, the file is offered again, under the
//!   same [`Ticket`], so that its receiver knows it.
//! - Nothing is ever overwritten: what is picked up has a name of its own from then on.
//! - Notices name files by their ticket: their own names may hold a person's.

pub mod codes;
mod content;
mod disk;
mod folder;
mod name;
mod notice;
mod pick_up;
mod places;
mod put_away;
mod receive;
mod settings;
mod tray;

pub use content::Content;
pub use disk::{Disk, Machine};
pub use folder::{Folder, Round};
pub use name::Ticket;
pub use notice::{Notice, Reason};
pub use receive::{Arrival, NotReceived, Received, Receiver};
pub use settings::{After, Settings, Source, Whole};
pub use tray::Tray;
