//! Packages and what stands in them.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use definitions::{Definitions, PackageFile, package as reading};
use flate2::Compression;
use flate2::write::GzEncoder;
use json::{Object, Value};
use terminology::Terminology;
use validation::Validator;

/// A package is opened or refused. The bytes are the file itself where they begin as gzip does; where
/// they begin with `=== ` they say in words what the archive holds, a line with a name before each
/// file; otherwise they are the archive inside the gzip.
pub fn package(bytes: &[u8]) {
    let Ok(path) = write_package(bytes) else {
        return;
    };
    if let Ok(package) = PackageFile::open(&path) {
        let _ = package.definitions();
    }
}

fn write_package(bytes: &[u8]) -> std::io::Result<std::path::PathBuf> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static PATH: std::path::PathBuf = std::env::temp_dir().join(format!(
            "causeway-any-input-{}-{}.tgz",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ));
    }
    let path = PATH.with(Clone::clone);
    let mut file = std::fs::File::create(&path)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        file.write_all(bytes)?;
        return Ok(path);
    }
    let mut gzip = GzEncoder::new(file, Compression::fast());
    match std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.strip_prefix("=== "))
    {
        Some(listing) => {
            let mut archive = tar::Builder::new(&mut gzip);
            for part in listing.split("\n=== ") {
                let (name, content) = part.split_once('\n').unwrap_or((part, ""));
                let mut header = tar::Header::new_gnu();
                // Written past the builder, which would refuse a path that leaves the folder.
                let field = &mut header.as_gnu_mut().expect("it was made as one").name;
                let length = name.len().min(field.len() - 1);
                field[..length].copy_from_slice(&name.as_bytes()[..length]);
                header.set_size(content.len() as u64);
                header.set_mode(0o644);
                header.set_entry_type(tar::EntryType::Regular);
                header.set_cksum();
                archive.append(&header, content.as_bytes())?;
            }
            archive.finish()?;
        }
        None => gzip.write_all(bytes)?,
    }
    gzip.finish()?;
    Ok(path)
}

/// Any definition is read or refused, laid over what is built in, compiled, and validated with. The
/// bytes are definitions, one a line.
pub fn definition(bytes: &[u8]) {
    let mut all = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').take(8) {
        if let Ok(resource) = json::parse(line) {
            let _ = reading::slim(&resource, true);
            if let Ok(Some(definition)) = reading::read(&resource) {
                all.push(definition);
            }
        }
    }
    let Ok(definitions) = Definitions::embedded().with(&all) else {
        return;
    };
    let terminology = Arc::new(Terminology::new(&definitions));
    let validator = Validator::new(&definitions, Arc::clone(&terminology));
    for definition in &all {
        let url = definition.url();
        let _ = definitions.search_parameters("Patient");
        if terminology.knows_value_set(url) {
            let _ = terminology.codes(url);
        }
        let _ = terminology.code_in_system(url, "a");
        let Ok(Some(shape)) = definitions.checked_shape(url) else {
            continue;
        };
        let _ = validator.validate(&example(shape.type_name()), &[url]);
    }
}

/// A resource of the type with one of everything that comes to mind.
fn example(type_name: &str) -> Value {
    let coding = Object::new()
        .with("system", "http://snomed.info/sct")
        .with("code", "27113001");
    let concept = Object::new().with("coding", vec![Value::from(coding)]);
    let name = Object::new()
        .with("family", "Example")
        .with("given", vec![Value::from("Ann")]);
    let extension = Object::new()
        .with("url", "https://example.org/x")
        .with("valueString", "x");
    Object::new()
        .with("resourceType", type_name)
        .with("id", "x")
        .with("status", "final")
        .with("code", concept)
        .with("name", vec![Value::from(name)])
        .with("extension", vec![Value::from(extension)])
        .into()
}
