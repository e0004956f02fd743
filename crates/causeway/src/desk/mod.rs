//! What an operator does about files that were handed in, directly on the store: a server may be
//! running over it.

mod archive;
mod arguments;
mod opened;
mod quarantine;
mod rebuild;
mod submissions;

pub use archive::run as run_archive;
pub use arguments::{Archive, Place, Quarantine, Rebuild, Submissions};
pub use opened::Opened;
pub use quarantine::run as run_quarantine;
pub use rebuild::run as run_rebuild;
pub use submissions::run as run_submissions;
