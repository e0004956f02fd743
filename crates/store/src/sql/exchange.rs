//! The record of what was said to national services.

use super::record::micros;
use super::visible::View;
use super::{Part, Session};
use crate::{Error, Exchange, Sight, Tenant};

/// Adds one side of an exchange.
pub(crate) async fn add<S: Session>(
    s: &mut S,
    tenant: &Tenant,
    exchange: &Exchange,
) -> Result<(), Error> {
    let number = s.new_tenant(tenant.as_str()).await?;
    s.enter(number).await?;
    let part = Part::new(
        "INSERT INTO exchange (tenant, request, is_answer, at, verb, url, ods, asid, user_id, nhs,
           body, status, pointer)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            number.into(),
            (&exchange.request).into(),
            exchange.is_answer.into(),
            micros(exchange.at).into(),
            (&exchange.verb).into(),
            (&exchange.url).into(),
            (&exchange.ods).into(),
            (&exchange.asid).into(),
            (&exchange.user).into(),
            (&exchange.nhs_number).into(),
            (&exchange.body).into(),
            exchange.status.map(i64::from).into(),
            (&exchange.pointer).into(),
        ],
    );
    s.execute(part).await?;
    Ok(())
}

/// What was said about a person, or about all of a tenant's, in order.
pub(crate) async fn list<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    nhs_number: Option<&str>,
) -> Result<Vec<Exchange>, Error> {
    let Some(view) = View::within(s, sight, tenant).await? else {
        return Ok(Vec::new());
    };
    if !view.own() {
        return Ok(Vec::new());
    }
    let mut part = Part::new(
        "SELECT request, is_answer, at, verb, url, ods, asid, user_id, nhs, body, status, pointer
         FROM exchange WHERE tenant = ?",
        [view.tenant_number().into()],
    );
    if let Some(number) = nhs_number {
        part.add(" AND nhs = ?", [number.into()]);
    }
    part.add(" ORDER BY number", []);
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        found.push(Exchange {
            request: row.text()?,
            is_answer: row.flag()?,
            at: row.instant()?,
            verb: row.text()?,
            url: row.text()?,
            ods: row.text()?,
            asid: row.opt_text()?,
            user: row.opt_text()?,
            nhs_number: row.text()?,
            body: row.opt_text()?,
            status: row.opt_int()?.and_then(|status| u16::try_from(status).ok()),
            pointer: row.opt_text()?,
        });
    }
    Ok(found)
}
