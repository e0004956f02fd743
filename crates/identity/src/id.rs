//! Opaque, deterministic ids.

use sha2::{Digest, Sha256};

/// What ids are made in. A deployment has a secret, so that nobody can try all NHS numbers against
/// an id; `convert` and tests use the published space, whose ids anyone can make again.
#[derive(Clone)]
pub struct IdSpace {
    seed: Sha256,
}

impl IdSpace {
    /// The space that needs no secret: for conversions and tests, not for serving.
    pub fn published() -> Self {
        Self::with_secret(b"causeway published id space")
    }

    /// The space of a deployment. The same secret gives the same ids for ever: to change it is to
    /// change every id.
    pub fn with_secret(secret: &[u8]) -> Self {
        let mut seed = Sha256::new();
        absorb(&mut seed, secret);
        Self { seed }
    }

    /// The ids of what one rule of one source makes of records: what its ids share is hashed once.
    pub fn of_rule(&self, tenant: &str, source: &str, resource_type: &str, rule: &str) -> RuleIds {
        let mut begun = self.seed.clone();
        for part in [tenant, source, resource_type, rule] {
            absorb(&mut begun, part.as_bytes());
        }
        RuleIds { begun }
    }

    /// The id of the resource that `rule` makes from the record with this key: see [`RuleIds::id`].
    pub fn resource_id(
        &self,
        tenant: &str,
        source: &str,
        resource_type: &str,
        rule: &str,
        key: &[&str],
    ) -> String {
        self.of_rule(tenant, source, resource_type, rule).id(key)
    }
}

/// The ids of what one rule of one source makes.
#[derive(Clone)]
pub struct RuleIds {
    begun: Sha256,
}

impl RuleIds {
    /// The id of the resource that the rule makes from the record with this key: 32 hexadecimal
    /// digits, which is a FHIR id (<http://hl7.org/fhir/R4/datatypes.html#id>).
    pub fn id<K: AsRef<str>>(&self, key: &[K]) -> String {
        let mut hash = self.begun.clone();
        for part in key {
            absorb(&mut hash, part.as_ref().as_bytes());
        }
        let digest = hash.finalize();
        let mut id = String::with_capacity(32);
        for byte in digest.iter().take(16) {
            for nibble in [byte >> 4, byte & 15] {
                id.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        id
    }
}

/// Length first, so that ("ab", "c") and ("a", "bc") differ.
fn absorb(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_be_bytes());
    hash.update(part);
}
