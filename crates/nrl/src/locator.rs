//! The locator as a destination of the outbox.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use json::Value;
use outbox::{
    Answer, Ask, Change, Client, Destination, FhirSettings, Parcel, Sending, Shared, Shares,
    Unusable, Verdict, judge,
};
use reqwest::{Method, Url};
use store::{Exchange, OutboxKey, Sent, Store};

use crate::content::{address, hash};
use crate::eligible::{eligible, number};
use crate::pointer::{Details, pointer, replacing};

/// What is asked for: version 1 of the interface's media type.
const ACCEPT: &str = "application/fhir+json;version=1";

/// What is remembered of a person who has no pointer.
const NONE: &str = "none";

/// The record locator, for one provider.
pub struct Nrl {
    client: Client,
    base: String,
    details: Details,
    store: Arc<dyn Store>,
    key: OutboxKey,
    shares: Shared,
}

impl Nrl {
    /// The locator at an address.
    ///
    /// # Errors
    /// What of the settings cannot be used.
    pub fn new(
        settings: &FhirSettings,
        details: Details,
        store: Arc<dyn Store>,
        key: OutboxKey,
        shares: Shared,
    ) -> Result<Self, Unusable> {
        Ok(Self {
            client: Client::new(settings)?,
            base: settings.base.clone(),
            details,
            store,
            key,
            shares,
        })
    }

    async fn work(&self, parcel: &Parcel) -> Verdict {
        match self.settle(parcel).await {
            Ok(verdict) | Err(verdict) => verdict,
        }
    }

    async fn settle(&self, parcel: &Parcel) -> Result<Verdict, Verdict> {
        let Change::Put { body, .. } = &parcel.change else {
            return self.absent(parcel, None).await;
        };
        let Ok(patient) = json::parse(body) else {
            return Err(refused("the stored resource cannot be read"));
        };
        let sight = self.shares.sight(Timestamp::now());
        let traces = self
            .store
            .traces(&sight, &self.key.tenant, std::slice::from_ref(&parcel.id))
            .await
            .map_err(store_failed)?;
        match eligible(&patient, traces.first()) {
            Ok(person) => self.present(parcel, &person.nhs_number).await,
            Err(_) => self.absent(parcel, number(&patient)).await,
        }
    }

    /// There is to be one pointer.
    async fn present(&self, parcel: &Parcel, nhs_number: &str) -> Result<Verdict, Verdict> {
        let wanted = pointer(&self.details, nhs_number, &parcel.id);
        let wanted_hash = hash(&wanted);
        let before = parcel.before.as_ref().filter(|sent| !sent.gone);
        if before
            .is_some_and(|sent| sent.remote.is_some() && sent.etag.as_deref() == Some(&wanted_hash))
        {
            return Ok(Verdict::Done {
                etag: Some(wanted_hash),
                remote: None,
            });
        }
        let there = self.search(nhs_number).await?;
        self.delete_strays(&there, &parcel.id, nhs_number).await?;
        let own: Vec<&Value> = there
            .iter()
            .filter(|found| address(found) == Some(&self.details.address(&parcel.id)))
            .collect();
        let ids: Vec<String> = own
            .iter()
            .filter_map(|found| found.text("id").map(str::to_owned))
            .collect();
        // A pointer that is not among this person's is one under another number, or was taken away.
        if let Some(old) = before.and_then(|sent| sent.remote.as_ref())
            && !ids.contains(old)
        {
            self.delete(old, None).await?;
        }
        if let ([found], [id]) = (own.as_slice(), ids.as_slice())
            && hash(found) == wanted_hash
        {
            return Ok(Verdict::Done {
                etag: Some(wanted_hash),
                remote: Some(id.clone()),
            });
        }
        let said = if ids.is_empty() {
            wanted
        } else {
            replacing(wanted, &ids)
        };
        let url = format!("{}/DocumentReference", self.base);
        let answer = self
            .recorded(Method::POST, &url, Some(&said), nhs_number)
            .await?;
        match judge(&answer, "DocumentReference") {
            Verdict::Done {
                remote: Some(id), ..
            } => Ok(Verdict::Done {
                etag: Some(wanted_hash),
                remote: Some(id),
            }),
            // It was taken; which id it has is found out the next time, by searching.
            Verdict::Done { .. } => Err(Verdict::Failed {
                reason: format!("{} without the pointer's id", answer.status),
                after: None,
                down: false,
            }),
            other => Err(other),
        }
    }

