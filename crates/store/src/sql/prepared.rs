//! A write made ready before it reaches the writer: serialised, hashed and checked.

use jiff::Timestamp;
use json::Value;
use sha2::{Digest, Sha256};

use super::record::micros;
use crate::{Error, Expected, IndexRow, Label, Status, Write};

/// The content of a resource with a gap where `meta.versionId` and `meta.lastUpdated` go.
#[derive(Debug)]
pub(crate) struct Content {
    before: Vec<u8>,
    after: Vec<u8>,
    /// SHA-256 over the content without the two.
    pub(crate) hash: [u8; 32],
}

impl Content {
    /// The content of a resource. `meta` comes after `id`, and the two come first in it.
    pub(crate) fn of(resource: &Value) -> Option<Self> {
        let object = resource.as_object()?;
        let mut before = Vec::with_capacity(1024);
        let mut after = Vec::with_capacity(1024);
        for (name, value) in object.iter().filter(|(name, _)| is_head(name)) {
            before.push(if before.is_empty() { b'{' } else { b',' });
            member(name, value, &mut before);
        }
        before.extend_from_slice(b",\"meta\":{");
        if let Some(meta) = object.get("meta") {
            for (name, value) in meta.as_object()?.iter() {
                if name != "versionId" && name != "lastUpdated" {
                    after.push(b',');
                    member(name, value, &mut after);
                }
            }
        }
        after.push(b'}');
        for (name, value) in object
            .iter()
            .filter(|(name, _)| !is_head(name) && *name != "meta")
        {
            after.push(b',');
            member(name, value, &mut after);
        }
        after.push(b'}');
        let mut hash = Sha256::new();
        hash.update(&before);
        hash.update(&after);
        Some(Self {
            hash: hash.finalize().into(),
            before,
            after,
        })
    }

    /// The content of a stored body with one more tag.
    pub(crate) fn tagged(body: &[u8], tag: Option<&Value>) -> Option<Self> {
        let mut resource = json::parse(body).ok()?;
        if let Some(tag) = tag {
            let meta = resource.get_mut("meta")?.as_object_mut()?;
            match meta.get_mut("tag").and_then(Value::as_array_mut) {
                Some(tags) => tags.push(tag.clone()),
                None => {
                    meta.insert("tag", Value::Array(vec![tag.clone()]));
                }
            }
        }
        Self::of(&resource)
    }

    /// The bytes to serve.
    pub(crate) fn bytes(&self, version: i64, updated: Timestamp) -> Vec<u8> {
        let stamp = format!("\"versionId\":\"{version}\",\"lastUpdated\":\"{updated:.3}\"");
        let mut bytes = Vec::with_capacity(self.before.len() + stamp.len() + self.after.len());
        bytes.extend_from_slice(&self.before);
        bytes.extend_from_slice(stamp.as_bytes());
        bytes.extend_from_slice(&self.after);
        bytes
    }
}

fn is_head(name: &str) -> bool {
    name == "resourceType" || name == "id"
}

fn member(name: &str, value: &Value, out: &mut Vec<u8>) {
    Value::from(name).write(out);
    out.push(b':');
    value.write(out);
}

/// One write, ready.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) rtype: String,
    pub(crate) id: String,
    /// `None` for a deletion.
    pub(crate) content: Option<Content>,
    pub(crate) labels: Vec<Label>,
    /// Half a SHA-256 over what lies beside the content: where neither has changed, only the as-of
    /// and the submission move.
    pub(crate) beside: [u8; 16],
    pub(crate) write: Write,
}

impl Prepared {
    pub(crate) fn new(number: usize, mut write: Write) -> Result<Self, Error> {
        let unusable = |reason| Error::Unusable {
            write: number,
            reason,
        };
        let rtype = write
            .resource
            .text("resourceType")
            .filter(|rtype| !rtype.is_empty() && rtype.bytes().all(|b| b.is_ascii_alphanumeric()))
            .ok_or_else(|| unusable("it has no resourceType"))?
            .to_owned();
        let id = write
            .resource
            .text("id")
            .filter(|id| is_id(id))
            .ok_or_else(|| unusable("its id is missing or not a FHIR id"))?
            .to_owned();
        if write.status == Status::Retired {
            return Err(unusable("a resource is retired with `Retire`"));
        }
        if write.restores && !matches!(write.expected, Expected::Version(_)) {
            return Err(unusable(
                "a version that comes back must name the one that it replaces",
            ));
        }
        let content = match write.status {
            Status::Deleted => None,
            _ => Some(
                Content::of(&write.resource)
                    .ok_or_else(|| unusable("its meta is not an object"))?,
            ),
        };
        let mut labels = Label::of(&write.resource);
        labels.append(&mut write.labels);
        labels.sort_unstable();
        labels.dedup();
        if write.status == Status::Deleted {
            write.index.clear();
            write.person = None;
        }
        // The tree is not needed any more, and batches wait in a queue.
        write.resource = Value::Null;
        write.index.sort_unstable();
        write.index.dedup();
        Ok(Self {
            rtype,
            id,
            content,
            beside: beside(&write, &labels),
            labels,
            write,
        })
    }

    pub(crate) fn hash(&self) -> &[u8] {
        self.content.as_ref().map_or(&[], |content| &content.hash)
    }
}

/// What lies beside the content, hashed: each part with its length, so that no two ways of writing it
/// down are the same.
fn beside(write: &Write, labels: &[Label]) -> [u8; 16] {
    let mut hash = Sha256::new();
    let mut text = |text: Option<&str>| {
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        hash.update(length.to_le_bytes());
        hash.update(text.unwrap_or_default());
    };
    text(write.patient.as_deref());
    for label in labels {
        text(Some("label"));
        text(Some(&label.system));
        text(Some(&label.code));
    }
    if let Some(person) = &write.person {
        text(Some("person"));
        text(person.nhs_number.as_deref());
        text(person.birth_date.as_deref());
        text(person.family.as_deref());
    }
    for row in &write.index {
        match row {
            IndexRow::Token {
                param,
                system,
                code,
            } => ["token", param, system, code].map(|part| text(Some(part))),
            IndexRow::Reference { param, rtype, id } => {
                ["reference", param, rtype, id].map(|part| text(Some(part)))
            }
            IndexRow::Date { param, lo, hi } => {
                let (lo, hi) = (micros(*lo).to_string(), micros(*hi).to_string());
                ["date", param, &lo, &hi].map(|part| text(Some(part)))
            }
            IndexRow::String { param, norm } => {
                ["string", param, norm, ""].map(|part| text(Some(part)))
            }
        };
    }
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    half
}

/// FHIR R4 `id`: 1 to 64 of letters, digits, `-` and `.`.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}
