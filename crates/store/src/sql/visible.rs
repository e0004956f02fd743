//! A sight as SQL: the conditions that every read adds.

use std::collections::{BTreeSet, HashMap};

use super::{Dialect, Part, Session, Value};
use crate::{Error, Label, People, Reach, Sight, Tenant};

/// Types of resources that belong to nobody and that a sight of a few people still sees, because
/// those people's records refer to them.
const ADMINISTRATIVE: [&str; 5] = [
    "Organization",
    "Location",
    "Practitioner",
    "PractitionerRole",
    "HealthcareService",
];

/// A sight within one tenant that exists.
pub(crate) struct View<'a> {
    dialect: Dialect,
    tenant: i64,
    reach: &'a Reach,
    labels: &'a BTreeSet<Label>,
    retired: bool,
}

impl<'a> View<'a> {
    /// The view of one tenant, which the session enters; `None` when the sight does not reach it or
    /// nothing is stored of it.
    pub(crate) async fn within<S: Session>(
        s: &mut S,
        sight: &'a Sight,
        tenant: &Tenant,
    ) -> Result<Option<Self>, Error> {
        let Some(reach) = sight.within(tenant) else {
            return Ok(None);
        };
        let view = Self::of(s, sight, reach).await?;
        if let Some(view) = &view {
            view.enter(s).await?;
        }
        Ok(view)
    }

    async fn of<S: Session>(
        s: &mut S,
        sight: &'a Sight,
        reach: &'a Reach,
    ) -> Result<Option<Self>, Error> {
        let number = super::tenant(s, reach.tenant.as_str()).await?;
        Ok(number.map(|tenant| Self::numbered(s.dialect(), sight, reach, tenant)))
    }

    fn numbered(dialect: Dialect, sight: &'a Sight, reach: &'a Reach, tenant: i64) -> Self {
        Self {
            dialect,
            tenant,
            reach,
            labels: sight.withheld(),
            retired: sight.shows_retired(),
        }
    }

    /// The views of all tenants in sight, in the order of their numbers. Each is to be entered
    /// before it is asked.
    pub(crate) async fn all<S: Session>(s: &mut S, sight: &'a Sight) -> Result<Vec<Self>, Error> {
        let dialect = s.dialect();
        if let [reach] = sight.reach() {
            return Ok(Self::of(s, sight, reach).await?.into_iter().collect());
        }
        // Asked for together: a consumer may see a great many.
        let reaches: HashMap<&str, &Reach> = sight
            .reach()
            .iter()
            .map(|reach| (reach.tenant.as_str(), reach))
            .collect();
        let part = Part::new(
            format!(
                "SELECT name, no FROM tenant WHERE name {} ORDER BY no",
                dialect.among()
            ),
            [Value::list(reaches.keys().copied())],
        );
        let mut views = Vec::new();
        for mut row in s.query(part).await? {
            let (name, number) = (row.text()?, row.int()?);
            let reach = reaches.get(name.as_str());
            views.extend(reach.map(|reach| Self::numbered(dialect, sight, reach, number)));
        }
        Ok(views)
    }

    /// Goes into the tenant.
    pub(crate) async fn enter<S: Session>(&self, s: &mut S) -> Result<(), Error> {
        s.enter(self.tenant).await
    }

    pub(crate) fn tenant_number(&self) -> i64 {
        self.tenant
    }

    pub(crate) fn tenant(&self) -> &'a Tenant {
        &self.reach.tenant
    }

    /// Whether the reader is the tenant itself.
    pub(crate) fn own(&self) -> bool {
        self.reach.own
    }

    pub(crate) fn sees_type(&self, rtype: &str) -> bool {
        self.reach
            .types
            .as_ref()
            .is_none_or(|types| types.contains(rtype))
    }

    /// Whether something about this person, or about nobody known, may be hinted at.
    pub(crate) fn sees_person(&self, patient: &str) -> bool {
        match &self.reach.people {
            People::All => true,
            People::Only(patients) => patients.contains(patient),
        }
    }

    /// Whether one of the labels hides what carries it.
    pub(crate) fn withholds(&self, labels: &[Label]) -> bool {
        labels.iter().any(|label| {
            self.labels.iter().any(|withheld| {
                withheld.code == label.code
                    && (withheld.system.is_empty() || withheld.system == label.system)
            })
        })
    }

    /// Adds what must hold of the resource `r`: it is of this tenant, about a person in sight, not
    /// retired unless retired ones are shown, and neither it nor its Patient is withheld. The type
    /// is asked for by [`View::sees_type`], or with [`View::types`] where many are read at once.
    pub(crate) fn condition(&self, part: &mut Part) {
        part.add(" AND r.tenant = ?", [self.tenant.into()]);
        if !self.retired {
            part.add(" AND r.status <> 1", []);
        }
        if let People::Only(patients) = &self.reach.people {
            let among = self.dialect.among();
            part.add(
                &format!(
                    " AND (r.patient {among}
                       OR (r.patient IS NULL AND r.rtype IN (SELECT no FROM word WHERE text {among})))"
                ),
                [
                    Value::list(patients.iter().map(String::as_str)),
                    Value::list(ADMINISTRATIVE),
                ],
            );
        }
        if !self.labels.is_empty() {
            part.add(" AND (r.labelled = 0 OR NOT EXISTS (", []);
            self.withheld_of("r.vid", part);
            part.add(
                ")) AND (r.patient IS NULL OR NOT EXISTS (
                   SELECT 1 FROM resource p WHERE p.tenant = r.tenant AND p.id = r.patient
                     AND p.rtype = (SELECT no FROM word WHERE text = 'Patient')
                     AND p.labelled <> 0 AND EXISTS (",
                [],
            );
            self.withheld_of("p.vid", part);
            part.add(")))", []);
        }
    }

    /// Adds what must hold of the version `v` besides: it is not withheld itself.
    pub(crate) fn version_condition(&self, part: &mut Part) {
        if !self.labels.is_empty() {
            part.add(" AND NOT EXISTS (", []);
            self.withheld_of("v.vid", part);
            part.add(")", []);
        }
    }

    /// Adds that the type of `r` must be granted.
    pub(crate) fn types(&self, part: &mut Part) {
        if let Some(types) = &self.reach.types {
            let among = self.dialect.among();
            part.add(
                &format!(" AND r.rtype IN (SELECT no FROM word WHERE text {among})"),
                [Value::list(types.iter().map(String::as_str))],
            );
        }
    }

    fn withheld_of(&self, vid: &str, part: &mut Part) {
        part.add(
            &format!(
                "SELECT 1 FROM label l WHERE l.tenant = r.tenant AND l.vid = {vid} AND (FALSE"
            ),
            [],
        );
        for label in self.labels {
            if label.system.is_empty() {
                part.add(" OR l.code = ?", [label.code.as_str().into()]);
            } else {
                part.add(
                    " OR (l.code = ? AND l.system = ?)",
                    [label.code.as_str().into(), label.system.as_str().into()],
                );
            }
        }
        part.add(")", []);
    }
}
