//! Where resources come from that nobody broke.

mod archive;
mod generated;
mod made;
mod official;
mod own_profiles;
mod samples;
mod ukcore;

pub use generated::generated;
pub use made::made;
pub use official::{ips, official};
pub use own_profiles::own_definitions;
pub use samples::samples;
pub use ukcore::ukcore;
