//! A write made ready before it reaches the writer: serialised, hashed and checked.

use jiff::Timestamp;
use json::Value;
use sha2::{Digest, Sha256};

use crate::{Error, Label, Status, Write};

/// The content of a resource with a gap where `meta.versionId` and `meta.lastUpdated` go.
#[derive(Debug)]
pub(super) struct Content {
    before: Vec<u8>,
    after: Vec<u8>,
    /// SHA-256 over the content without the two.
    pub(super) hash: [u8; 32],
}

impl Content {
    /// The content of a resource. `meta` comes after `id`, and the two come first in it.
    pub(super) fn of(resource: &Value) -> Option<Self> {
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

    /// The bytes to serve.
    pub(super) fn bytes(&self, version: i64, updated: Timestamp) -> Vec<u8> {
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
pub(super) struct Prepared {
    pub(super) rtype: String,
    pub(super) id: String,
    /// `None` for a deletion.
    pub(super) content: Option<Content>,
    pub(super) labels: Vec<Label>,
    pub(super) write: Write,
}

impl Prepared {
    pub(super) fn new(number: usize, mut write: Write) -> Result<Self, Error> {
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
        Ok(Self {
            rtype,
            id,
            content,
            labels,
            write,
        })
    }

    pub(super) fn hash(&self) -> &[u8] {
        self.content.as_ref().map_or(&[], |content| &content.hash)
    }
}

/// FHIR R4 `id`: 1 to 64 of letters, digits, `-` and `.`.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}
