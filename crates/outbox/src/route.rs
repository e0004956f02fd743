//! From one tenant to one destination.

use std::sync::Arc;

use access::{Access, Receiver};
use jiff::Timestamp;
use json::{Object, Value};
use sha2::{Digest as _, Sha256};
use store::{OutboxKey, Sight, Stored};
use summary::{Settings, may_say_where, withhold_location};

use crate::Destination;

/// What becomes at the destination of a resource that its source no longer reports, or that was
/// entered in error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoLonger {
    /// It is deleted there.
    #[default]
    Delete,
    /// It is updated there with the content that says so: the status, or the tag.
    Update,
}

/// What may be sent, asked anew for each lane: an agreement that ends, ends at once.
pub trait Shares: Send + Sync {
    /// What of the route's tenant may be sent at this moment.
    fn sight(&self, now: Timestamp) -> Sight;
}

/// What `access` lets a receiver have of one tenant.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The policy.
    pub access: Access,
    /// Who receives, and which types.
    pub receiver: Receiver,
    /// Whose records.
    pub tenant: store::Tenant,
}

impl Shares for Shared {
    fn sight(&self, now: Timestamp) -> Sight {
        self.access.destination(&self.receiver, &self.tenant, now)
    }
}

/// From one tenant to one destination.
#[derive(Clone)]
pub struct Route {
    /// The tenant, and the destination's name.
    pub key: OutboxKey,
    /// Where it is sent to.
    pub destination: Arc<dyn Destination>,
    /// What may be sent.
    pub shares: Arc<dyn Shares>,
    /// What becomes of what is no longer said.
    pub no_longer: NoLonger,
    /// Whether where untraced people live may be sent (CS-3), and whether what was left out is
    /// marked: the deployment's settings for its summaries.
    pub location: Settings,
}

impl Route {
    /// The bytes to send of a stored resource: as they are stored, but where they say where a person
    /// lives of whom nobody knows whether that may be said (CS-3).
    pub(crate) fn bytes(&self, stored: Stored) -> Result<Vec<u8>, json::ParseError> {
        let located = !self.location.publish_location_of_untraced
            && str::from_utf8(&stored.body).is_ok_and(|body| may_say_where(&stored.rtype, body));
        if !located {
            return Ok(stored.body);
        }
        let mut resource = json::parse(&stored.body)?;
        if !withhold_location(&mut resource, &self.location) {
            return Ok(stored.body);
        }
        if self.location.mention_withheld_location {
            subsetted(&mut resource);
        }
        Ok(resource.to_bytes())
    }

    /// What decides what is sent, as a hash: with another one everything is looked at again.
    pub(crate) fn policy(&self, sight: &Sight) -> String {
        let text = format!(
            "1 {sight:?} {:?} {} {}",
            self.no_longer,
            self.location.publish_location_of_untraced,
            self.destination.fingerprint()
        );
        hex(&Sha256::digest(text))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Says that a resource is not whole (<http://hl7.org/fhir/R4/resource.html#simple-tags>).
fn subsetted(resource: &mut Value) {
    let tag = Value::from(
        Object::new()
            .with(
                "system",
                "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
            )
            .with("code", "SUBSETTED"),
    );
    let Some(Value::Object(meta)) = resource.get_mut("meta") else {
        return;
    };
    match meta.get_mut("tag") {
        Some(Value::Array(tags)) => tags.push(tag),
        _ => drop(meta.insert("tag", vec![tag])),
    }
}
