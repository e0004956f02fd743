//! In which order a person's resources go.

use std::collections::{BTreeMap, BTreeSet};

use json::Value;

use crate::parcel::{Change, Parcel};

/// What a resource refers to by relative reference, as `Type/id`
/// (<http://hl7.org/fhir/R4/references.html#literal>).
pub(crate) fn references(resource: &Value) -> Vec<String> {
    let mut found = BTreeSet::new();
    collect(resource, &mut found);
    found.into_iter().collect()
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, child) in object.iter() {
                match (name, child.as_str()) {
                    ("reference", Some(text)) => found.extend(relative(text)),
                    _ => collect(child, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// `Type/id` of a relative reference, without a version.
pub(crate) fn relative(text: &str) -> Option<String> {
    let mut parts = text.split('/');
    let (rtype, id) = (parts.next()?, parts.next()?);
    let versioned = (parts.next(), parts.next(), parts.next());
    let history = matches!(versioned, (None, ..) | (Some("_history"), Some(_), None));
    let typed = rtype.starts_with(|c: char| c.is_ascii_uppercase())
        && rtype.bytes().all(|b| b.is_ascii_alphabetic());
    (history && typed && !id.is_empty()).then(|| format!("{rtype}/{id}"))
}

/// Types that others of a person's resources refer to, the first referred to by most.
const REFERRED: [&str; 8] = [
    "Patient",
    "RelatedPerson",
    "EpisodeOfCare",
    "Encounter",
    "CareTeam",
    "Condition",
    "Goal",
    "CarePlan",
];

/// The order of sending: what is to stand, each after what it refers to; then what is to go, each
/// before what it may have referred to. Where resources refer to each other in a circle, the order
/// given decides.
pub(crate) fn order(parcels: &[Parcel]) -> Vec<usize> {
    let mut places = BTreeMap::new();
    let mut puts = Vec::new();
    let mut removes = Vec::new();
    for (index, parcel) in parcels.iter().enumerate() {
        match parcel.change {
            Change::Put { .. } => {
                places.insert(parcel.reference(), index);
                puts.push(index);
            }
            Change::Remove => removes.push(index),
        }
    }
    let mut ordered = Vec::with_capacity(parcels.len());
    let mut seen = BTreeSet::new();
    for index in puts {
        place(index, parcels, &places, &mut seen, &mut ordered);
    }
    let rank = |index: &usize| {
        let rtype = parcels.get(*index).map_or("", |parcel| &parcel.rtype);
        REFERRED.iter().position(|known| *known == rtype)
    };
    removes.reverse();
    // `None` is not referred to, so it goes first; of the others the most referred to goes last.
    removes.sort_by_key(|index| rank(index).map(|rank| REFERRED.len() - rank));
    ordered.extend(removes);
    ordered
}

/// Places one resource after what it refers to. Without recursion: a chain may be long.
fn place(
    start: usize,
    parcels: &[Parcel],
    places: &BTreeMap<String, usize>,
    seen: &mut BTreeSet<usize>,
    ordered: &mut Vec<usize>,
) {
    if !seen.insert(start) {
        return;
    }
    let mut path = vec![(start, targets(start, parcels, places))];
    while let Some((index, waiting)) = path.last_mut() {
        match waiting.pop() {
            Some(next) => {
                if seen.insert(next) {
                    path.push((next, targets(next, parcels, places)));
                }
            }
            None => {
                ordered.push(*index);
                path.pop();
            }
        }
    }
}

fn targets(index: usize, parcels: &[Parcel], places: &BTreeMap<String, usize>) -> Vec<usize> {
    match parcels.get(index).map(|parcel| &parcel.change) {
        Some(Change::Put { refers_to, .. }) => refers_to
            .iter()
            .rev()
            .filter_map(|target| places.get(target).copied())
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(reference: &str, refers_to: &[&str]) -> Parcel {
        let (rtype, id) = reference.split_once('/').unwrap();
        Parcel {
            rtype: rtype.to_owned(),
            id: id.to_owned(),
            version: 1,
            change: Change::Put {
                body: Vec::new(),
                refers_to: refers_to.iter().map(|r| (*r).to_owned()).collect(),
            },
            before: None,
            remotes: BTreeMap::new(),
        }
    }

    fn names(parcels: &[Parcel]) -> Vec<String> {
        order(parcels)
            .into_iter()
            .map(|index| parcels[index].reference())
            .collect()
    }

    #[test]
    fn what_is_referred_to_goes_first_and_a_circle_ends() {
        let parcels = [
            put("Observation/o", &["Patient/p", "Encounter/e"]),
            put(
                "Encounter/e",
                &["Patient/p", "Condition/c", "Organization/x"],
            ),
            put("Condition/c", &["Encounter/e", "Patient/p"]),
            put("Patient/p", &["Patient/p"]),
        ];
        let order = names(&parcels);
        let at = |name: &str| order.iter().position(|n| n == name).unwrap();
        assert_eq!(order.len(), 4);
        assert_eq!(order[0], "Patient/p");
        assert!(at("Encounter/e") < at("Observation/o"));
    }

    #[test]
    fn what_goes_away_goes_before_what_it_refers_to() {
        let mut parcels = [
            put("Patient/p", &[]),
            put("Encounter/e", &[]),
            put("Observation/o", &[]),
        ];
        for parcel in &mut parcels {
            parcel.change = Change::Remove;
        }
        assert_eq!(
            names(&parcels),
            ["Observation/o", "Encounter/e", "Patient/p"]
        );
    }

    #[test]
    fn only_relative_references_are_followed() {
        let resource = json::parse(
            br##"{"a":{"reference":"Patient/p"},"b":[{"reference":"urn:uuid:1"},
              {"reference":"http://x.test/Patient/q"},{"reference":"#c"},
              {"reference":"Encounter/e/_history/2"}]}"##,
        )
        .unwrap();
        assert_eq!(references(&resource), ["Encounter/e", "Patient/p"]);
    }
}
