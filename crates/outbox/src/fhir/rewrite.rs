//! A resource for a receiver that gives out ids of its own.

use json::{Object, Value};

use crate::order::relative;
use crate::parcel::Parcel;

/// The resource with the receiver's id (or none), an identifier that carries Causeway's id, and its
/// references changed to the receiver's ids. `Err`: it refers to something that the receiver has not
/// been given, or its type has no list of identifiers.
pub(super) fn rewrite(
    parcel: &Parcel,
    body: &[u8],
    system: &str,
    remote: Option<&str>,
) -> Result<Vec<u8>, String> {
    let mut resource = json::parse(body).map_err(|_| "the stored resource cannot be read")?;
    references(&mut resource, parcel)?;
    let Some(object) = resource.as_object_mut() else {
        return Err("the stored resource cannot be read".to_owned());
    };
    match remote {
        Some(id) => drop(object.insert("id", id)),
        None => drop(object.remove("id")),
    }
    if let Some(Value::Object(meta)) = object.get_mut("meta") {
        meta.remove("versionId");
        meta.remove("lastUpdated");
    }
    let own = Value::from(
        Object::new()
            .with("system", system)
            .with("value", parcel.id.as_str()),
    );
    match object.get_mut("identifier") {
        None => drop(object.insert("identifier", vec![own])),
        Some(Value::Array(identifiers)) => identifiers.push(own),
        Some(_) => {
            return Err(format!("a {} has no list of identifiers", parcel.rtype));
        }
    }
    Ok(resource.to_bytes())
}

fn references(value: &mut Value, parcel: &Parcel) -> Result<(), String> {
    match value {
        Value::Object(object) => {
            for (name, child) in object.iter_mut() {
                let target = child
                    .as_str()
                    .filter(|_| name == "reference")
                    .and_then(relative);
                match target {
                    Some(target) => *child = reference(&target, parcel)?.into(),
                    None => references(child, parcel)?,
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                references(item, parcel)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn reference(target: &str, parcel: &Parcel) -> Result<String, String> {
    let rtype = target.split('/').next().unwrap_or_default();
    match parcel.remotes.get(target) {
        Some(remote) => Ok(format!("{rtype}/{remote}")),
        None => Err(format!(
            "it refers to a {rtype} that this destination was not given"
        )),
    }
}
