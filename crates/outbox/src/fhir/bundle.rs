//! All that waits of a person in one transaction
//! (<http://hl7.org/fhir/R4/http.html#transaction>).

use reqwest::Method;

use super::client::{Ask, Client};
use super::exchange::{judge, status};
use super::settings::FhirSettings;
use crate::destination::Verdict;
use crate::parcel::{Change, Parcel};

/// Sends several; one verdict for each, in order. `None`: they cannot go together.
pub(super) async fn send(
    client: &Client,
    settings: &FhirSettings,
    parcels: &[&Parcel],
) -> Option<Vec<Verdict>> {
    let body = bundle(settings, parcels);
    let mut ask = Ask::new(Method::POST, &settings.base);
    ask.headers.push(("prefer", "return=minimal".to_owned()));
    ask.body = Some(body);
    let answer = match client.ask(ask).await {
        Ok(answer) => answer,
        Err(error) => {
            return Some(all(
                parcels,
                &Verdict::Failed {
                    reason: error.0,
                    after: None,
                    down: true,
                },
            ));
        }
    };
    if !answer.is_success() {
        // 409 and 412 are about one of them; on its own it is resolved by reading.
        return match (answer.status, judge(&answer, "Bundle")) {
            (409 | 412, _) | (_, Verdict::Refused { .. }) => None,
            (_, verdict) => Some(all(parcels, &verdict)),
        };
    }
    match entries(&answer.body, parcels.len()) {
        Some(etags) => Some(
            etags
                .into_iter()
                .map(|etag| Verdict::Done { etag, remote: None })
                .collect(),
        ),
        None => Some(all(
            parcels,
            &Verdict::Failed {
                reason: format!("{}: the answer is no transaction-response", status(&answer)),
                after: None,
                down: false,
            },
        )),
    }
}

fn all(parcels: &[&Parcel], verdict: &Verdict) -> Vec<Verdict> {
    parcels.iter().map(|_| verdict.clone()).collect()
}

/// The Bundle, in which the resources' bytes stand as they are.
fn bundle(settings: &FhirSettings, parcels: &[&Parcel]) -> Vec<u8> {
    let mut bytes = br#"{"resourceType":"Bundle","type":"transaction","entry":["#.to_vec();
    for (number, parcel) in parcels.iter().enumerate() {
        if number > 0 {
            bytes.push(b',');
        }
        let reference = parcel.reference();
        let known = parcel.before.as_ref().filter(|sent| !sent.gone);
        let known = known.and_then(|sent| sent.etag.as_deref());
        match &parcel.change {
            Change::Put { body, .. } => {
                let url = format!("{}/{reference}", settings.base);
                bytes.extend_from_slice(b"{\"fullUrl\":");
                text(&url, &mut bytes);
                bytes.extend_from_slice(b",\"resource\":");
                bytes.extend_from_slice(body);
                bytes.extend_from_slice(b",\"request\":{\"method\":\"PUT\",\"url\":");
                text(&reference, &mut bytes);
                if let Some(etag) = known.filter(|_| settings.if_match) {
                    bytes.extend_from_slice(b",\"ifMatch\":");
                    text(etag, &mut bytes);
                }
            }
            Change::Remove => {
                bytes.extend_from_slice(b"{\"request\":{\"method\":\"DELETE\",\"url\":");
                text(&reference, &mut bytes);
            }
        }
        bytes.extend_from_slice(b"}}");
    }
    bytes.extend_from_slice(b"]}");
    bytes
}

fn text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&json::Value::from(text).to_bytes());
}

/// The version of each entry; `None` when there is not one answer for each, all of them good.
fn entries(body: &[u8], count: usize) -> Option<Vec<Option<String>>> {
    let answer = json::parse(body).ok()?;
    if answer.text("type") != Some("transaction-response") {
        return None;
    }
    let mut etags = Vec::with_capacity(count);
    for entry in answer.each("entry") {
        let response = entry.get("response")?;
        if !response.text("status")?.starts_with('2') {
            return None;
        }
        etags.push(response.text("etag").map(str::to_owned));
    }
    (etags.len() == count).then_some(etags)
}
