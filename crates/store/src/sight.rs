//! What a caller may see: the predicate that every read passes through.

use std::collections::BTreeSet;

use crate::{Label, Tenant};

/// Whose records of a tenant may be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum People {
    /// Everyone's, and what belongs to nobody.
    All,
    /// Only these Patients', by id, and the administrative resources that belong to nobody
    /// (Organization, Location, Practitioner, PractitionerRole, HealthcareService).
    Only(BTreeSet<String>),
}

/// One tenant within a sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The tenant.
    pub tenant: Tenant,
    /// Whose records.
    pub people: People,
    /// Which resource types; `None` for all.
    pub types: Option<BTreeSet<String>>,
    /// Whether the reader is the tenant itself: only then are submissions, reports and the content
    /// of the quarantine its to read (CS-22).
    pub own: bool,
}

impl Reach {
    /// Everything of a tenant, seen by the tenant itself.
    pub fn own(tenant: Tenant) -> Self {
        Self {
            tenant,
            people: People::All,
            types: None,
            own: true,
        }
    }

    /// Everyone of a tenant, seen by another organisation.
    pub fn shared(tenant: Tenant) -> Self {
        Self {
            tenant,
            people: People::All,
            types: None,
            own: false,
        }
    }
}

/// The access predicate. The `access` crate makes it from a decision; nothing else should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    reach: Vec<Reach>,
    withheld: BTreeSet<Label>,
    retired: bool,
}

impl Sight {
    /// A sight over these tenants (the first of two that name the same tenant counts), without the
    /// resources that carry one of the withheld labels, and without retired resources. A withheld
    /// label with an empty system hides its code under every system. A withheld Patient hides
    /// everything that is about that person.
    pub fn new(reach: Vec<Reach>, withheld: BTreeSet<Label>) -> Self {
        let mut seen = BTreeSet::new();
        let reach = reach
            .into_iter()
            .filter(|reach| seen.insert(reach.tenant.clone()))
            .collect();
        Self {
            reach,
            withheld,
            retired: false,
        }
    }

    /// A sight that sees nothing.
    pub fn nothing() -> Self {
        Self::new(Vec::new(), BTreeSet::new())
    }

    /// The same sight with retired resources shown.
    #[must_use]
    pub fn with_retired(mut self) -> Self {
        self.retired = true;
        self
    }

    /// The same sight narrowed to these types, within what it already allows.
    #[must_use]
    pub fn only_types<S: Into<String>>(mut self, types: impl IntoIterator<Item = S>) -> Self {
        let wanted: BTreeSet<String> = types.into_iter().map(Into::into).collect();
        for reach in &mut self.reach {
            reach.types = Some(match &reach.types {
                None => wanted.clone(),
                Some(granted) => granted.intersection(&wanted).cloned().collect(),
            });
        }
        self
    }

    /// The tenants and what may be seen of each.
    pub fn reach(&self) -> &[Reach] {
        &self.reach
    }

    /// The reach within one tenant.
    pub fn within(&self, tenant: &Tenant) -> Option<&Reach> {
        self.reach.iter().find(|reach| &reach.tenant == tenant)
    }

    /// The labels that hide a resource.
    pub fn withheld(&self) -> &BTreeSet<Label> {
        &self.withheld
    }

    /// Whether retired resources are shown.
    pub fn shows_retired(&self) -> bool {
        self.retired
    }
}
