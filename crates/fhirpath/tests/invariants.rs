//! Every invariant of the definitions that are built in compiles for the element that it is on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use definitions::{Definitions, Kind, PackageFile};
use fhirpath::{Environment, Model, Node, Options, Plan};
use support::shared;

/// Invariants that cannot be compiled, and why: the key, and the place.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "cid-0",
        "ChargeItemDefinition",
        "R4 asks for the form of a `name`, which its ChargeItemDefinition does not have",
    ),
    (
        "inv-1",
        "Extension",
        "written for the element around the extension, stated on the extension itself",
    ),
];

/// Compiles the invariants of the Shapes with these urls, and runs each once. Gives back how many
/// there are, and what cannot be compiled.
fn try_all(definitions: &Definitions, urls: &[&str]) -> (usize, BTreeMap<String, String>) {
    let model = Model::new(definitions);
    let mut tried = BTreeSet::new();
    let mut failed = BTreeMap::new();
    for url in urls {
        let Some(shape) = definitions.shape(url) else {
            panic!("{url} has no shape");
        };
        // Nothing is an instance of R4's logical models (Event, FiveWs, …), and they have no ids.
        if shape.kind() == Kind::Logical {
            continue;
        }
        for (id, element) in shape.iter() {
            let root = if id == shape.root() {
                shape.type_name()
            } else {
                &element.path
            };
            for constraint in &element.constraints {
                let Some(expression) = constraint.expression.as_deref() else {
                    continue;
                };
                let Some(types) = model.types_at(root) else {
                    failed.insert(format!("{root} is unknown"), expression.to_owned());
                    continue;
                };
                if !tried.insert((expression.to_owned(), types.clone())) {
                    continue;
                }
                match Plan::compile_for(expression, &types, &model, &Options::definitions()) {
                    Err(error) => {
                        failed.insert(format!("{} on {root}", constraint.key), error.to_string());
                    }
                    Ok(plan) => {
                        // On an empty object it must come to an end, whatever it says.
                        let nothing = json::Value::from(json::Object::new());
                        let node = Node::new(&nothing, None, types[0]);
                        let _ = plan.test(node, &Environment::new(node));
                    }
                }
            }
        }
    }
    (tried.len(), failed)
}

#[test]
fn every_invariant_compiles_and_runs() {
    let definitions = Definitions::embedded();
    let urls: Vec<&str> = definitions.structure_urls().collect();
    let (count, mut failed) = try_all(definitions, &urls);
    eprintln!("{count} invariants in their places");
    assert!(count > 1_000, "only {count} invariants were found");
    for (key, place, why) in EXCEPTIONS {
        let found = failed.remove(&format!("{key} on {place}"));
        assert!(found.is_some(), "{key} compiles, though {why}");
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_invariant_of_the_ips_compiles_and_runs() {
    let Some(folder) = shared("packages") else {
        return;
    };
    let package = PackageFile::open(&folder.join("hl7.fhir.uv.ips-2.0.0.tgz")).unwrap();
    let (found, _) = package.definitions();
    let definitions = Definitions::embedded().with(&found).unwrap();
    let urls: Vec<&str> = definitions
        .structure_urls()
        .filter(|url| url.starts_with("http://hl7.org/fhir/uv/ips/"))
        .collect();
    assert!(urls.len() > 20, "{urls:?}");
    let (count, failed) = try_all(&definitions, &urls);
    assert!(count > 50, "only {count} invariants were found");
    assert!(failed.is_empty(), "{failed:#?}");
}
