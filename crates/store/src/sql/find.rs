//! Searching.
//!
//! A query runs tenant by tenant, each with its number written into it, so that every index is
//! entered by its whole key. Within a tenant one clause drives: its index gives the row numbers,
//! and the others are looked up for each of them. Row numbers only grow, so a page that starts
//! after one neither repeats nor skips what was there before.

use super::record::micros;
use super::visible::View;
use super::{Dialect, Part, Session, Value, fetch, first};
use crate::{
    Clause, Cursor, DateMatch, DateOp, Error, Page, Query, ReferenceMatch, Sight, SystemMatch,
    TextMatch, TokenMatch,
};

/// The most alternatives that the clauses of a query may hold together.
const WIDEST: usize = 400;

/// One page.
pub(crate) async fn search<S: Session>(
    s: &mut S,
    sight: &Sight,
    query: &Query,
) -> Result<Page, Error> {
    let wide: usize = query.clauses.iter().map(alternatives).sum();
    if wide > WIDEST {
        return Err(Error::TooWide);
    }
    let mut page = Page {
        total: query.total.then_some(0),
        ..Page::default()
    };
    let Some(rtype) = s.word(&query.rtype).await? else {
        return Ok(page);
    };
    let mut last = query.after.unwrap_or(Cursor { tenant: 0, row: 0 });
    let most = usize::try_from(query.count).unwrap_or(usize::MAX);
    for view in View::all(s, sight).await? {
        if !view.sees_type(&query.rtype) {
            continue;
        }
        view.enter(s).await?;
        if let Some(total) = &mut page.total {
            let Some(matches) = matches(s, &view, rtype, query, 0).await? else {
                continue;
            };
            let mut part = Part::new("SELECT count(DISTINCT i.rid)", []);
            part.append(matches);
            if let Some(mut row) = first(s, part).await? {
                *total += row.count()?;
            }
        }
        let start = match query.after {
            Some(after) if view.tenant_number() < after.tenant => continue,
            Some(after) if view.tenant_number() == after.tenant => after.row,
            _ => 0,
        };
        if most == 0 || page.next.is_some() {
            continue;
        }
        let Some(matches) = matches(s, &view, rtype, query, start).await? else {
            continue;
        };
        let left = most - page.items.len();
        let mut part = Part::new("SELECT DISTINCT i.rid", []);
        part.append(matches);
        part.add(
            " ORDER BY i.rid LIMIT ?",
            [i64::try_from(left + 1).unwrap_or(i64::MAX).into()],
        );
        let mut rids = Vec::new();
        for mut row in s.query(part).await? {
            rids.push(row.int()?);
        }
        let more = rids.len() > left;
        rids.truncate(left);
        if let Some(row) = rids.last() {
            last = Cursor {
                tenant: view.tenant_number(),
                row: *row,
            };
        }
        if more {
            page.next = Some(last);
        }
        page.items.extend(fetch::by_rows(s, &view, rids).await?);
    }
    Ok(page)
}

fn alternatives(clause: &Clause) -> usize {
    match clause {
        Clause::Id(_) => 1,
        Clause::LastUpdated(any) | Clause::Date { any, .. } => any.len(),
        Clause::Token { any, .. } => any.len(),
        Clause::Reference { any, .. } => any.len(),
        Clause::Text { any, .. } => any.len(),
    }
}

/// `FROM … WHERE …` of the matches in one tenant after a row, where `i.rid` is the row number;
/// `None` when nothing can match.
pub(crate) async fn matches<S: Session>(
    s: &mut S,
    view: &View<'_>,
    rtype: i64,
    query: &Query,
    after: i64,
) -> Result<Option<Part>, Error> {
    let (tenant, dialect) = (view.tenant_number(), s.dialect());
    let resource = dialect.resource_of_row();
    let mut clauses = Vec::with_capacity(query.clauses.len());
    for clause in &query.clauses {
        match Condition::of(s, &query.rtype, rtype, clause).await? {
            Some(condition) => clauses.push(condition),
            None => return Ok(None),
        }
    }
    clauses.sort_by_key(|clause| clause.rank);
    let mut clauses = clauses.into_iter();
    let mut part = Part::default();
    let place = [tenant.into(), after.into()];
    match clauses.next() {
        // An index that gives the row numbers in order is read only as far as the page needs.
        Some(Condition {
            table,
            ordered: true,
            rows,
            ..
        }) => {
            let from = format!(
                " FROM {table} i {resource}
                 WHERE i.tenant = ? AND i.rid > ?"
            );
            part.add(&from, place);
            part.append(rows);
        }
        // Otherwise the row numbers are gathered and sorted first. The plus keeps the table from
        // being entered by row number.
        Some(Condition { table, rows, .. }) => {
            let from = format!(
                " FROM (SELECT DISTINCT i.rid, i.tenant FROM {table} i {} WHERE i.tenant = ? AND +i.rid > ?",
                entered_by(dialect, table)
            );
            part.add(&from, place);
            part.append(rows);
            part.add(&format!(") i {resource} WHERE TRUE"), []);
        }
        None => {
            part.add(
                &format!(
                    " FROM resource i {resource}
                     WHERE i.tenant = ? AND i.rid > ? AND i.rtype = ?"
                ),
                place,
            );
            part.values.push(rtype.into());
        }
    }
    part.add(" AND r.rtype = ? AND r.status <> 3", [rtype.into()]);
    for Condition {
        table, seeks, rows, ..
    } in clauses
    {
        let start = if seeks {
            format!(" AND EXISTS (SELECT 1 FROM {table} i WHERE i.rid = r.rid AND i.tenant = ?")
        } else {
            format!(" AND r.rid IN (SELECT i.rid FROM {table} i WHERE i.tenant = ?")
        };
        part.add(&start, [tenant.into()]);
        part.append(rows);
        if seeks {
            part.add(dialect.asked_of_each(), []);
        }
        part.add(")", []);
    }
    view.condition(&mut part);
    Ok(Some(part))
}

