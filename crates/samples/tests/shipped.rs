//! The mappings that are shipped: their workbooks are what their pages say, their names agree with
//! what the generator writes, and one person is in all three samples.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod engine;

use std::path::Path;

use engine::{mappings, run, texts};
use samples::Format;

fn pages(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .ends_with("sheets.md")
        {
            found.push(path);
        }
    }
}

#[test]
fn every_workbook_is_what_its_page_says() {
    let mut found = Vec::new();
    pages(&mappings(), &mut found);
    assert!(found.len() > 5);
    for page in found {
        let name = page.file_name().unwrap().to_str().unwrap();
        let name = match name {
            "sheets.md" => "input.xlsx".to_owned(),
            _ => name.replace(".sheets.md", ".xlsx"),
        };
        let made = samples::workbook_from_text(&std::fs::read_to_string(&page).unwrap()).unwrap();
        let kept = std::fs::read(page.with_file_name(name)).unwrap();
        assert!(
            made == kept,
            "{} was changed: run cargo xtask samples --workbooks mappings",
            page.display()
        );
    }
}

#[test]
fn every_mapping_checks_without_a_word() {
    let definitions = definitions::Definitions::embedded();
    let terminology = terminology::Terminology::new(definitions);
    let mut said = Vec::new();
    for folder in mapping::find_mappings(&mappings()) {
        let files = mapping::Folder::open(&folder);
        let loaded = mapping::load(&files, definitions, &terminology);
        said.extend(loaded.issues.iter().map(|issue| {
            let text = issue
                .mapping
                .as_ref()
                .and_then(|place| loaded.source(&place.file));
            diagnostics::render_with_source(issue, text)
        }));
    }
    assert!(said.is_empty(), "{}", said.join("\n"));
}

/// The sample of a format: the first file that is no page.
fn sample(format: Format) -> Vec<u8> {
    let folder = mappings().join(format.name()).join("samples");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|ending| ending == format.extension())
        })
        .collect();
    files.sort();
    std::fs::read(&files[0]).unwrap()
}

#[test]
fn one_person_is_in_all_three_samples_with_facts_of_each() {
    let expected = [
        (
            Format::CldR1,
            "EpisodeOfCare",
            "Residential placement, Pretend Lodge",
        ),
        (
            Format::ModsJson,
            "QuestionnaireResponse",
            "Speak to my right side, slowly",
        ),
        (
            Format::GenericCarehomeXlsx,
            "AllergyIntolerance",
            "Penicillin",
        ),
    ];
    for (format, kind, fact) in expected {
        let outcome = run(format, sample(format));
        assert!(
            !outcome.quarantined.is_empty(),
            "{}: the demo shows refusals",
            format.name()
        );
        let patient = outcome
            .made
            .iter()
            .find(|made| {
                let texts = texts(&made.resource);
                &*made.resource_type == "Patient"
                    && ["9990000018", "Testwood", "1938-02-14"]
                        .iter()
                        .all(|text| texts.iter().any(|found| found == text))
            })
            .unwrap_or_else(|| panic!("{}", format.name()));
        let told = outcome.about(&patient.id).any(|made| {
            &*made.resource_type == kind && texts(&made.resource).iter().any(|text| text == fact)
        });
        assert!(told, "{}: {fact}", format.name());
    }
}
