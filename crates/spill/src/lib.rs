//! Tables that outgrow memory: kept in it up to a budget, and beyond it in a temporary file.
//!
//! A run over a file must remember something of every record: which ids it met, which group a record
//! belongs to. That grows with the file, and memory must not. The tables of one [`Budget`] share so
//! many bytes of memory; when they need more, the fattest part of any of them moves to one temporary
//! file without a name, which nobody else can open and which is gone when the process ends.
//!
//! - [`Table`]: values by a hash. [`Set`]: hashes alone. [`Lists`]: several values by one hash.
//! - Keys are hashes already and well spread; two keys that are equal are the same key.
//! - What a table answers never hangs on the budget, and it may be used from any number of threads.
//! - A disk that fails or is full makes no answer wrong in silence: the budget keeps the failure,
//!   every table of it answers with nothing from then on, and whoever acts on answers asks
//!   [`Budget::has_failed`] first.

mod budget;
mod key;
mod list;
mod rewrite;
mod scratch;
mod set;
mod slots;
mod table;
mod value;

pub use budget::Budget;
pub use key::Key;
pub use list::Lists;
pub use set::Set;
pub use table::Table;
pub use value::{Reader, Stored, Writer};
