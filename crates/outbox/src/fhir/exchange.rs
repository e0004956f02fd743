//! One resource, and what the server says to it.

use jiff::Timestamp;
use reqwest::{Method, Url};

use super::client::{Answer, Ask, Client};
use super::rewrite::rewrite;
use super::settings::{Conflict, FhirSettings, Matching};
use crate::destination::Verdict;
use crate::outcome::codes;
use crate::parcel::{Change, Parcel};

/// Sends one resource.
pub(super) async fn send(client: &Client, settings: &FhirSettings, parcel: &Parcel) -> Verdict {
    let sending = Sending {
        client,
        settings,
        parcel,
    };
    match &parcel.change {
        Change::Remove => sending.remove().await,
        Change::Put { body, .. } => match settings.matching {
            Matching::Id => sending.put(body.clone(), &parcel.id).await,
            Matching::Identifier | Matching::Create => sending.elsewhere(body).await,
        },
    }
}

struct Sending<'a> {
    client: &'a Client,
    settings: &'a FhirSettings,
    parcel: &'a Parcel,
}

impl Sending<'_> {
    fn url(&self, id: &str) -> String {
        format!("{}/{}/{id}", self.settings.base, self.parcel.rtype)
    }

    /// The version that the server has as far as is known.
    fn known(&self) -> Option<&str> {
        let before = self.parcel.before.as_ref().filter(|sent| !sent.gone)?;
        before.etag.as_deref()
    }

    /// `PUT [base]/Type/id`.
    async fn put(&self, body: Vec<u8>, id: &str) -> Verdict {
        let condition = match (self.settings.if_match, self.known(), &self.parcel.before) {
            (false, ..) => None,
            (true, Some(etag), _) => Some(("if-match", etag.to_owned())),
            (true, None, None) => Some(("if-none-match", "*".to_owned())),
            // It was there and gave no version, or was taken away: it is looked at first.
            (true, None, Some(_)) => None,
        };
        let url = self.url(id);
        let answer = match self.put_once(&url, &body, condition).await {
            Ok(answer) => answer,
            Err(verdict) => return verdict,
        };
        match answer.status {
            409 | 412 => self.resolve(&url, body, &answer).await,
            _ => self.judge(&answer),
        }
    }

    async fn put_once(
        &self,
        url: &str,
        body: &[u8],
        condition: Option<(&'static str, String)>,
    ) -> Result<Answer, Verdict> {
        let mut ask = Ask::new(Method::PUT, url);
        ask.headers.push(("prefer", "return=minimal".to_owned()));
        ask.headers.extend(condition);
        ask.body = Some(body.to_vec());
        self.ask(ask).await
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<Answer, Verdict> {
        self.client.ask(ask).await.map_err(|error| Verdict::Failed {
            reason: error.0,
            after: None,
            down: true,
        })
    }

    /// The server has another version than was expected: it is read, and what is there decides.
    async fn resolve(&self, url: &str, body: Vec<u8>, said: &Answer) -> Verdict {
        let there = match self.ask(Ask::new(Method::GET, url)).await {
            Ok(there) => there,
            Err(verdict) => return verdict,
        };
        let etag = there.header("etag").map(str::to_owned);
        let condition = match there.status {
            200 if same(&there.body, &body) => return Verdict::Done { etag, remote: None },
            200 if self.settings.conflict == Conflict::Stop => {
                return Verdict::Refused {
                    reason: format!(
                        "{}; the receiver's copy was changed there by another",
                        status(said)
                    ),
                };
            }
            200 => etag.map(|etag| ("if-match", etag)),
            // It is not there any more: it is made anew.
            404 | 410 => None,
            _ => return self.judge(&there),
        };
        match self.put_once(url, &body, condition).await {
            // Somebody else was faster again, or it is refused for another reason.
            Ok(answer) if matches!(answer.status, 409 | 412) => Verdict::Failed {
                reason: status(&answer),
                after: None,
                down: false,
            },
            Ok(answer) => self.judge(&answer),
            Err(verdict) => verdict,
        }
    }

    /// Where the receiver gives out ids: an upsert by identifier, or a create once and updates then.
    async fn elsewhere(&self, body: &[u8]) -> Verdict {
        let system = self
            .settings
            .identifier_system
            .as_deref()
            .unwrap_or_default();
        let before = self.parcel.before.as_ref().filter(|sent| !sent.gone);
        let known = before.and_then(|sent| sent.remote.as_deref());
        let body = match rewrite(self.parcel, body, system, known) {
            Ok(body) => body,
            Err(reason) => return Verdict::Refused { reason },
        };
        if let Some(id) = known {
            return self.put(body, id).await;
        }
        let identifier = format!("{system}|{}", self.parcel.id);
        let plain = format!("{}/{}", self.settings.base, self.parcel.rtype);
        let Ok(url) = Url::parse_with_params(&plain, [("identifier", identifier)]) else {
            return Verdict::Refused {
                reason: "the address cannot be made".to_owned(),
            };
        };
        let conditional = url.as_str();
        let mut ask = match self.settings.matching {
            Matching::Create => {
                let mut ask = Ask::new(Method::POST, &plain);
                let query = url.query().unwrap_or_default().to_owned();
                ask.headers.push(("if-none-exist", query));
                ask
            }
            _ => Ask::new(Method::PUT, conditional),
        };
        ask.headers.push(("prefer", "return=minimal".to_owned()));
        ask.body = Some(body.clone());
        let answer = match self.ask(ask).await {
            Ok(answer) => answer,
            Err(verdict) => return verdict,
        };
        // What was there already (200 to a create) stays as it is: it is then updated.
        let existed = self.settings.matching == Matching::Create && answer.status == 200;
        match self.judge(&answer) {
            Verdict::Done { etag, remote } => match remote {
                Some(id) if existed => match rewrite_id(&body, &id) {
                    Some(body) => match self.put(body, &id).await {
                        Verdict::Done { etag, .. } => Verdict::Done {
                            etag,
                            remote: Some(id),
                        },
                        other => other,
                    },
                    None => Verdict::Refused {
                        reason: "the stored resource cannot be read".to_owned(),
                    },
                },
                Some(id) => Verdict::Done {
                    etag,
                    remote: Some(id),
                },
                None => Verdict::Failed {
                    reason: format!("{}, without saying which id it gave", status(&answer)),
                    after: None,
                    down: false,
                },
            },
            other => other,
        }
    }

    /// `DELETE [base]/Type/id`. What is not there is gone already.
    async fn remove(&self) -> Verdict {
        let before = self.parcel.before.as_ref();
        let id = match (
            self.settings.matching,
            before.and_then(|b| b.remote.as_deref()),
        ) {
            (Matching::Id, _) => self.parcel.id.as_str(),
            (_, Some(remote)) => remote,
            (_, None) => {
                return Verdict::Refused {
                    reason: "the receiver's id for it is not known".to_owned(),
                };
            }
        };
        let url = self.url(id);
        let answer = match self.ask(Ask::new(Method::DELETE, &url)).await {
            Ok(answer) => answer,
            Err(verdict) => return verdict,
        };
        match answer.status {
            404 | 410 => Verdict::Done {
                etag: None,
                remote: None,
            },
            // Something there refers to it still; that may go too.
            409 | 412 => Verdict::Failed {
                reason: status(&answer),
                after: None,
                down: false,
            },
            _ => self.judge(&answer),
        }
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        judge(answer, &self.parcel.rtype)
    }
}

/// What an answer to a request about a resource of this type means.
pub fn judge(answer: &Answer, rtype: &str) -> Verdict {
    if answer.is_success() {
        let place = answer
            .header("location")
            .or_else(|| answer.header("content-location"));
        let (remote, version) = place.map_or((None, None), |place| placed(place, rtype));
        let etag = answer
            .header("etag")
            .map(str::to_owned)
            .or_else(|| version.map(|version| format!("W/\"{version}\"")));
        let remote = remote.or_else(|| id_of(&answer.body, rtype));
        return Verdict::Done { etag, remote };
    }
    let reason = status(answer);
    let failed = |down| Verdict::Failed {
        reason: reason.clone(),
        after: answer.retry_after(Timestamp::now()),
        down,
    };
    match answer.status {
        // It does not know us (an access token that has ended), or is busy, or broken.
        401 | 407 | 408 | 425 | 429 | 500..=599 => failed(true),
        // Not a FHIR server's answer: something in between said no, or the address is wrong.
        400..=499 if codes(&answer.body).is_some() && answer.status != 403 => {
            Verdict::Refused { reason }
        }
        _ => failed(false),
    }
}

/// The status and the outcome's codes.
pub(super) fn status(answer: &Answer) -> String {
    match codes(&answer.body) {
        Some(codes) => format!("{} ({codes})", answer.status),
        None => format!("{} without an OperationOutcome", answer.status),
    }
}

/// Id and version of `[base]/Type/id/_history/version`.
fn placed(place: &str, rtype: &str) -> (Option<String>, Option<String>) {
    let mut parts = place.trim_end_matches('/').rsplit('/');
    let (mut last, mut name) = (parts.next(), parts.next());
    let mut version = None;
    if name == Some("_history") {
        version = last.map(str::to_owned);
        last = parts.next();
        name = parts.next();
    }
    let id = last.filter(|_| name == Some(rtype)).filter(|id| is_id(id));
    (id.map(str::to_owned), version)
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

fn id_of(body: &[u8], rtype: &str) -> Option<String> {
    let resource = json::parse(body).ok()?;
    if resource.text("resourceType") != Some(rtype) {
        return None;
    }
    let id = resource.text("id").filter(|id| is_id(id))?;
    Some(id.to_owned())
}

fn rewrite_id(body: &[u8], id: &str) -> Option<Vec<u8>> {
    let mut resource = json::parse(body).ok()?;
    resource.as_object_mut()?.insert("id", id);
    Some(resource.to_bytes())
}

/// Whether two resources say the same, but for what each server says of its own version.
fn same(there: &[u8], ours: &[u8]) -> bool {
    let plain = |body: &[u8]| {
        let mut resource = json::parse(body).ok()?;
        let object = resource.as_object_mut()?;
        let empty = match object.get_mut("meta") {
            Some(json::Value::Object(meta)) => {
                for name in ["versionId", "lastUpdated", "source"] {
                    meta.remove(name);
                }
                meta.is_empty()
            }
            _ => false,
        };
        if empty {
            object.remove("meta");
        }
        sort(&mut resource);
        Some(resource)
    };
    match (plain(there), plain(ours)) {
        (Some(there), Some(ours)) => there == ours,
        _ => false,
    }
}

fn sort(value: &mut json::Value) {
    match value {
        json::Value::Object(object) => {
            object.sort_by_key(str::to_owned);
            for (_, child) in object.iter_mut() {
                sort(child);
            }
        }
        json::Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_id_and_version() {
        let both =
            |id: &str, version: Option<&str>| (Some(id.to_owned()), version.map(str::to_owned));
        assert_eq!(
            placed("http://x.test/fhir/Patient/p-1/_history/7", "Patient"),
            both("p-1", Some("7"))
        );
        assert_eq!(placed("Patient/p-1", "Patient"), both("p-1", None));
        assert_eq!(placed("http://x.test/other/p-1", "Patient"), (None, None));
    }

    #[test]
    fn the_same_content_is_known_through_another_servers_meta() {
        let ours = br#"{"resourceType":"Patient","id":"a","meta":{"versionId":"3"},"x":0.10}"#;
        let there = br#"{"x":0.10,"resourceType":"Patient","id":"a"}"#;
        assert!(same(there, ours));
        let other = br#"{"x":0.1,"resourceType":"Patient","id":"a"}"#;
        assert!(!same(other, ours));
    }
}
