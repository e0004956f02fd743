//! The mapping language and its engine: records in, FHIR resources out.
//!
//! [`load`] reads, checks and compiles a mapping; [`Mapping::run`] runs it over an input and hands
//! what it makes to a [`Sink`]. The language is described in `docs/mapping-language.md`, whose
//! examples run as tests.
//!
//! Invariants:
//! - The same bytes and the same mapping give the same resources, byte for byte and in the same
//!   order; the order of records in a file changes nobody's record (CS-1).
//! - No value is dropped without an issue or a line in the [`Loss`] report.
//! - No winner is guessed between records that contradict each other, unless the mapping says how.
//! - A compiled mapping holds no names to look up and no text to parse per record.
//! - It knows no vendor and does no input or output of its own beyond reading the input it is given.

mod code_table;
pub mod codes;
mod compile;
pub mod coverage;
mod declare;
pub mod explain;
mod expr;
mod files;
mod finding_page;
mod findings;
pub mod keys;
mod library;
mod load;
mod loss;
mod made;
mod origin;
mod program;
mod read;
mod run;
pub mod testing;
pub mod trace;
mod yaml;

use diagnostics::Issue;

pub use files::{
    Embedded, FileProblem, Folder, LIBRARY, MAPPING_FILE, MappingFiles, find_mappings,
};
pub use finding_page::{FINDINGS, explained_findings, finding_section};
pub use library::{check_library, find_libraries};
pub use load::{Loaded, load};
pub use loss::{
    ColumnLoss, LabelLoss, ListKind, Loss, MAX_LABELS, UnknownColumn, UnlistedLabel, UnusedEntries,
};
pub use made::{
    AsOfDate, Beginning, Counts, Judge, Made, Quarantined, Retired, RunContext, RunOptions,
    RunReport, Sink, TakeAll, Verdict,
};

/// A compiled mapping.
#[derive(Debug)]
pub struct Mapping {
    program: program::Program,
}

impl Mapping {
    pub(crate) fn new(program: program::Program) -> Self {
        Self { program }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.program.name
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.program.version
    }

    /// The hash of all its files that decide what it makes: SHA-256, in hexadecimal digits.
    pub fn hash(&self) -> &str {
        &self.program.hash
    }

    /// Whether a file is the whole truth of its scope; otherwise it holds only changes.
    pub fn is_snapshot(&self) -> bool {
        self.program.snapshot
    }

    /// Whether the sender must state as of when a file is.
    pub fn as_of_is_stated(&self) -> bool {
        matches!(self.program.as_of, program::AsOf::Stated)
    }

    /// The names of its rules, in the order of the mapping.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.program.rules.iter().map(|rule| &*rule.name)
    }

    /// The resource types that it makes, each once, in the order of the mapping.
    pub fn resource_types(&self) -> Vec<&str> {
        let mut types: Vec<&str> = Vec::new();
        for rule in &self.program.rules {
            if !types.contains(&rule.resource_type.as_str()) {
                types.push(&rule.resource_type);
            }
        }
        types
    }

    /// What its source looks like to the reader.
    pub fn schema(&self) -> &source::Schema {
        &self.program.schema
    }

    /// Runs over an input: what is made is judged where it is made and handed to the sink in the
    /// order of the records.
    ///
    /// # Errors
    /// When the input cannot be used: another file, an empty or truncated one, or one that nobody
    /// dates. Nothing was made then.
    pub fn run<J: Judge>(
        &self,
        input: &source::Input,
        context: &RunContext,
        options: RunOptions,
        judge: &J,
        sink: &mut dyn Sink<J::Judged>,
    ) -> Result<RunReport, Vec<Issue>> {
        run::run(&self.program, input, context, options, judge, sink)
    }
}
