//! The store, behind a decision. Only this module holds it: what handlers get is a [`Reader`].

use std::sync::Arc;

use access::Granted;
use identity::{Decision, NhsNumber, Record};
use json::{Object, Value};
use store::{
    Answer, DeedRow, Job, JobQuery, NewCase, Page, PendingRow, PersonRow, QuarantineQuery,
    QuarantinedRow, Query, Raised, Sight, Store, Stored, Submission, SubmissionQuery, Tenant,
    Traced,
};
use summary::{Settings, may_say_where, withhold_location};

use crate::failure::Failure;
use crate::respond::parsed;

/// The closed store.
#[derive(Clone)]
pub(crate) struct Vault(Arc<dyn Store>);

impl Vault {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// Opens the store as far as a decision goes. There is no other way to it.
    pub(crate) fn open(&self, granted: Granted, consumer: bool) -> Reader {
        Reader {
            store: Arc::clone(&self.0),
            sight: granted.sight,
            consumer,
        }
    }

    /// Opens what a tenant's own clients see of its submissions; `None` for who has no tenant.
    pub(crate) fn own(&self, granted: Granted) -> Option<Own> {
        Some(Own {
            store: Arc::clone(&self.0),
            tenant: granted.tenant?,
            sight: granted.sight,
        })
    }

    /// Whether the store answers.
    pub(crate) async fn ready(&self) -> Result<(), store::Error> {
        self.0.ready().await
    }
}

/// The store, as far as one caller's request may see it.
pub(crate) struct Reader {
    store: Arc<dyn Store>,
    sight: Sight,
    /// Whether the reader is another organisation than the one whose records they are.
    consumer: bool,
}

impl Reader {
    /// What may be served of a stored resource: to another organisation, not where an untraced
    /// person lives (CS-3). Only those that could say so are parsed for it.
    pub(crate) async fn served(
        &self,
        mut stored: Stored,
        settings: &Settings,
    ) -> Result<Stored, Failure> {
        if self.consumer
            && !stored.body.is_empty()
            && str::from_utf8(&stored.body).is_ok_and(|body| may_say_where(&stored.rtype, body))
        {
            let traced = match &stored.patient {
                Some(patient) => self.traced(&stored.tenant, patient).await?,
                None => None,
            };
            let restricted = traced.as_ref().is_some_and(|traced| traced.restricted);
            if settings.publish_location_of_untraced && traced.is_none() {
                return Ok(stored);
            }
            let mut resource = parsed(&stored.body)?;
            let says_more = traced.filter(|_| stored.rtype == "Patient");
            if let Some(traced) = &says_more {
                crate::kin::say_traced(&mut resource, traced);
            }
            // Of somebody whom PDS marks as restricted, no setting publishes it.
            let strict = restricted.then(|| Settings {
                publish_location_of_untraced: false,
                ..settings.clone()
            });
            let withheld = withhold_location(&mut resource, strict.as_ref().unwrap_or(settings));
            if withheld && settings.mention_withheld_location {
                subsetted(&mut resource);
            }
            if withheld || says_more.is_some() {
                stored.body = resource.to_string().into_bytes();
            }
        }
        Ok(stored)
    }

    /// What PDS said of a person, where it was asked and the record still says the same.
    pub(crate) async fn traced(
        &self,
        tenant: &Tenant,
        patient: &str,
    ) -> Result<Option<Traced>, store::Error> {
        let patients = [patient.to_owned()];
        let mut found = self.store.traces(&self.sight, tenant, &patients).await?;
        Ok(found.pop())
    }

