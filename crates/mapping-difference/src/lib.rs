//! What a change of a mapping would do to a real file: by person, in clinical words.
//!
//! [`Difference::between`] runs the old and the new mapping over one export and keeps what both make
//! in a file on disk; [`Difference::report`] hands on a [`PersonChange`] for each person of whom
//! something would change, and gives the [`Totals`].
//!
//! Invariants:
//! - Memory holds one person's changes at a time. What both runs make lies on disk, in a folder that
//!   only its user can read and that goes away with the value.
//! - Resources are matched by id; where ids differ because a key has changed, by person, content and
//!   place in the export, and the change says that ids change.
//! - That the mapping has another version is no change.
//! - Names, addresses, NHS numbers and dates of birth are not shown unless asked for. The rest holds
//!   values of the export all the same: it is for the organisation that sent it (CS-22).

mod changes;
mod error;
mod matching;
mod people;
mod run;
mod saying;
mod spool;
mod text;
mod totals;
mod words;

use mapping::{Mapping, RunContext};
use validation::Validator;

pub use changes::{Effect, ElementChange, ResourceChange};
pub use error::DifferenceError;
pub use people::PersonChange;
pub use text::{HEADER, person_text, totals_text};
pub use totals::{Held, IssueChange, Totals, TypeTotals};

use run::Side;
use spool::Spool;

/// Two mappings' outcomes over one export, side by side on disk.
pub struct Difference {
    spool: Spool,
    totals: Totals,
}

/// One of the two sides.
pub struct Run<'a> {
    /// The mapping.
    pub mapping: &'a Mapping,
    /// Its validator, definitions included.
    pub validator: &'a Validator,
}

impl Difference {
    /// Runs both mappings over an export. `progress` hears how many records have been read, over
    /// both runs.
    ///
    /// # Errors
    /// When the export cannot be used with one of them, or the disk fails.
    pub fn between(
        old: &Run<'_>,
        new: &Run<'_>,
        input: &source::Input,
        context: &RunContext,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, DifferenceError> {
        let mut spool = Spool::new()?;
        let mut totals = Totals::default();
        let mut before = 0;
        for (side, run) in [(Side::Old, old), (Side::New, new)] {
            let mut read = 0;
            run::spool(
                run,
                side,
                input,
                context,
                &mut spool,
                &mut totals,
                &mut |records| {
                    read = records;
                    progress(before + records);
                },
            )?;
            before += read;
        }
        matching::pair(&spool)?;
        people::list(&spool)?;
        Ok(Self { spool, totals })
    }

    /// Hands each person of whom something would change to `each`, in the order of the export, and
    /// gives the totals. What is about nobody comes last. `show_names` shows who they are.
    ///
    /// # Errors
    /// When the disk fails, or `each` does.
    pub fn report<E: From<DifferenceError>>(
        mut self,
        show_names: bool,
        each: &mut dyn FnMut(&PersonChange) -> Result<(), E>,
    ) -> Result<Totals, E> {
        people::report(&self.spool, show_names, &mut self.totals, each)?;
        Ok(self.totals)
    }
}
