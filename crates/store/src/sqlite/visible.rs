//! A sight as SQL: the conditions that every read adds.

use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

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
pub(super) struct View<'a> {
    tenant: i64,
    reach: &'a Reach,
    withheld: String,
    labels: &'a BTreeSet<Label>,
    retired: bool,
}

impl<'a> View<'a> {
    /// The view of one tenant; `None` when the sight does not reach it or nothing is stored of it.
    pub(super) fn within(
        connection: &Connection,
        sight: &'a Sight,
        tenant: &Tenant,
    ) -> Result<Option<Self>, Error> {
        match sight.within(tenant) {
            None => Ok(None),
            Some(reach) => Self::of(connection, sight, reach),
        }
    }

    fn of(
        connection: &Connection,
        sight: &'a Sight,
        reach: &'a Reach,
    ) -> Result<Option<Self>, Error> {
        let number = connection
            .prepare_cached("SELECT no FROM tenant WHERE name = ?1")?
            .query_row([reach.tenant.as_str()], |row| row.get(0))
            .optional()?;
        let withheld = json::Value::Array(
            sight
                .withheld()
                .iter()
                .map(|label| {
                    json::Value::Array(vec![
                        label.system.as_str().into(),
                        label.code.as_str().into(),
                    ])
                })
                .collect(),
        );
        Ok(number.map(|tenant| Self {
            tenant,
            reach,
            withheld: String::from_utf8_lossy(&withheld.to_bytes()).into_owned(),
            labels: sight.withheld(),
            retired: sight.shows_retired(),
        }))
    }

    /// The views of all tenants in sight, in the order of their numbers.
    pub(super) fn all(connection: &Connection, sight: &'a Sight) -> Result<Vec<Self>, Error> {
        let mut views = Vec::new();
        for reach in sight.reach() {
            views.extend(Self::of(connection, sight, reach)?);
        }
        views.sort_by_key(|view| view.tenant);
        Ok(views)
    }

    pub(super) fn tenant_number(&self) -> i64 {
        self.tenant
    }

    pub(super) fn tenant(&self) -> &'a Tenant {
        &self.reach.tenant
    }

    /// Whether the reader is the tenant itself.
    pub(super) fn own(&self) -> bool {
        self.reach.own
    }

    pub(super) fn sees_type(&self, rtype: &str) -> bool {
        self.reach
            .types
            .as_ref()
            .is_none_or(|types| types.contains(rtype))
    }

    /// Whether something about this person, or about nobody known, may be hinted at.
    pub(super) fn sees_person(&self, patient: &str) -> bool {
        match &self.reach.people {
            People::All => true,
            People::Only(patients) => patients.contains(patient),
        }
    }

    /// Whether one of the labels hides what carries it.
    pub(super) fn withholds(&self, labels: &[Label]) -> bool {
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
    pub(super) fn condition(&self, sql: &mut String, values: &mut Vec<Value>) {
        sql.push_str(" AND r.tenant = ?");
        values.push(self.tenant.into());
        if !self.retired {
            sql.push_str(" AND r.status <> 1");
        }
        if let People::Only(patients) = &self.reach.people {
            sql.push_str(
                " AND (r.patient IN (SELECT value FROM json_each(?))
                   OR (r.patient IS NULL AND r.rtype IN (SELECT no FROM word WHERE text IN
                     (SELECT value FROM json_each(?)))))",
            );
            values.push(list(patients.iter().map(String::as_str)));
            values.push(list(ADMINISTRATIVE));
        }
        if !self.labels.is_empty() {
            sql.push_str(" AND (r.labelled = 0 OR NOT EXISTS (");
            self.withheld_of("r.vid", sql, values);
            sql.push_str(
                ")) AND (r.patient IS NULL OR NOT EXISTS (
                   SELECT 1 FROM resource p WHERE p.tenant = r.tenant AND p.id = r.patient
                     AND p.rtype = (SELECT no FROM word WHERE text = 'Patient')
                     AND p.labelled <> 0 AND EXISTS (",
            );
            self.withheld_of("p.vid", sql, values);
            sql.push_str(")))");
        }
    }

    /// Adds what must hold of the version `v` besides: it is not withheld itself.
    pub(super) fn version_condition(&self, sql: &mut String, values: &mut Vec<Value>) {
        if !self.labels.is_empty() {
            sql.push_str(" AND NOT EXISTS (");
            self.withheld_of("v.vid", sql, values);
            sql.push(')');
        }
    }

    /// Adds that the type of `r` must be granted.
    pub(super) fn types(&self, sql: &mut String, values: &mut Vec<Value>) {
        if let Some(types) = &self.reach.types {
            sql.push_str(
                " AND r.rtype IN (SELECT no FROM word WHERE text IN
                   (SELECT value FROM json_each(?)))",
            );
            values.push(list(types.iter().map(String::as_str)));
        }
    }

    fn withheld_of(&self, vid: &str, sql: &mut String, values: &mut Vec<Value>) {
        sql.push_str("SELECT 1 FROM label l JOIN json_each(?) w ON l.code = w.value ->> 1
             AND (w.value ->> 0 = '' OR l.system = w.value ->> 0) WHERE l.tenant = r.tenant AND l.vid = ");
        sql.push_str(vid);
        values.push(self.withheld.clone().into());
    }
}

/// A list of texts as one parameter, for `json_each`.
pub(super) fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> Value {
    let array: json::Value = json::Value::Array(texts.into_iter().map(Into::into).collect());
    String::from_utf8_lossy(&array.to_bytes())
        .into_owned()
        .into()
}
