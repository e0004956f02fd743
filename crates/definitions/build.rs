//! Packs the distilled definitions of `profiles/` into the binary form that is built in.

use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};

use form::Definition;
use rules::{
    Aggregation, Binding, Constraint, ConstraintSeverity, Context, Discriminator,
    DiscriminatorKind, ElementType, Kind, Slicing, SlicingRules, Strength,
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
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!(
        "cargo::rustc-env=CAUSEWAY_DEFINITIONS_FORMAT={:016x}",
        format(&here)?
    );
    let mut embedded = String::from("&[\n");
    for folder in packages(&profiles)? {
        let manifest = fs::read(folder.join("package.json"))?;
        let manifest =
            json::parse(&manifest).map_err(|error| format!("{}: {error}", folder.display()))?;
        let name = manifest.text("name").ok_or("a package has no name")?;
        fs::write(
            out.join(format!("{name}.bin")),
            archive::pack(&read(&folder)?)?,
        )?;
        embedded.push_str(&format!(
            "Built {{ name: {name:?}, version: {:?}, canonical: {:?}, licence: {:?}, \
             packed: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.bin\")) }},\n",
            manifest.text("version").unwrap_or_default(),
            manifest.text("canonical").unwrap_or_default(),
            manifest.text("license").unwrap_or_default(),
        ));
    }
    embedded.push(']');
    fs::write(out.join("embedded.rs"), embedded)?;
    Ok(())
}

/// A number that changes whenever the code changes that makes or reads packed definitions: a packed
/// file that another Causeway wrote is not read.
fn format(here: &Path) -> Result<u64, Box<dyn Error>> {
    let mut files = vec![
        here.join("src/archive.rs"),
        here.join("src/compiled.rs"),
        here.join("src/form.rs"),
        here.join("src/manifest.rs"),
        here.join("src/rules.rs"),
        here.join("src/search_parameter.rs"),
    ];
    for file in fs::read_dir(here.join("src/package"))? {
        files.push(file?.path());
    }
    files.sort();
    let mut hasher = std::hash::DefaultHasher::new();
    for file in files {
        hasher.write(&fs::read(file)?);
    }
    Ok(hasher.finish())
}

/// The definitions of one package.
fn read(folder: &Path) -> Result<Vec<Definition>, Box<dyn Error>> {
    let mut definitions = Vec::new();
    let mut seen = HashSet::new();
    for file in lines_files(folder)? {
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
    Ok(definitions)
}

fn name(definition: &Definition) -> &'static str {
    match definition {
        Definition::Structure(_) => "StructureDefinition",
        Definition::ValueSet(_) => "ValueSet",
        Definition::CodeSystem(_) => "CodeSystem",
        Definition::SearchParameter(_) => "SearchParameter",
    }
}

/// The folders of the packages: R4 core, then what is laid over it.
fn packages(profiles: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(profiles)? {
        let folder = entry?.path();
        if folder.join("package.json").is_file() {
            folders.push(folder);
        }
    }
    folders.sort_by_key(|folder| (!folder.ends_with("hl7.fhir.r4.core"), folder.clone()));
    Ok(folders)
}

/// The files of a package, in a fixed order.
fn lines_files(package: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for file in fs::read_dir(package)? {
        let file = file?.path();
        if file.extension().is_some_and(|ending| ending == "ndjson") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
