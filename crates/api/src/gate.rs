//! From a request to a caller, and from a caller to what it may see.

use access::{Access, Ask, Granted, Purpose};
use auth::{Auth, Caller};
use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use crate::failure::Failure;

/// The header by which a caller may say why it asks (HL7 v3 PurposeOfUse).
const PURPOSE: &str = "x-purpose-of-use";

/// Who is asking: the token is verified before anything else of a request is looked at.
pub(crate) async fn caller(auth: &Auth, headers: &HeaderMap) -> Result<Caller, Failure> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Failure::authorization());
    }
    let token = match first.map(|value| value.to_str()) {
        None => None,
        Some(Ok(text)) => Some(text),
        Some(Err(_)) => return Err(Failure::authorization()),
    };
    auth.caller(token).await.map_err(Failure::caller)
}

/// Whether a caller may do what it asks, and how far it sees.
pub(crate) fn decide(
    access: &Access,
    caller: &Caller,
    default_purpose: Option<Purpose>,
    headers: &HeaderMap,
    ask: Ask<'_>,
) -> Result<Granted, Failure> {
    let mut said = headers.get_all(PURPOSE).iter();
    let purpose = match (said.next(), said.next()) {
        (None, _) => default_purpose.unwrap_or(Purpose::Other),
        (Some(code), None) => Purpose::from_code(code.to_str().unwrap_or_default()),
        (Some(_), Some(_)) => Purpose::Other,
    };
    access
        .decide(caller, purpose, ask, Timestamp::now())
        .map_err(Failure::access)
}

/// What a caller is bound to: its client and its organisation.
pub(crate) fn binding(caller: &Caller) -> String {
    format!(
        "{}\n{}\n{}\n{:?}",
        caller.client_id, caller.organisation, caller.subject, caller.kind
    )
}
