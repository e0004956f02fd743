//! Contained resources.

use json::{Object, Value, parse};

use super::edit::{Change, Mutant, dotted};
use super::{Base, Places, World};
use crate::Seeded;

/// Contained resources that are referenced, unreferenced, nested, nameless or missing.
pub fn any(_: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    if base.resource.get("contained").is_some() {
        return found;
    }
    let has = places
        .sites
        .first()
        .is_some_and(|site| site.shape.child(site.id, "contained").is_some());
    if !has {
        return found;
    }
    let references: Vec<_> = places
        .members
        .iter()
        .filter(|member| {
            &*member.of_type.code == "Reference" && member.object.matches('/').count() < 3
        })
        .collect();
    let Some(member) = seeded.pick(&references) else {
        return found;
    };
    let first = member.first();
    let target = member
        .of_type
        .target_profiles
        .first()
        .and_then(|url| url.rsplit('/').next())
        .filter(|name| {
            [
                "Patient",
                "Practitioner",
                "Organization",
                "Location",
                "Group",
                "Substance",
                "Device",
            ]
            .contains(name)
        })
        .unwrap_or("Patient");
    let body = |with: &str| {
        parse(format!(r#"{{"resourceType":"{target}"{with}}}"#).as_bytes()).unwrap_or_default()
    };
    let good = body(r#","id":"c1","language":"en-GB""#);
    let refer = |to: &str| Change::Set(first.clone(), Object::new().with("reference", to).into());
    let contain = |what: Vec<Value>| Change::Set("/contained".to_owned(), Value::Array(what));
    let mut add = |how: &str, changes: Vec<Change>| {
        found.push(Mutant::new(
            format!("{how}-{target}"),
            format!("{}:{how}", dotted(&first)),
            changes,
        ));
    };
    add(
        "referenced",
        vec![contain(vec![good.clone()]), refer("#c1")],
    );
    add("unreferenced", vec![contain(vec![good.clone()])]);
    add("dangling", vec![refer("#c9")]);
    add(
        "dangling-beside",
        vec![contain(vec![good.clone()]), refer("#c9")],
    );
    add(
        "without-id",
        vec![contain(vec![body(r#","language":"en-GB""#)]), refer("#c1")],
    );
    add(
        "id-with-hash",
        vec![contain(vec![body(r##","id":"#c1""##)]), refer("#c1")],
    );
    add(
        "nested",
        vec![
            contain(vec![body(
                r#","id":"c1","contained":[{"resourceType":"Basic","id":"c2","code":{"text":"x"}}]"#,
            )]),
            refer("#c1"),
        ],
    );
    add(
        "with-text",
        vec![
            contain(vec![body(
                r#","id":"c1","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}"#,
            )]),
            refer("#c1"),
        ],
    );
    add(
        "with-version",
        vec![
            contain(vec![body(r#","id":"c1","meta":{"versionId":"1"}"#)]),
            refer("#c1"),
        ],
    );
    add(
        "with-update",
        vec![
            contain(vec![body(
                r#","id":"c1","meta":{"lastUpdated":"2021-01-01T00:00:00Z"}"#,
            )]),
            refer("#c1"),
        ],
    );
    add(
        "with-security",
        vec![
            contain(vec![body(
                r#","id":"c1","meta":{"security":[{"system":"https://causeway.test/codes","code":"a"}]}"#,
            )]),
            refer("#c1"),
        ],
    );
    add(
        "same-id",
        vec![contain(vec![good.clone(), good.clone()]), refer("#c1")],
    );
    add(
        "two-one-referenced",
        vec![
            contain(vec![good.clone(), body(r#","id":"c2""#)]),
            refer("#c1"),
        ],
    );
    add(
        "broken-inside",
        vec![
            contain(vec![body(r#","id":"c1","noSuchElement":1"#)]),
            refer("#c1"),
        ],
    );
    add("wrong-type", vec![
        contain(vec![parse(br#"{"resourceType":"Slot","id":"c1","schedule":{"reference":"Schedule/1"},"status":"free","start":"2021-01-01T00:00:00Z","end":"2021-01-01T01:00:00Z"}"#).unwrap_or_default()]),
        refer("#c1"),
    ]);
    add(
        "unknown-type",
        vec![
            contain(vec![
                parse(br#"{"resourceType":"NoSuchType","id":"c1"}"#).unwrap_or_default(),
            ]),
            refer("#c1"),
        ],
    );
    add("refers-to-container", vec![
        contain(vec![parse(br##"{"resourceType":"Basic","id":"c1","code":{"text":"x"},"subject":{"reference":"#"}}"##).unwrap_or_default()]),
    ]);
    found
}
