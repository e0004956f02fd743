//! Packs the distilled definitions of `profiles/` into the binary form that is built in.

use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use form::Definition;
use rules::{
    Binding, Constraint, ConstraintSeverity, Context, Discriminator, DiscriminatorKind,
    ElementType, Kind, Slicing, SlicingRules, Strength,
};
use search_parameter::{SearchComponent, SearchKind, SearchParameter};

#[allow(dead_code, reason = "the build script packs, the library unpacks")]
#[path = "src/archive.rs"]
mod archive;
#[allow(dead_code, reason = "only some codes are met when reading")]
#[path = "src/codes.rs"]
mod codes;
#[path = "src/form.rs"]
mod form;
#[allow(dead_code, reason = "the build script only reads")]
#[path = "src/package/mod.rs"]
mod package;
#[path = "src/rules.rs"]
mod rules;
#[allow(dead_code, reason = "the build script only packs")]
#[path = "src/search_parameter.rs"]
mod search_parameter;

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let profiles = here.join("../../profiles");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed={}", profiles.display());
    let mut definitions = Vec::new();
    let mut seen = HashSet::new();
    for file in lines_files(&profiles)? {
        println!("cargo::rerun-if-changed={}", file.display());
        let text = fs::read(&file)?;
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let place = format!("{}, line {}", file.display(), number + 1);
            let resource = json::parse(line).map_err(|error| format!("{place}: {error}"))?;
            let definition = package::read(&resource)
                .map_err(|issue| format!("{place}: {}", issue.message))?
                .ok_or_else(|| format!("{place}: not a definition"))?;
            if !seen.insert((name(&definition), definition.url().to_owned())) {
                return Err(format!("{place}: {} is defined twice", definition.url()).into());
            }
            definitions.push(definition);
        }
    }
    let packed = archive::pack(&definitions)?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("definitions.bin");
    fs::write(out, packed)?;
    Ok(())
}

fn name(definition: &Definition) -> &'static str {
    match definition {
        Definition::Structure(_) => "StructureDefinition",
        Definition::ValueSet(_) => "ValueSet",
        Definition::CodeSystem(_) => "CodeSystem",
        Definition::SearchParameter(_) => "SearchParameter",
    }
}

/// The files of all packages, in a fixed order.
fn lines_files(profiles: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    if !profiles.is_dir() {
        return Ok(files);
    }
    for package in fs::read_dir(profiles)? {
        let package = package?.path();
        if !package.is_dir() {
            continue;
        }
        for file in fs::read_dir(package)? {
            let file = file?.path();
            if file.extension().is_some_and(|ending| ending == "ndjson") {
                files.push(file);
            }
        }
    }
    files.sort();
    Ok(files)
}
