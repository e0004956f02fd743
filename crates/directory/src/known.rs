//! What counts: the file's word with the operators' laid over it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use access::Access;
use store::DirectoryRow;

use crate::{Agreement, Client, Entry, IDENTIFIER_KINDS, Kind, Organisation};

/// Who is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// The care providers, by tenant.
    pub organisations: BTreeMap<String, Organisation>,
    /// The clients, by id.
    pub clients: BTreeMap<String, Client>,
    /// The agreements, by consumer and provider.
    pub agreements: BTreeMap<String, Agreement>,
    /// Further agreements of the file between a consumer and a provider that have one already:
    /// several may narrow and widen each other there.
    more: Vec<Agreement>,
}

/// Why what is known cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub(crate) String);

impl Problem {
    /// A problem in words.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl Known {
    /// What a configuration file says.
    pub fn of_file(
        organisations: impl IntoIterator<Item = Organisation>,
        clients: &[auth::Client],
        agreements: &[access::Agreement],
    ) -> Self {
        let mut known = Self::default();
        for organisation in organisations {
            known
                .organisations
                .insert(organisation.tenant.clone(), organisation);
        }
        for client in clients {
            let client = Client {
                id: client.id.clone(),
                organisation: client.organisation.clone(),
                tenant: client.tenant.clone(),
            };
            known.clients.insert(client.id.clone(), client);
        }
        for agreement in agreements {
            let agreement = Agreement {
                consumer: agreement.consumer.clone(),
                provider: agreement.provider.clone(),
                types: agreement.types.clone(),
                from: agreement.from,
                until: agreement.until,
            };
            match known.agreements.get(&agreement.key()) {
                Some(_) => known.more.push(agreement),
                None => {
                    known.agreements.insert(agreement.key(), agreement);
                }
            }
        }
        known
    }

    /// The same with what operators recorded.
    ///
    /// # Errors
    /// When a record cannot be read: it is of a later Causeway. To go on without it could let
    /// somebody in who was shut out.
    pub fn with(mut self, rows: &[DirectoryRow]) -> Result<Self, Problem> {
        for row in rows {
            let change = &row.change;
            let unreadable = || {
                Problem(format!(
                    "record {} of the directory cannot be read: a later Causeway may have written it",
                    row.number
                ))
            };
            let kind = Kind::from_word(&change.kind).ok_or_else(unreadable)?;
            match &change.content {
                Some(content) => {
                    let entry = Entry::of_json(kind, content).ok_or_else(unreadable)?;
                    self.put(entry);
                }
                None => self.end(kind, &change.key),
            }
        }
        Ok(self)
    }

    /// Lays one entry over what is known.
    pub fn put(&mut self, entry: Entry) {
        match entry {
            Entry::Tenant(organisation) => {
                self.organisations
                    .insert(organisation.tenant.clone(), organisation);
            }
            Entry::Client(client) => {
                self.clients.insert(client.id.clone(), client);
            }
            Entry::Agreement(agreement) => {
                let key = agreement.key();
                self.more.retain(|other| other.key() != key);
                self.agreements.insert(key, agreement);
            }
        }
    }

    /// Ends an entry. With a tenant end the agreements about its people and its clients: what is left
    /// would be about nobody.
    pub fn end(&mut self, kind: Kind, key: &str) {
        match kind {
            Kind::Tenant => {
                let Some(gone) = self.organisations.remove(key) else {
                    return;
                };
                self.clients
                    .retain(|_, client| client.tenant.as_deref() != Some(key));
                let others: BTreeSet<String> = self
                    .organisations
                    .values()
                    .map(|organisation| organisation.ods.to_ascii_uppercase())
                    .collect();
                let stays = |agreement: &Agreement| {
                    let provider = agreement.provider.to_ascii_uppercase();
                    provider != gone.ods.to_ascii_uppercase() || others.contains(&provider)
                };
                self.agreements.retain(|_, agreement| stays(agreement));
                self.more.retain(stays);
            }
            Kind::Client => {
                self.clients.remove(key);
            }
            Kind::Agreement => {
                self.agreements.remove(key);
                self.more.retain(|agreement| agreement.key() != key);
            }
        }
    }

    /// Whether all of it can be used together.
    ///
    /// # Errors
    /// The first entry that cannot.
    pub fn check(&self) -> Result<(), Problem> {
        for organisation in self.organisations.values() {
            let fail = |what: &str| Err(Problem(format!("tenant {}: {what}", organisation.tenant)));
            if organisation.name.trim().is_empty() {
                return fail("it needs a name that readers of a summary see");
            }
            for (kind, codes) in &organisation.identifiers {
                if !IDENTIFIER_KINDS.contains(&kind.as_str()) {
                    return fail(&format!(
                        "there is no kind of identifier {kind}: use {}",
                        IDENTIFIER_KINDS.join(", ")
                    ));
                }
                if codes.is_empty() || codes.iter().any(|code| code.trim().is_empty()) {
                    return fail(&format!("its identifiers of kind {kind} hold an empty one"));
                }
            }
        }
        for client in self.clients.values() {
            let Some(tenant) = &client.tenant else {
                continue;
            };
            let fits = self.organisations.get(tenant).is_some_and(|organisation| {
                organisation.ods.eq_ignore_ascii_case(&client.organisation)
            });
            if !fits {
                return Err(Problem(format!(
                    "client {}: there is no tenant {tenant} of the organisation {}",
                    client.id, client.organisation
                )));
            }
        }
        Access::new(self.access()).map_err(|error| Problem(error.to_string()))?;
        auth::check_clients(&self.auth()).map_err(|error| Problem(error.to_string()))
    }

    /// Every agreement, further ones of the file between the same two included.
    pub fn all_agreements(&self) -> impl Iterator<Item = &Agreement> {
        self.agreements.values().chain(&self.more)
    }

    /// The clients, as `auth` takes them.
    pub fn auth(&self) -> Vec<auth::Client> {
        self.clients
            .values()
            .map(|client| auth::Client {
                id: client.id.clone(),
                organisation: client.organisation.clone(),
                tenant: client.tenant.clone(),
            })
            .collect()
    }

    /// Tenants and agreements, as `access` takes them.
    pub fn access(&self) -> access::Config {
        access::Config {
            tenants: self
                .organisations
                .values()
                .map(|organisation| access::TenantConfig {
                    name: organisation.tenant.clone(),
                    organisation: organisation.ods.clone(),
                })
                .collect(),
            agreements: self
                .all_agreements()
                .map(|agreement| access::Agreement {
                    consumer: agreement.consumer.clone(),
                    provider: agreement.provider.clone(),
                    types: agreement.types.clone(),
                    from: agreement.from,
                    until: agreement.until,
                })
                .collect(),
        }
    }

    /// The codes by which a tenant's files may name it, by kind: its ODS code among them.
    pub fn identifiers(&self, tenant: &str) -> BTreeMap<String, BTreeSet<String>> {
        let Some(organisation) = self.organisations.get(tenant) else {
            return BTreeMap::new();
        };
        let mut identifiers = organisation.identifiers.clone();
        identifiers
            .entry("ods".to_owned())
            .or_default()
            .insert(organisation.ods.clone());
        identifiers
    }
}
