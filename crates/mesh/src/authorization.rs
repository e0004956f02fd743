//! The `Authorization` header: signed anew for every request.
//!
//! The service takes each value once and refuses one whose time is more than two hours off.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::Sha256;
use uuid::Uuid;

use crate::name::MailboxId;
use crate::secret::Secret;

/// What requests of a mailbox are signed with.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub mailbox: MailboxId,
    pub password: Secret,
    pub shared_key: Secret,
}

impl Credentials {
    /// A header value that no request has carried yet.
    pub(crate) fn fresh(&self) -> String {
        authorization(
            &self.mailbox,
            &self.password,
            &self.shared_key,
            Uuid::new_v4(),
            0,
            Timestamp::now(),
        )
    }
}

/// The value of the header for one request, from a nonce and the time (MESH API, "Authorization").
///
/// `NHSMESH mailbox:nonce:count:time:hash`, where the time is UTC to the minute and the hash is the
/// HMAC-SHA-256, in hexadecimal, of `mailbox:nonce:count:password:time` under the shared key.
pub fn authorization(
    mailbox: &MailboxId,
    password: &Secret,
    shared_key: &Secret,
    nonce: Uuid,
    count: u32,
    at: Timestamp,
) -> String {
    let time = at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M");
    let nonce = nonce.hyphenated();
    let signed = format!("{mailbox}:{nonce}:{count}:{}:{time}", password.expose());
    let hash = match Hmac::<Sha256>::new_from_slice(shared_key.expose().as_bytes()) {
        Ok(mut mac) => {
            mac.update(signed.as_bytes());
            hexadecimal(&mac.finalize().into_bytes())
        }
        // HMAC takes a key of any length; an empty hash would be refused by the service.
        Err(_) => String::new(),
    };
    format!("NHSMESH {mailbox}:{nonce}:{count}:{time}:{hash}")
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
