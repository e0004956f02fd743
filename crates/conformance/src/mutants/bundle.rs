//! Bundles.

use json::{Object, Value, parse};

use super::edit::{Change, Mutant};
use super::{Base, Places, World};
use crate::Seeded;

/// The base resource in Bundles of every type, with what each type demands, forbids and forgets.
pub fn any(_: &World<'_>, base: &Base, _: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let type_name = base.resource.text("resourceType").unwrap_or_default();
    if matches!(type_name, "Bundle" | "Parameters" | "Binary")
        || base.resource.get("contained").is_some()
    {
        return Vec::new();
    }
    let id = base.resource.text("id").unwrap_or("x");
    let whole = |text: &str| parse(text.as_bytes()).unwrap_or_default();
    let kinds = [
        "collection",
        "searchset",
        "history",
        "batch",
        "transaction",
        "batch-response",
        "transaction-response",
        "document",
        "message",
    ];
    let kind = *seeded.pick(&kinds).unwrap_or(&"collection");
    let url = format!("https://causeway.test/fhir/{type_name}/{id}");
    let mut entry = Object::new()
        .with("fullUrl", url.as_str())
        .with("resource", base.resource.clone());
    let composition = whole(
        r#"{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{"resourceType":"Composition","status":"final","type":{"text":"x"},"date":"2021","author":[{"display":"A"}],"title":"T"}}"#,
    );
    let header = whole(
        r#"{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239521","resource":{"resourceType":"MessageHeader","eventUri":"https://causeway.test/event","source":{"endpoint":"https://causeway.test/a"}}}"#,
    );
    match kind {
        "batch" | "transaction" => {
            entry.insert(
                "request",
                Object::new()
                    .with("method", "PUT")
                    .with("url", format!("{type_name}/{id}")),
            );
        }
        "batch-response" | "transaction-response" => {
            entry.insert("response", Object::new().with("status", "200 OK"));
        }
        "history" => {
            entry.insert(
                "request",
                Object::new()
                    .with("method", "PUT")
                    .with("url", format!("{type_name}/{id}")),
            );
            entry.insert("response", Object::new().with("status", "200"));
        }
        _ => {}
    }
    let how = *seeded
        .pick(&[
            "good",
            "good",
            "no-full-url",
            "relative-full-url",
            "wrong-full-url",
            "uuid-full-url",
            "versioned-full-url",
            "same-full-url",
            "no-resource",
            "request",
            "no-request",
            "response",
            "search",
            "no-response",
            "link",
            "total",
            "bad-method",
            "no-first",
            "identifier",
            "empty-entry",
            "wrong-type-target",
            "right-type-target",
            "missing-target",
            "other-first",
            "bad-resource",
            "unlinked",
            "profile-target",
            "uuid-upper",
            "timestamp-missing",
            "entry-id-mismatch",
        ])
        .unwrap_or(&"good");
    let mut more: Vec<Value> = Vec::new();
    let mut extra: Vec<(&str, Value)> = Vec::new();
    let mut lead = true;
    match how {
        "no-full-url" => {
            entry.remove("fullUrl");
        }
        "relative-full-url" => {
            entry.insert("fullUrl", format!("{type_name}/{id}"));
        }
        "wrong-full-url" => {
            entry.insert("fullUrl", format!("https://causeway.test/fhir/{type_name}/other"));
        }
        "entry-id-mismatch" => {
            entry.insert("fullUrl", format!("https://causeway.test/fhir/Basic/{id}"));
        }
        "uuid-full-url" => {
            entry.insert("fullUrl", "urn:uuid:0b0f0aa4-6d30-4b6e-8e5c-2ab2a0d4c8a1");
        }
        "uuid-upper" => {
            entry.insert("fullUrl", "urn:uuid:0B0F0AA4-6D30-4B6E-8E5C-2AB2A0D4C8A1");
        }
        "versioned-full-url" => {
            entry.insert("fullUrl", format!("{url}/_history/1"));
        }
        "same-full-url" => more.push(entry.clone().into()),
        "no-resource" => {
            entry.remove("resource");
        }
        "request" => {
            entry.insert("request", Object::new().with("method", "GET").with("url", "Patient/1"));
        }
        "no-request" => {
            entry.remove("request");
        }
        "bad-method" => {
            entry.insert("request", Object::new().with("method", "FETCH").with("url", "Patient/1"));
        }
        "response" => {
            entry.insert("response", Object::new().with("status", "200"));
        }
        "no-response" => {
            entry.remove("response");
        }
        "search" => {
            entry.insert("search", Object::new().with("mode", "match"));
        }
        "link" => extra.push(("link", whole(r#"[{"relation":"self","url":"https://causeway.test/a"}]"#))),
        "total" => extra.push(("total", 1i64.into())),
        "no-first" | "other-first" => lead = false,
        "identifier" => extra.push(("identifier", whole(r#"{"system":"https://causeway.test/a","value":"1"}"#))),
        "timestamp-missing" => extra.push(("timestamp", Value::Null)),
        "empty-entry" => more.push(Object::new().into()),
        "bad-resource" => more.push(whole(r#"{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239529","resource":{"resourceType":"Basic","noSuch":1,"code":{"text":"x"}}}"#)),
        "wrong-type-target" | "right-type-target" | "missing-target" | "profile-target" => {
            let to = match how {
                "wrong-type-target" => url.as_str(),
                "missing-target" => "urn:uuid:c757873d-ec9a-4326-a141-55604323ffff",
                _ => "https://causeway.test/fhir/Patient/p1",
            };
            more.push(whole(r#"{"fullUrl":"https://causeway.test/fhir/Patient/p1","resource":{"resourceType":"Patient","id":"p1","active":true}}"#));
            more.push(whole(&format!(
                r#"{{"fullUrl":"https://causeway.test/fhir/Observation/o1","resource":{{"resourceType":"Observation","id":"o1","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{to}"}}}}}}"#
            )));
        }
        "unlinked" => more.push(whole(r#"{"fullUrl":"https://causeway.test/fhir/Basic/b9","resource":{"resourceType":"Basic","id":"b9","code":{"text":"x"}}}"#)),
        _ => {}
    }
    let mut entries: Vec<Value> = Vec::new();
    if lead {
        match kind {
            "document" => entries.push(composition.clone()),
            "message" => entries.push(header),
            _ => {}
        }
    }
    entries.push(entry.into());
    entries.extend(more);
    if how == "other-first" && kind == "document" {
        entries.push(composition);
    }
    let mut bundle = Object::new()
        .with("resourceType", "Bundle")
        .with("type", kind);
    if matches!(kind, "document" | "message") && how != "timestamp-missing" {
        bundle.insert("timestamp", "2021-01-01T00:00:00Z");
    }
    if kind == "document" && how != "total" {
        bundle.insert(
            "identifier",
            whole(r#"{"system":"https://causeway.test/a","value":"1"}"#),
        );
    }
    for (name, value) in extra {
        if value != Value::Null {
            bundle.insert(name, value);
        }
    }
    bundle.insert("entry", Value::Array(entries));
    let rule = format!("{kind}:{how}");
    let mut mutant = Mutant::new(
        rule.clone(),
        rule,
        vec![Change::Set(String::new(), bundle.into())],
    );
    mutant.without_profiles = true;
    vec![mutant]
}
