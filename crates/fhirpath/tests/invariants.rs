//! Every invariant of the definitions that are built in compiles for the element that it is on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::{BTreeMap, BTreeSet};

use definitions::{Definitions, Kind};
use fhirpath::{Environment, Model, Node, Options, Plan};

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

#[test]
fn every_invariant_compiles_and_runs() {
    let definitions = Definitions::embedded();
    let model = Model::new(definitions);
    let mut tried = BTreeSet::new();
    let mut failed: BTreeMap<String, String> = BTreeMap::new();
    let mut used = BTreeSet::new();
    let urls: Vec<&str> = definitions.structure_urls().collect();
    for url in urls {
        let Some(shape) = definitions.shape(url) else {
            panic!("{url} has no shape");
        };
        // Nothing is an instance of R4's logical models (Event, FiveWs, …), and they have no ids.
        if shape.kind() == Kind::Logical {
            continue;
        }
        for (id, element) in shape.iter() {
            for constraint in &element.constraints {
                let Some(expression) = constraint.expression.as_deref() else {
                    continue;
                };
                let root = if id == shape.root() {
                    shape.type_name()
                } else {
                    &element.path
                };
                let Some(types) = model.types_at(root) else {
                    failed.insert(format!("{root} is unknown"), expression.to_owned());
                    continue;
                };
                if !tried.insert((expression.to_owned(), types.clone())) {
                    continue;
                }
                match Plan::compile_for(expression, &types, &model, &Options::default()) {
                    Err(error) => {
                        let known = EXCEPTIONS
                            .iter()
                            .find(|(key, place, _)| *key == &*constraint.key && *place == root);
                        match known {
                            Some(known) => {
                                used.insert(known.0);
                            }
                            None => {
                                failed.insert(
                                    format!("{} on {root}: {expression}", constraint.key),
                                    error.to_string(),
                                );
                            }
                        }
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
    eprintln!("{} invariants in their places", tried.len());
    assert!(
        tried.len() > 200,
        "only {} invariants were found",
        tried.len()
    );
    let lines: Vec<String> = failed
        .iter()
        .map(|(what, why)| format!("{what}\n    {why}"))
        .collect();
    assert!(failed.is_empty(), "{}", lines.join("\n"));
    assert_eq!(used.len(), EXCEPTIONS.len(), "an exception compiles");
}
