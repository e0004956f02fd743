//! Who is who: the review queue on the command line, and what a server does about it in the
//! background.

mod arguments;
mod people;
mod queue;
mod settings;

pub use arguments::Identity;
pub use people::watch;
pub use queue::run;
pub use settings::Pds;
