//! `causeway archive`: raw files.

use std::io::Write as _;

use archive::{Reader, Shelf};
use serde_json::json;

use super::arguments::{Archive, ArchiveAction, Erase, Get};
use super::opened::{Opened, agrees, left_alone, undecided};
use crate::cli::Format;
use crate::exit::{Exit, Failure};
use crate::output;

/// Runs the command.
pub fn run(arguments: &Archive) -> Result<Exit, Failure> {
    match &arguments.action {
        ArchiveAction::Get(get) => run_get(get),
        ArchiveAction::Erase(erase) => run_erase(erase),
    }
}

fn run_get(arguments: &Get) -> Result<Exit, Failure> {
    let opened = Opened::at(&arguments.place)?;
    let unwritable = |error| {
        Failure::usage(format!(
            "{} cannot be written: {error}",
            arguments.out.display()
        ))
    };
    let folder = match arguments.out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => std::path::Path::new("."),
    };
    // It is there whole under its name, or not at all.
    let mut part = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    opened.runtime.block_on(async {
        let submission = opened
            .store
            .submission(&opened.sight, &opened.tenant, &arguments.id)
            .await
            .map_err(Failure::failed)?
            .ok_or_else(|| Failure::usage("there is no such submission of this organisation"))?;
        let shelf: Shelf = opened.store.clone();
        let keys = &opened.works.intake.settings().keys;
        let (sight, tenant) = (&opened.sight, &opened.tenant);
        Reader::open(shelf, sight, tenant, &submission.file_hash, keys)
            .await
            .map_err(Failure::usage)?
            .copy_to(&mut part)
            .await
            .map_err(Failure::failed)
    })?;
    part.flush().map_err(unwritable)?;
    part.persist_noclobber(&arguments.out)
        .map_err(|error| unwritable(error.error))?;
    Ok(Exit::Fine)
}

fn run_erase(arguments: &Erase) -> Result<Exit, Failure> {
    let by = arguments.who.by()?;
    let opened = Opened::at(&arguments.place)?;
    if !agrees(
        "Erase the file's bytes for good? Nothing brings them back, and it can never be read again.",
        arguments.yes,
    )? {
        return left_alone();
    }
    let erased = opened
        .runtime
        .block_on(
            opened
                .works
                .decisions
                .erase(&opened.tenant, &arguments.id, &by),
        )
        .map_err(undecided)?;
    match arguments.place.format {
        Format::Json => output::print_json(&json!({ "erased": erased }))?,
        Format::Text if erased => output::print("The file's bytes are erased.\n")?,
        Format::Text => output::print("There was nothing to erase.\n")?,
    }
    Ok(Exit::Fine)
}
