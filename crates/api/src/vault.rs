//! The store, behind a decision. Only this module holds it: what handlers get is a [`Reader`].

use std::sync::Arc;

use access::Granted;
use json::{Object, Value};
use store::{
    Answer, Page, PersonRow, QuarantinedRow, Query, Sight, Store, Stored, Submission, Tenant,
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
    pub(crate) fn served(
        &self,
        mut stored: Stored,
        settings: &Settings,
    ) -> Result<Stored, Failure> {
        if self.consumer
            && !settings.publish_location_of_untraced
            && !stored.body.is_empty()
            && str::from_utf8(&stored.body).is_ok_and(|body| may_say_where(&stored.rtype, body))
        {
            let mut resource = parsed(&stored.body)?;
            if withhold_location(&mut resource, settings) {
                if settings.mention_withheld_location {
                    subsetted(&mut resource);
                }
                stored.body = resource.to_string().into_bytes();
            }
        }
        Ok(stored)
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
