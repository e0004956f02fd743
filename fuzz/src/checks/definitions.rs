//! Packages and what stands in them.

use std::io::Write;
use std::sync::{Arc, LazyLock};

use definitions::{Definitions, PackageFile, package as reading};
use flate2::Compression;
use flate2::write::GzEncoder;
use json::{Object, Value};
use terminology::Terminology;
use validation::Validator;

/// A package is opened or refused. Bytes that are no gzip are taken for the archive inside one.
pub fn package(bytes: &[u8]) {
    let Ok(path) = write_package(bytes) else {
        return;
    };
    if let Ok(package) = PackageFile::open(&path) {
        let _ = package.definitions();
    }
}

fn write_package(bytes: &[u8]) -> std::io::Result<std::path::PathBuf> {
    static NAME: LazyLock<std::path::PathBuf> = LazyLock::new(|| {
        std::env::temp_dir().join(format!("causeway-any-input-{}.tgz", std::process::id()))
    });
    let mut file = std::fs::File::create(&*NAME)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        file.write_all(bytes)?;
    } else {
        let mut gzip = GzEncoder::new(file, Compression::fast());
        gzip.write_all(bytes)?;
        gzip.finish()?;
    }
    Ok(NAME.clone())
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
    let coding = Object::new().with("system", "http://snomed.info/sct").with("code", "27113001");
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