    /// There is to be none.
    async fn absent(&self, parcel: &Parcel, number: Option<String>) -> Result<Verdict, Verdict> {
        let done = Ok(Verdict::Absent {
            note: Some(NONE.to_owned()),
        });
        let Some((sent, remote)) = known(parcel.before.as_ref()) else {
            return done;
        };
        if !sent.gone || sent.etag.is_none() {
            self.delete(remote, None).await?;
        }
        if sent.etag.is_none()
            && let Some(number) = number
        {
            // Comparing: whatever else is there for this person is not to be.
            let there = self.search(&number).await?;
            for found in &there {
                let own = address(found) == Some(&self.details.address(&parcel.id));
                if let (true, Some(id)) = (own, found.text("id")) {
                    self.delete(id, Some(&number)).await?;
                }
            }
        }
        done
    }

    /// Pointers of this provider and type for a person.
    async fn search(&self, nhs_number: &str) -> Result<Vec<Value>, Verdict> {
        let plain = format!("{}/DocumentReference", self.base);
        let subject = format!("{}|{nhs_number}", identity::NHS_NUMBER_SYSTEM);
        let query = [
            ("subject:identifier", subject.as_str()),
            ("type", &self.details.kind.token()),
        ];
        let url = Url::parse_with_params(&plain, query)
            .map_err(|_| refused("the address cannot be made"))?;
        let answer = self.ask(Ask::new(Method::GET, url.as_str()), None).await?;
        if !answer.is_success() {
            return Err(judge(&answer, "Bundle"));
        }
        let bundle = json::parse(&answer.body).unwrap_or_default();
        if bundle.text("resourceType") != Some("Bundle") {
            return Err(Verdict::Failed {
                reason: format!("{} without a Bundle", answer.status),
                after: None,
                down: false,
            });
        }
        let ours = |found: &Value| {
            found
                .get("custodian")
                .and_then(|custodian| custodian.get("identifier"))
                .and_then(|identifier| identifier.text("value"))
                .is_some_and(|code| code.eq_ignore_ascii_case(&self.details.custodian))
        };
        Ok(bundle
            .each("entry")
            .filter_map(|entry| entry.get("resource"))
            .filter(|found| found.text("resourceType") == Some("DocumentReference"))
            .filter(|found| ours(found))
            .cloned()
            .collect())
    }

    /// Deletes what leads to Causeway and to nobody who is pointed to: what is there and not ours.
    async fn delete_strays(
        &self,
        there: &[Value],
        patient: &str,
        nhs_number: &str,
    ) -> Result<(), Verdict> {
        let prefix = self.details.address("");
        let prefix = prefix.trim_end_matches("/$summary");
        for found in there {
            let led_to = address(found)
                .and_then(|address| address.strip_prefix(prefix))
                .and_then(|rest| rest.strip_suffix("/$summary"))
                .filter(|id| *id != patient);
            let (Some(other), Some(id)) = (led_to, found.text("id")) else {
                continue;
            };
            let asked = [("Patient".to_owned(), other.to_owned())];
            let sent = self
                .store
                .sent(&self.key, &asked)
                .await
                .map_err(store_failed)?;
            if sent.iter().all(|sent| sent.gone) {
                self.delete(id, Some(nhs_number)).await?;
            }
        }
        Ok(())
    }

