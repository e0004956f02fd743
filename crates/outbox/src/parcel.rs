//! What is handed to a destination.

use std::collections::BTreeMap;

use store::Sent;

/// One resource on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The resource type.
    pub rtype: String,
    /// The id.
    pub id: String,
    /// The version in the store.
    pub version: u64,
    /// What is to be done there.
    pub change: Change,
    /// What the destination was told of it before.
    pub before: Option<Sent>,
    /// The receiver's own ids of what it refers to, by `Type/id`, where they are others.
    pub remotes: BTreeMap<String, String>,
}

/// What is to be done at the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is to stand there with these bytes.
    Put {
        /// The resource as JSON.
        body: Vec<u8>,
        /// What it refers to, as `Type/id`.
        refers_to: Vec<String>,
    },
    /// It is to stand there no longer.
    Remove,
}

impl Parcel {
    /// Type and id, as a reference has it.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.rtype, self.id)
    }
}
