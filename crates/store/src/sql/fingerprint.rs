//! One number for everything that is stored of a tenant.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{Part, Record, Session, Value};
use crate::{Error, Tenant};

/// How many resources are read at once.
const PART: i64 = 200;

/// A hash over every resource of a tenant with all its versions: their numbers, contents, statuses,
/// sources, persons, labels and as-ofs. What depends on when and how it came here is left out (the
/// moment of the commit, the submission, the numbers of rows), and so are the index rows, which are
/// made of the content: a store that was restored and was then sent again what it had missed has the
/// hash that it would have had.
///
/// It is the sum of the SHA-256 of each resource, as numbers of 256 bits, so the order in which they
/// were stored does not matter and nothing has to be sorted.
pub(crate) async fn fingerprint<S: Session>(s: &mut S, tenant: &Tenant) -> Result<String, Error> {
    let mut sum = Sum::default();
    let Some(tenant) = super::tenant(s, tenant.as_str()).await? else {
        return Ok(sum.hex());
    };
    s.enter(tenant).await?;
    let (by_row, join) = (s.dialect().by_row(), s.dialect().join());
    let mut from = 0;
    loop {
        let part = Part::new(
            format!(
                "SELECT r.rid, t.text, r.id, r.ver, r.status, r.patient, w.text, r.as_of
                 FROM resource r {by_row} {join} word t ON t.no = r.rtype
                 {join} word w ON w.no = r.source
                 WHERE r.tenant = ? AND r.rid > ? ORDER BY r.rid LIMIT ?"
            ),
            [tenant.into(), from.into(), PART.into()],
        );
        let mut found: BTreeMap<i64, Text> = BTreeMap::new();
        for mut row in s.query(part).await? {
            let rid = row.int()?;
            from = rid;
            let mut text = Text::default();
            text.column(Some(&row.text()?));
            text.column(Some(&row.text()?));
            text.standing(&mut row)?;
            found.insert(rid, text);
        }
        if found.is_empty() {
            return Ok(sum.hex());
        }
        let rids: Vec<i64> = found.keys().copied().collect();
        versions(s, tenant, &rids, &mut found).await?;
        labels(s, tenant, &rids, &mut found).await?;
        people(s, tenant, &rids, &mut found).await?;
        for text in found.into_values() {
            sum.add(&text.0.finalize());
        }
    }
}

async fn versions<S: Session>(
    s: &mut S,
    tenant: i64,
    rids: &[i64],
    found: &mut BTreeMap<i64, Text>,
) -> Result<(), Error> {
    let part = Part::new(
        format!(
            "SELECT v.rid, v.ver, v.status, v.patient, w.text, v.as_of, v.body
             FROM version v JOIN word w ON w.no = v.source
             WHERE v.tenant = ? AND v.rid {} ORDER BY v.rid, v.ver",
            s.dialect().among()
        ),
        [tenant.into(), Value::Ints(rids.to_vec())],
    );
    for mut row in s.query(part).await? {
        let Some(text) = found.get_mut(&row.int()?) else {
            continue;
        };
        text.standing(&mut row)?;
        let body = row.bytes()?;
        text.bytes(&content(&body)?);
    }
    Ok(())
}

/// The content without what the store itself wrote into it.
fn content(body: &[u8]) -> Result<Vec<u8>, Error> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let mut resource = json::parse(body)
        .map_err(|_| Error::Database("a stored resource cannot be read".to_owned()))?;
    if let Some(meta) = resource
        .get_mut("meta")
        .and_then(json::Value::as_object_mut)
    {
        meta.remove("versionId");
        meta.remove("lastUpdated");
    }
    Ok(resource.to_bytes())
}

async fn labels<S: Session>(
    s: &mut S,
    tenant: i64,
    rids: &[i64],
    found: &mut BTreeMap<i64, Text>,
) -> Result<(), Error> {
    let part = Part::new(
        format!(
            "SELECT v.rid, v.ver, l.system, l.code
             FROM version v JOIN label l ON l.tenant = v.tenant AND l.vid = v.vid
             WHERE v.tenant = ? AND v.rid {} ORDER BY v.rid, v.ver, l.system, l.code",
            s.dialect().among()
        ),
        [tenant.into(), Value::Ints(rids.to_vec())],
    );
    for mut row in s.query(part).await? {
        if let Some(text) = found.get_mut(&row.int()?) {
            text.column(Some("label"));
            text.number(row.int()?);
            text.column(Some(&row.text()?));
            text.column(Some(&row.text()?));
        }
    }
    Ok(())
}

async fn people<S: Session>(
    s: &mut S,
    tenant: i64,
    rids: &[i64],
    found: &mut BTreeMap<i64, Text>,
) -> Result<(), Error> {
    let part = Part::new(
        format!(
            "SELECT p.rid, p.nhs, p.birth, p.family FROM person p WHERE p.tenant = ? AND p.rid {}",
            s.dialect().among()
        ),
        [tenant.into(), Value::Ints(rids.to_vec())],
    );
    for mut row in s.query(part).await? {
        if let Some(text) = found.get_mut(&row.int()?) {
            text.column(Some("person"));
            for _ in 0..3 {
                text.column(row.opt_text()?.as_deref());
            }
        }
    }
    Ok(())
}

/// What is hashed of one resource: each part with its length, so that no two contents read the same.
#[derive(Default)]
struct Text(Sha256);

impl Text {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn column(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.bytes(text.as_bytes()),
            None => self.0.update(u64::MAX.to_le_bytes()),
        }
    }

    fn number(&mut self, number: i64) {
        self.0.update(number.to_le_bytes());
    }

    /// Version, status, person, source and as-of, as they come in a row.
    fn standing(&mut self, row: &mut Record) -> Result<(), Error> {
        self.number(row.int()?);
        self.number(row.int()?);
        self.column(row.opt_text()?.as_deref());
        self.column(Some(&row.text()?));
        self.number(row.int()?);
        Ok(())
    }
}

/// A sum of hashes, least byte first.
#[derive(Default)]
struct Sum([u8; 32]);

impl Sum {
    fn add(&mut self, hash: &[u8]) {
        let mut carry = 0;
        for (to, from) in self.0.iter_mut().zip(hash) {
            let sum = u16::from(*to) + u16::from(*from) + carry;
            *to = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
    }

    fn hex(&self) -> String {
        self.0
            .iter()
            .rev()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
