//! The lawful end of a file's content.

use super::{Part, Session, deeds, first};
use crate::{Deed, Error, Tenant};

/// Erases a file's pieces and its key, the raw records that the quarantine holds of its
/// submissions, and the values that their issues and reports quote. The rows stay, so that what was
/// received, when and how much is still known.
pub(crate) async fn erase<S: Session>(
    s: &mut S,
    now: i64,
    tenant: &Tenant,
    hash: &str,
    deed: &Deed,
) -> Result<bool, Error> {
    let Some(tenant) = super::tenant(s, tenant.as_str()).await? else {
        return Ok(false);
    };
    s.enter(tenant).await?;
    let part = Part::new(
        format!(
            "SELECT upload FROM blob WHERE tenant = ? AND hash = ? AND erased IS NULL{}",
            s.dialect().for_update()
        ),
        [tenant.into(), hash.into()],
    );
    let Some(mut row) = first(s, part).await? else {
        return Ok(false);
    };
    let upload = row.text()?;
    s.execute(Part::new(
        "UPDATE blob SET erased = ?, sealed_key = NULL WHERE tenant = ? AND hash = ?",
        [now.into(), tenant.into(), hash.into()],
    ))
    .await?;
    s.execute(Part::new(
        "DELETE FROM chunk WHERE tenant = ? AND upload = ?",
        [tenant.into(), upload.into()],
    ))
    .await?;
    erase_quarantine(s, tenant, hash).await?;
    erase_reports(s, tenant, hash).await?;
    deeds::put(s, tenant, deed).await?;
    Ok(true)
}

/// How many rows are rewritten at once.
const PART: i64 = 500;

async fn erase_quarantine<S: Session>(s: &mut S, tenant: i64, hash: &str) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let part = Part::new(
            "SELECT q.number, q.issues FROM quarantine q
             JOIN submission m ON m.tenant = q.tenant AND m.id = q.submission
             WHERE q.tenant = ? AND m.file_hash = ? AND q.number > ? ORDER BY q.number LIMIT ?",
            [tenant.into(), hash.into(), after.into(), PART.into()],
        );
        let rows = s.query(part).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for mut row in rows {
            after = row.int()?;
            let issues = without_values(&row.text()?);
            s.execute(Part::new(
                "UPDATE quarantine SET raw = '', issues = ? WHERE tenant = ? AND number = ?",
                [issues.into(), tenant.into(), after.into()],
            ))
            .await?;
        }
    }
}

async fn erase_reports<S: Session>(s: &mut S, tenant: i64, hash: &str) -> Result<(), Error> {
    let part = Part::new(
        "SELECT number, report FROM submission WHERE tenant = ? AND file_hash = ?",
        [tenant.into(), hash.into()],
    );
    for mut row in s.query(part).await? {
        let number = row.int()?;
        let report = without_values(&row.text()?);
        s.execute(Part::new(
            "UPDATE submission SET report = ? WHERE tenant = ? AND number = ?",
            [report.into(), tenant.into(), number.into()],
        ))
        .await?;
    }
    Ok(())
}

/// JSON text without the members that quote a record: `value` at any depth. What cannot be read as
/// JSON may quote anything, so nothing of it stays.
fn without_values(text: &str) -> String {
    let Ok(mut tree) = json::parse(text.as_bytes()) else {
        return "null".to_owned();
    };
    strip(&mut tree);
    String::from_utf8_lossy(&tree.to_bytes()).into_owned()
}

fn strip(tree: &mut json::Value) {
    if let Some(object) = tree.as_object_mut() {
        object.remove("value");
        for (_, value) in object.iter_mut() {
            strip(value);
        }
    } else if let Some(array) = tree.as_array_mut() {
        for value in array {
            strip(value);
        }
    }
}