    /// Deletes a pointer; one that is not there is deleted already. Whose it is, is asked where it is
    /// not known: it belongs on record, and the person may have another number by now.
    async fn delete(&self, id: &str, nhs_number: Option<&str>) -> Result<(), Verdict> {
        let url = format!("{}/DocumentReference/{id}", self.base);
        let nhs_number = match nhs_number {
            Some(number) => number.to_owned(),
            None => {
                let answer = self.ask(Ask::new(Method::GET, &url), None).await?;
                match judge(&answer, "DocumentReference") {
                    _ if matches!(answer.status, 404 | 410) => return Ok(()),
                    Verdict::Done { .. } => subject(&answer.body),
                    other => return Err(other),
                }
            }
        };
        let answer = self
            .recorded(Method::DELETE, &url, None, &nhs_number)
            .await?;
        match judge(&answer, "DocumentReference") {
            _ if matches!(answer.status, 404 | 410) => Ok(()),
            Verdict::Done { .. } => Ok(()),
            other => Err(other),
        }
    }

    /// Asks, with request and answer on record.
    async fn recorded(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
        nhs_number: &str,
    ) -> Result<Answer, Verdict> {
        let request = uuid::Uuid::new_v4().to_string();
        let mut exchange = Exchange {
            request: request.clone(),
            at: Timestamp::now(),
            verb: method.to_string(),
            url: url.to_owned(),
            ods: self.details.custodian.clone(),
            asid: self.details.asid.clone(),
            nhs_number: nhs_number.to_owned(),
            body: body.map(Value::to_string),
            ..Exchange::default()
        };
        self.record(&exchange).await?;
        let mut ask = Ask::new(method, url);
        ask.body = body.map(Value::to_bytes);
        let answer = self.ask(ask, Some(request)).await;
        exchange.is_answer = true;
        exchange.at = Timestamp::now();
        exchange.body = None;
        if let Ok(answer) = &answer {
            exchange.status = Some(answer.status);
            exchange.body = Some(String::from_utf8_lossy(&answer.body).into_owned());
            exchange.pointer = match judge(answer, "DocumentReference") {
                Verdict::Done { remote, .. } => remote,
                _ => None,
            };
        }
        self.record(&exchange).await?;
        answer
    }

    async fn record(&self, exchange: &Exchange) -> Result<(), Verdict> {
        self.store
            .log_exchange(&self.key.tenant, exchange)
            .await
            .map_err(store_failed)
    }

    async fn ask(&self, mut ask: Ask<'_>, request: Option<String>) -> Result<Answer, Verdict> {
        ask.headers.push(("accept", ACCEPT.to_owned()));
        ask.headers.push((
            "nhsd-end-user-organisation-ods",
            self.details.custodian.clone(),
        ));
        ask.headers
            .extend(request.map(|request| ("x-request-id", request)));
        self.client.ask(ask).await.map_err(|error| Verdict::Failed {
            reason: error.0,
            after: None,
            down: true,
        })
    }
}

impl std::fmt::Debug for Nrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nrl")
            .field("base", &self.base)
            .field("custodian", &self.details.custodian)
            .finish_non_exhaustive()
    }
}

impl Destination for Nrl {
    fn send<'a>(&'a self, parcel: &'a Parcel) -> Sending<'a, Verdict> {
        Box::pin(self.work(parcel))
    }

    fn decides(&self) -> bool {
        true
    }

    fn fingerprint(&self) -> String {
        format!("{:?}", self.details)
    }

    fn patience(&self) -> Duration {
        // A search, a deletion and a registration, each with a token before it.
        self.client.timeout().saturating_mul(8)
    }
}

/// What was sent before of someone who was ever pointed to.
fn known(before: Option<&Sent>) -> Option<(&Sent, &str)> {
    let sent = before?;
    Some((sent, sent.remote.as_deref()?))
}

/// The NHS number of a pointer.
fn subject(body: &[u8]) -> String {
    let pointer = json::parse(body).unwrap_or_default();
    pointer
        .get("subject")
        .and_then(|subject| subject.get("identifier"))
        .and_then(|identifier| identifier.text("value"))
        .unwrap_or_default()
        .to_owned()
}

fn refused(reason: &str) -> Verdict {
    Verdict::Refused {
        reason: reason.to_owned(),
    }
}

/// Nothing is said to the locator that cannot be recorded.
fn store_failed(error: store::Error) -> Verdict {
    Verdict::Failed {
        reason: format!("the store: {error}"),
        after: None,
        down: true,
    }
}