/// The key by which a table with two is entered when the resource is not known yet.
fn entered_by(dialect: Dialect, table: &str) -> &'static str {
    match table {
        _ if dialect != Dialect::Sqlite => "",
        "date" => "INDEXED BY sqlite_autoindex_date_1",
        "string" => "INDEXED BY sqlite_autoindex_string_1",
        _ => "",
    }
}

/// A clause as conditions on the rows `i` of an index table.
struct Condition {
    /// How soon it should be used: the clause that finds fewest comes first.
    rank: u8,
    table: &'static str,
    /// Whether the table's rows of one resource are found without looking at those of others: not
    /// so for a token without a code.
    seeks: bool,
    /// Whether the table gives the resources in the order of their row numbers: so for one value.
    ordered: bool,
    rows: Part,
}

impl Condition {
    /// `None` when nothing can match: no alternatives, or a parameter never written.
    /// `rtype` is the type, and `number` its word.
    async fn of<S: Session>(
        s: &mut S,
        rtype: &str,
        number: i64,
        clause: &Clause,
    ) -> Result<Option<Self>, Error> {
        let among_list = s.dialect().among();
        let param = match clause {
            Clause::Id(_) | Clause::LastUpdated(_) => 0,
            Clause::Token { param, .. }
            | Clause::Reference { param, .. }
            | Clause::Text { param, .. }
            | Clause::Date { param, .. } => match s.word(&format!("{rtype}.{param}")).await? {
                Some(param) => param,
                None => return Ok(None),
            },
        };
        Ok(match clause {
            Clause::Id(ids) => {
                let mut rows = Part::default();
                rows.add(
                    &format!(" AND i.rtype = ? AND i.id {among_list}"),
                    [number.into(), Value::list(ids.iter().map(String::as_str))],
                );
                Some(Self {
                    rank: 0,
                    table: "resource",
                    seeks: true,
                    ordered: false,
                    rows,
                })
            }
            Clause::LastUpdated(any) => any_of(any.iter().map(moment)).map(|rows| Self {
                rank: 5,
                table: "resource",
                seeks: true,
                ordered: false,
                rows: fixed("rtype", number, rows),
            }),
            Clause::Token { param: code, any } => {
                let coded = any.iter().all(|token| token.code.is_some());
                let codes = any.iter().filter_map(|token| token.code.as_deref());
                let mut parts = Vec::with_capacity(any.len());
                for one in any {
                    parts.extend(token(s, one).await?);
                }
                let rows = any_of(parts.into_iter());
                let rows = rows.map(|rows| match any.len() {
                    0 | 1 => rows,
                    _ if !coded => rows,
                    _ => among(among_list, "code", codes, rows),
                });
                rows.map(|rows| Self {
                    rank: match (coded, code.as_str()) {
                        (true, "identifier") => 0,
                        (true, _) => 3,
                        (false, _) => 6,
                    },
                    table: "token",
                    seeks: coded,
                    ordered: coded && any.len() == 1,
                    rows: fixed("param", param, rows),
                })
            }
            Clause::Reference { any, .. } => {
                let ids = any.iter().map(|target| target.id.as_str());
                let mut parts = Vec::with_capacity(any.len());
                for one in any {
                    parts.extend(reference(s, one).await?);
                }
                let rows = any_of(parts.into_iter());
                let rows = rows.map(|rows| match any.len() {
                    0 | 1 => rows,
                    _ => among(among_list, "id", ids, rows),
                });
                rows.map(|rows| Self {
                    rank: 1,
                    table: "reference",
                    seeks: true,
                    ordered: any.len() == 1,
                    rows: fixed("param", param, rows),
                })
            }
            Clause::Text { any, .. } => {
                let dialect = s.dialect();
                any_of(any.iter().map(|one| text(dialect, one))).map(|rows| Self {
                    rank: 2,
                    table: "string",
                    seeks: true,
                    ordered: matches!(any.as_slice(), [TextMatch::Equals(_)]),
                    rows: fixed("param", param, rows),
                })
            }
            Clause::Date { any, .. } => any_of(any.iter().map(|date| range(date, "i.lo", "i.hi")))
                .map(|rows| Self {
                    rank: 4,
                    table: "date",
                    seeks: true,
                    ordered: false,
                    rows: fixed("param", param, rows),
                }),
        })
    }
}

