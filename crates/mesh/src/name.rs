//! Names that go into addresses, headers and log lines: checked once, then trusted.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};

/// The id of a mailbox, in upper case: the service signs and compares it so.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxId(String);

/// The id that the service gave a message. It names no person, so it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(String);

/// A name that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAName;

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id has 1 to 100 letters, digits, hyphens and underscores")
    }
}

impl std::error::Error for NotAName {}

fn is_plain(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl MailboxId {
    /// Takes an id in any case.
    ///
    /// # Errors
    /// [`NotAName`] when it has other characters than ids have.
    pub fn new(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        if is_plain(text) {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            Err(NotAName)
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MessageId {
    /// Takes an id as the service lists it.
    ///
    /// # Errors
    /// [`NotAName`] when it has other characters than ids have.
    pub fn new(text: &str) -> Result<Self, NotAName> {
        if is_plain(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAName)
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MailboxId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
