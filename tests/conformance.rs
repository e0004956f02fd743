//! The demands in `conformance/`, put to the real binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use harness::{Demo, root};
use serde_json::{Map, Value};

struct Names(Vec<(String, String)>);

impl Names {
    fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    fn fill_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            other => other.clone(),
        }
    }
}

/// What does not hold of a value.
fn unmet(demand: &Map<String, Value>, value: &Value, names: &Names) -> Vec<String> {
    let mut unmet_demands = Vec::new();
    for (pointer, wanted) in demand
        .get("equals")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let wanted = names.fill_value(wanted);
        let found = value.pointer(pointer);
        if found != Some(&wanted) {
            unmet_demands.push(format!("{pointer} is {found:?}, not {wanted}"));
        }
    }
    for pointer in demand
        .get("exists")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if value.pointer(pointer.as_str().unwrap()).is_none() {
            unmet_demands.push(format!("{pointer} is missing"));
        }
    }
    for pointer in demand
        .get("absent")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if value.pointer(pointer.as_str().unwrap()).is_some() {
            unmet_demands.push(format!("{pointer} is there"));
        }
    }
    for (quantity, all) in [("every", true), ("some", false)] {
        for (pointer, inner) in demand
            .get(quantity)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let items = value
                .pointer(pointer)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let inner = inner.as_object().unwrap();
            let results: Vec<_> = items.iter().map(|item| unmet(inner, item, names)).collect();
            if results.is_empty() {
                unmet_demands.push(format!("{pointer} is empty"));
            } else if all {
                unmet_demands.extend(
                    results
                        .into_iter()
                        .flatten()
                        .map(|reason| format!("{pointer}: {reason}")),
                );
            } else if !results.iter().any(Vec::is_empty) {
                unmet_demands.push(format!("{pointer}: no item fits"));
            }
        }
    }
    unmet_demands
}

#[test]
fn every_demand_holds() {
    let demo = Demo::start();
    let found = demo
        .get(
            "gp",
            &format!(
                "/Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|{}",
                demo.nhs_number()
            ),
        )
        .json();
    let patient = &found["entry"][0]["resource"];
    let names = Names(vec![
        ("{nhsNumber}".to_owned(), demo.nhs_number().to_owned()),
        (
            "{patient}".to_owned(),
            patient["id"].as_str().unwrap().to_owned(),
        ),
        (
            "{family}".to_owned(),
            patient["name"][0]["family"].as_str().unwrap().to_owned(),
        ),
        (
            "{birthDate}".to_owned(),
            patient["birthDate"].as_str().unwrap().to_owned(),
        ),
    ]);
    let mut files: Vec<_> = std::fs::read_dir(root().join("conformance"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    let mut failed = Vec::new();
    let mut held = 0;
    for file in files {
        let demands: Value =
            serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for scenario in demands["scenarios"].as_array().unwrap() {
            let scenario = scenario.as_object().unwrap();
            let path = names.fill(scenario["get"].as_str().unwrap());
            let headers: Vec<(&str, &str)> = scenario
                .get("headers")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
                .collect();
            let reply = demo.get_with(scenario["as"].as_str().unwrap(), &path, &headers);
            let mut reasons = Vec::new();
            if u64::from(reply.status) != scenario["status"].as_u64().unwrap() {
                reasons.push(format!("status is {}: {:.300}", reply.status, reply.body));
            }
            for (name, wanted) in scenario
                .get("header")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                let found = reply.header(name).unwrap_or_default();
                if !found.contains(wanted.as_str().unwrap()) {
                    reasons.push(format!("header {name} is {found:?}"));
                }
            }
            let body = serde_json::from_str(&reply.body).unwrap_or(Value::Null);
            reasons.extend(unmet(scenario, &body, &names));
            if reasons.is_empty() {
                held += 1;
            } else {
                failed.push(format!("{}: {}", scenario["id"], reasons.join("; ")));
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{held} demands hold, and not:\n{}",
        failed.join("\n")
    );
    assert!(held > 20, "{held}");
}