/// The rows with one more column fixed.
fn fixed(column: &str, number: i64, rows: Part) -> Part {
    let mut part = Part::default();
    part.add(&format!(" AND i.{column} = ?"), [number.into()]);
    part.append(rows);
    part
}

/// The rows with a column among the values of all alternatives: what OR alone would look through
/// every value of the parameter for.
fn among<'t>(list: &str, column: &str, values: impl Iterator<Item = &'t str>, rows: Part) -> Part {
    let mut part = Part::default();
    part.add(&format!(" AND i.{column} {list}"), [Value::list(values)]);
    part.append(rows);
    part
}

/// The alternatives joined by OR; `None` when there is none that can match.
fn any_of(parts: impl Iterator<Item = Part>) -> Option<Part> {
    let mut any = Part::default();
    for part in parts {
        any.add(if any.sql.is_empty() { " AND (" } else { " OR " }, []);
        any.append(part);
    }
    if any.sql.is_empty() {
        return None;
    }
    any.add(")", []);
    Some(any)
}

async fn token<S: Session>(s: &mut S, token: &TokenMatch) -> Result<Option<Part>, Error> {
    let mut part = Part::default();
    part.add("(TRUE", []);
    if let Some(code) = &token.code {
        part.add(" AND i.code = ?", [code.clone().into()]);
    }
    let system = match &token.system {
        SystemMatch::Any => None,
        SystemMatch::None => Some(""),
        SystemMatch::Is(system) => Some(system.as_str()),
    };
    if let Some(system) = system {
        let Some(system) = s.word(system).await? else {
            return Ok(None);
        };
        part.add(" AND i.system = ?", [system.into()]);
    }
    part.add(")", []);
    Ok(Some(part))
}

async fn reference<S: Session>(s: &mut S, target: &ReferenceMatch) -> Result<Option<Part>, Error> {
    let mut part = Part::default();
    part.add("(i.id = ?", [target.id.clone().into()]);
    if let Some(rtype) = &target.rtype {
        let Some(rtype) = s.word(rtype).await? else {
            return Ok(None);
        };
        part.add(" AND i.rtype = ?", [rtype.into()]);
    }
    part.add(")", []);
    Ok(Some(part))
}

fn text(dialect: Dialect, text: &TextMatch) -> Part {
    let mut part = Part::default();
    match text {
        TextMatch::Equals(norm) => part.add("(i.norm = ?)", [norm.clone().into()]),
        TextMatch::Contains(norm) => part.add(
            &format!("({})", dialect.holds("i.norm")),
            [norm.clone().into()],
        ),
        TextMatch::StartsWith(norm) => {
            part.add("(i.norm >= ?", [norm.clone().into()]);
            if let Some(end) = after_prefix(norm) {
                part.add(" AND i.norm < ?", [end.into()]);
            }
            part.add(")", []);
        }
    }
    part
}

/// The first text, in the order of code points, after all that start with the prefix.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        let next = match u32::from(last) {
            0xD7FF => Some('\u{E000}'),
            code => char::from_u32(code + 1),
        };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

/// The comparison of the moment of the last update with a given range.
fn moment(date: &DateMatch) -> Part {
    let (from, to): (Value, Value) = (micros(date.lo).into(), micros(date.hi).into());
    let mut part = Part::default();
    match date.op {
        DateOp::Eq | DateOp::Ap => part.add("(i.updated >= ? AND i.updated < ?)", [from, to]),
        DateOp::Ne => part.add("(i.updated < ? OR i.updated >= ?)", [from, to]),
        DateOp::Gt | DateOp::Sa => part.add("(i.updated >= ?)", [to]),
        DateOp::Lt | DateOp::Eb => part.add("(i.updated < ?)", [from]),
        DateOp::Ge => part.add("(i.updated >= ?)", [from]),
        DateOp::Le => part.add("(i.updated < ?)", [to]),
    }
    part
}

/// The comparison of a stored range with a given one.
fn range(date: &DateMatch, lo: &str, hi: &str) -> Part {
    let (from, to): (Value, Value) = (micros(date.lo).into(), micros(date.hi).into());
    let within = format!("({lo} >= ? AND {hi} <= ?)");
    let mut part = Part::default();
    match date.op {
        DateOp::Eq => part.add(&within, [from, to]),
        DateOp::Ne => part.add(&format!("NOT {within}"), [from, to]),
        DateOp::Gt => part.add(&format!("({hi} > ?)"), [to]),
        DateOp::Lt => part.add(&format!("({lo} < ?)"), [from]),
        DateOp::Ge => part.add(&format!("({hi} > ? OR {within})"), [to.clone(), from, to]),
        DateOp::Le => part.add(&format!("({lo} < ? OR {within})"), [from.clone(), from, to]),
        DateOp::Sa => part.add(&format!("({lo} >= ?)"), [to]),
        DateOp::Eb => part.add(&format!("({hi} <= ?)"), [from]),
        DateOp::Ap => part.add(&format!("({lo} < ? AND {hi} > ?)"), [to, from]),
    }
    part
}