    /// What people have decided about these records and numbers.
    pub(crate) fn decisions_about<'a>(
        &'a self,
        records: &'a [Record],
        numbers: &'a [NhsNumber],
    ) -> Answer<'a, Vec<(u64, Decision)>> {
        self.store.decisions_about(&self.sight, records, numbers)
    }

    /// Puts a case before a person.
    pub(crate) fn raise<'a>(&'a self, case: &'a NewCase) -> Answer<'a, Raised> {
        self.store.raise(case)
    }

    /// Whether this reader may search by where people live.
    pub(crate) fn searches_location(&self, settings: &Settings) -> bool {
        !self.consumer || settings.publish_location_of_untraced
    }

    pub(crate) fn sight(&self) -> &Sight {
        &self.sight
    }

    /// The same reader for a summary: it sees only these types, within what it sees already, and
    /// also what sources no longer report, for counting it.
    pub(crate) fn for_summary<'t>(&self, types: impl IntoIterator<Item = &'t String>) -> Self {
        let sight = self.sight.clone().with_retired();
        Self {
            store: Arc::clone(&self.store),
            sight: sight.only_types(types.into_iter().map(String::as_str)),
            consumer: self.consumer,
        }
    }

    pub(crate) fn read<'a>(&'a self, rtype: &'a str, id: &'a str) -> Answer<'a, Option<Stored>> {
        self.store.read(&self.sight, rtype, id)
    }

    pub(crate) fn vread<'a>(
        &'a self,
        rtype: &'a str,
        id: &'a str,
        version: u64,
    ) -> Answer<'a, Option<Stored>> {
        self.store.vread(&self.sight, rtype, id, version)
    }

    pub(crate) fn history<'a>(&'a self, rtype: &'a str, id: &'a str) -> Answer<'a, Vec<Stored>> {
        self.store.history(&self.sight, rtype, id)
    }

    pub(crate) fn search<'a>(&'a self, query: &'a Query) -> Answer<'a, Page> {
        self.store.search(&self.sight, query)
    }

    pub(crate) fn people<'a>(&'a self, nhs_number: &'a str) -> Answer<'a, Vec<PersonRow>> {
        self.store.people_by_nhs_number(&self.sight, nhs_number)
    }

    pub(crate) fn person<'a>(
        &'a self,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Option<PersonRow>> {
        self.store.person(&self.sight, tenant, patient)
    }

    pub(crate) fn everything<'a>(
        &'a self,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Vec<Stored>> {
        self.store.everything_about(&self.sight, tenant, patient)
    }

    pub(crate) fn held_back<'a>(
        &'a self,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Vec<QuarantinedRow>> {
        self.store.quarantine_for(&self.sight, tenant, patient)
    }

    pub(crate) fn held_under<'a>(&'a self, nhs_number: &'a str) -> Answer<'a, Vec<QuarantinedRow>> {
        self.store.quarantine_by_nhs_number(&self.sight, nhs_number)
    }

    pub(crate) fn submission<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a str,
    ) -> Answer<'a, Option<Submission>> {
        self.store.submission(&self.sight, tenant, id)
    }
}

/// A tenant's submissions, as its own clients see them.
pub(crate) struct Own {
    store: Arc<dyn Store>,
    tenant: Tenant,
    sight: Sight,
}

impl Own {
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    pub(crate) fn submission<'a>(&'a self, id: &'a str) -> Answer<'a, Option<Submission>> {
        self.store.submission(&self.sight, &self.tenant, id)
    }

    pub(crate) fn submissions<'a>(
        &'a self,
        query: &'a SubmissionQuery,
    ) -> Answer<'a, Vec<Submission>> {
        self.store
            .find_submissions(&self.sight, &self.tenant, query)
    }

    pub(crate) fn quarantine<'a>(
        &'a self,
        query: &'a QuarantineQuery,
    ) -> Answer<'a, Vec<QuarantinedRow>> {
        self.store.quarantine(&self.sight, &self.tenant, query)
    }

    pub(crate) fn pending<'a>(&'a self, submission: &'a str) -> Answer<'a, Vec<PendingRow>> {
        self.store
            .pending(&self.sight, &self.tenant, Some(submission))
    }

    pub(crate) fn deeds<'a>(&'a self, submission: &'a str) -> Answer<'a, Vec<DeedRow>> {
        self.store
            .deeds(&self.sight, &self.tenant, Some(submission))
    }

    /// A file's bytes as they were sent.
    pub(crate) async fn file(
        &self,
        hash: &str,
        keys: &archive::Keys,
    ) -> Result<archive::Reader, archive::ReadError> {
        let shelf: archive::Shelf = self.store.clone();
        archive::Reader::open(shelf, &self.sight, &self.tenant, hash, keys).await
    }

    /// Every source of the tenant with what came last, and whether it is silent for too long.
    pub(crate) async fn sources(
        &self,
        now: jiff::Timestamp,
    ) -> Result<Vec<submission::silence::SourceStanding>, store::Error> {
        submission::silence::sources(self.store.as_ref(), &self.tenant, now).await
    }

    pub(crate) fn jobs<'a>(&'a self, query: &'a JobQuery) -> Answer<'a, Vec<Job>> {
        self.store.jobs(&self.sight, &self.tenant, query)
    }
}

/// Says, as FHIR says it, that a resource is not whole
/// (<http://hl7.org/fhir/R4/resource.html#simple-tags>).
fn subsetted(resource: &mut Value) {
    let tag = Object::new()
        .with(
            "system",
            "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
        )
        .with("code", "SUBSETTED");
    let Some(resource) = resource.as_object_mut() else {
        return;
    };
    if let Some(Value::Object(meta)) = resource.get_mut("meta") {
        match meta.get_mut("tag") {
            Some(Value::Array(tags)) => tags.push(tag.into()),
            _ => drop(meta.insert("tag", vec![Value::from(tag)])),
        }
    }
}
