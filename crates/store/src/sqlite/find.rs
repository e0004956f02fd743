//! Searching.
//!
//! A query runs tenant by tenant, each with its number written into it, so that every index is
//! entered by its whole key. Within a tenant one clause drives: its index gives the row numbers,
//! and the others are looked up for each of them. Row numbers only grow, so a page that starts
//! after one neither repeats nor skips what was there before.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::fetch;
use super::rows::micros;
use super::visible::{View, list};
use crate::{
    Clause, Cursor, DateMatch, DateOp, Error, Page, Query, ReferenceMatch, Sight, SystemMatch,
    TextMatch, TokenMatch,
};

/// The most alternatives that the clauses of a query may hold together.
const WIDEST: usize = 400;

/// SQL with its parameters.
#[derive(Debug, Clone, Default)]
struct Part {
    sql: String,
    values: Vec<Value>,
}

impl Part {
    fn add(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    fn append(&mut self, other: Self) {
        self.sql.push_str(&other.sql);
        self.values.extend(other.values);
    }
}

/// One page.
pub(super) fn search(connection: &Connection, sight: &Sight, query: &Query) -> Result<Page, Error> {
    let wide: usize = query.clauses.iter().map(alternatives).sum();
    if wide > WIDEST {
        return Err(Error::TooWide);
    }
    let mut page = Page {
        total: query.total.then_some(0),
        ..Page::default()
    };
    let Some(rtype) = word(connection, &query.rtype)? else {
        return Ok(page);
    };
    let mut last = query.after.unwrap_or(Cursor { tenant: 0, row: 0 });
    let most = usize::try_from(query.count).unwrap_or(usize::MAX);
    for view in View::all(connection, sight)? {
        if !view.sees_type(&query.rtype) {
            continue;
        }
        if let Some(total) = &mut page.total {
            let Some(matches) = matches(connection, &view, rtype, query, 0)? else {
                continue;
            };
            let sql = format!("SELECT count(DISTINCT i.rid){}", matches.sql);
            let count: i64 = connection
                .prepare_cached(&sql)?
                .query_row(params_from_iter(&matches.values), |row| row.get(0))?;
            *total += count.unsigned_abs();
        }
        let start = match query.after {
            Some(after) if view.tenant_number() < after.tenant => continue,
            Some(after) if view.tenant_number() == after.tenant => after.row,
            _ => 0,
        };
        if most == 0 || page.next.is_some() {
            continue;
        }
        let Some(matches) = matches(connection, &view, rtype, query, start)? else {
            continue;
        };
        let left = most - page.items.len();
        let sql = format!(
            "SELECT DISTINCT i.rid{} ORDER BY i.rid LIMIT ?",
            matches.sql
        );
        let mut values = matches.values;
        values.push(i64::try_from(left + 1).unwrap_or(i64::MAX).into());
        let rids = connection
            .prepare_cached(&sql)?
            .query_map(params_from_iter(values), |row| row.get(0))?
            .collect::<Result<Vec<i64>, _>>()?;
        for rid in &rids {
            if page.items.len() == most {
                page.next = Some(last);
                break;
            }
            last = Cursor {
                tenant: view.tenant_number(),
                row: *rid,
            };
            page.items
                .extend(fetch::by_row(connection, view.tenant(), *rid)?);
        }
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

fn word(connection: &Connection, text: &str) -> Result<Option<i64>, Error> {
    Ok(connection
        .prepare_cached("SELECT no FROM word WHERE text = ?1")?
        .query_row([text], |row| row.get(0))
        .optional()?)
}

/// `FROM … WHERE …` of the matches in one tenant after a row, where `i.rid` is the row number;
/// `None` when nothing can match.
fn matches(
    connection: &Connection,
    view: &View<'_>,
    rtype: i64,
    query: &Query,
    after: i64,
) -> Result<Option<Part>, Error> {
    let tenant = view.tenant_number();
    let mut clauses = Vec::with_capacity(query.clauses.len());
    for clause in &query.clauses {
        match Condition::of(connection, &query.rtype, rtype, clause)? {
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
                " FROM {table} i CROSS JOIN resource r ON r.rid = i.rid
                 WHERE i.tenant = ? AND i.rid > ?"
            );
            part.add(&from, place);
            part.append(rows);
        }
        // Otherwise the row numbers are gathered and sorted first. The plus keeps the table from
        // being entered by row number.
        Some(Condition { table, rows, .. }) => {
            let from = format!(
                " FROM (SELECT DISTINCT i.rid FROM {table} i {} WHERE i.tenant = ? AND +i.rid > ?",
                entered_by(table)
            );
            part.add(&from, place);
            part.append(rows);
            part.add(") i CROSS JOIN resource r ON r.rid = i.rid WHERE 1", []);
        }
        None => {
            part.add(
                " FROM resource i CROSS JOIN resource r ON r.rid = i.rid
                 WHERE i.tenant = ? AND i.rid > ? AND i.rtype = ?",
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
        part.add(")", []);
    }
    view.condition(&mut part.sql, &mut part.values);
    Ok(Some(part))
}

/// The key by which a table with two is entered when the resource is not known yet.
fn entered_by(table: &str) -> &'static str {
    match table {
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
    fn of(
        connection: &Connection,
        rtype: &str,
        number: i64,
        clause: &Clause,
    ) -> Result<Option<Self>, Error> {
        let param = |code: &str| word(connection, &format!("{rtype}.{code}"));
        Ok(match clause {
            Clause::Id(ids) => {
                let mut rows = Part::default();
                rows.add(
                    " AND i.rtype = ? AND i.id IN (SELECT value FROM json_each(?))",
                    [number.into(), list(ids.iter().map(String::as_str))],
                );
                Some(Self {
                    rank: 0,
                    table: "resource",
                    seeks: true,
                    ordered: false,
                    rows,
                })
            }
            Clause::LastUpdated(any) => {
                any_of(any.iter().map(|date| Ok(Some(moment(date)))))?.map(|rows| Self {
                    rank: 5,
                    table: "resource",
                    seeks: true,
                    ordered: false,
                    rows: fixed("rtype", number, rows),
                })
            }
            Clause::Token { param: code, any } => {
                let Some(param) = param(code)? else {
                    return Ok(None);
                };
                let coded = any.iter().all(|token| token.code.is_some());
                let codes = any.iter().filter_map(|token| token.code.as_deref());
                let rows = any_of(any.iter().map(|one| token(connection, one)))?;
                let rows = rows.map(|rows| match any.len() {
                    0 | 1 => rows,
                    _ if !coded => rows,
                    _ => among("code", codes, rows),
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
            Clause::Reference { param: code, any } => {
                let Some(param) = param(code)? else {
                    return Ok(None);
                };
                let ids = any.iter().map(|target| target.id.as_str());
                let rows = any_of(any.iter().map(|one| reference(connection, one)))?;
                let rows = rows.map(|rows| match any.len() {
                    0 | 1 => rows,
                    _ => among("id", ids, rows),
                });
                rows.map(|rows| Self {
                    rank: 1,
                    table: "reference",
                    seeks: true,
                    ordered: any.len() == 1,
                    rows: fixed("param", param, rows),
                })
            }
            Clause::Text { param: code, any } => {
                let Some(param) = param(code)? else {
                    return Ok(None);
                };
                any_of(any.iter().map(|one| Ok(Some(text(one)))))?.map(|rows| Self {
                    rank: 2,
                    table: "string",
                    seeks: true,
                    ordered: matches!(any.as_slice(), [TextMatch::Equals(_)]),
                    rows: fixed("param", param, rows),
                })
            }
            Clause::Date { param: code, any } => {
                let Some(param) = param(code)? else {
                    return Ok(None);
                };
                any_of(any.iter().map(|date| Ok(Some(range(date, "i.lo", "i.hi")))))?.map(|rows| {
                    Self {
                        rank: 4,
                        table: "date",
                        seeks: true,
                        ordered: false,
                        rows: fixed("param", param, rows),
                    }
                })
            }
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
fn among<'t>(column: &str, values: impl Iterator<Item = &'t str>, rows: Part) -> Part {
    let mut part = Part::default();
    part.add(
        &format!(" AND i.{column} IN (SELECT value FROM json_each(?))"),
        [list(values)],
    );
    part.append(rows);
    part
}

/// The alternatives joined by OR; `None` when there is none that can match.
fn any_of(parts: impl Iterator<Item = Result<Option<Part>, Error>>) -> Result<Option<Part>, Error> {
    let mut any = Part::default();
    for part in parts {
        let Some(part) = part? else { continue };
        any.add(if any.sql.is_empty() { " AND (" } else { " OR " }, []);
        any.append(part);
    }
    if any.sql.is_empty() {
        return Ok(None);
    }
    any.add(")", []);
    Ok(Some(any))
}

fn token(connection: &Connection, token: &TokenMatch) -> Result<Option<Part>, Error> {
    let mut part = Part::default();
    part.add("(1", []);
    if let Some(code) = &token.code {
        part.add(" AND i.code = ?", [code.clone().into()]);
    }
    let system = match &token.system {
        SystemMatch::Any => None,
        SystemMatch::None => Some(""),
        SystemMatch::Is(system) => Some(system.as_str()),
    };
    if let Some(system) = system {
        let Some(system) = word(connection, system)? else {
            return Ok(None);
        };
        part.add(" AND i.system = ?", [system.into()]);
    }
    part.add(")", []);
    Ok(Some(part))
}

fn reference(connection: &Connection, target: &ReferenceMatch) -> Result<Option<Part>, Error> {
    let mut part = Part::default();
    part.add("(i.id = ?", [target.id.clone().into()]);
    if let Some(rtype) = &target.rtype {
        let Some(rtype) = word(connection, rtype)? else {
            return Ok(None);
        };
        part.add(" AND i.rtype = ?", [rtype.into()]);
    }
    part.add(")", []);
    Ok(Some(part))
}

fn text(text: &TextMatch) -> Part {
    let mut part = Part::default();
    match text {
        TextMatch::Equals(norm) => part.add("(i.norm = ?)", [norm.clone().into()]),
        // `instr` and not LIKE: no character of the text has a meaning of its own.
        TextMatch::Contains(norm) => part.add("(instr(i.norm, ?) > 0)", [norm.clone().into()]),
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::sqlite::schema;
    use crate::{Label, Reach, Tenant};

    /// How SQLite would run the query for one page.
    fn plan(connection: &Connection, clauses: Vec<Clause>) -> Vec<String> {
        let sight = Sight::new(
            vec![Reach::own(Tenant::new("home"))],
            [Label::new("", "safeguarding")].into(),
        );
        let view = View::within(connection, &sight, &Tenant::new("home"))
            .unwrap()
            .unwrap();
        let query = Query {
            clauses,
            ..Query::new("Flag")
        };
        let matches = matches(connection, &view, 1, &query, 0).unwrap().unwrap();
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT DISTINCT i.rid{} ORDER BY i.rid LIMIT 51",
            matches.sql
        );
        let mut statement = connection.prepare(&sql).unwrap();
        let plan = statement
            .query_map(params_from_iter(matches.values), |row| row.get(3))
            .unwrap();
        plan.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn no_query_reads_a_table_from_end_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let mut connection = Connection::open(&path).unwrap();
        schema::prepare(&mut connection, &path).unwrap();
        connection
            .execute_batch(
                "INSERT INTO tenant VALUES (1, 'home');
                 INSERT INTO word VALUES (1, 'Flag'), (2, 'Flag.code'), (3, 'Flag.subject'),
                   (4, 'Flag.date'), (5, 'Flag.name'), (6, 'urn:s'), (7, 'Patient');",
            )
            .unwrap();
        let token = |code: &str| TokenMatch {
            system: SystemMatch::Is("urn:s".into()),
            code: Some(code.into()),
        };
        let reference = |id: &str| ReferenceMatch {
            rtype: Some("Patient".into()),
            id: id.into(),
        };
        let date = |op| DateMatch {
            op,
            lo: Timestamp::UNIX_EPOCH,
            hi: Timestamp::UNIX_EPOCH,
        };
        let tokens = |codes: &[&str]| Clause::Token {
            param: "code".into(),
            any: codes.iter().map(|code| token(code)).collect(),
        };
        let references = |ids: &[&str]| Clause::Reference {
            param: "subject".into(),
            any: ids.iter().map(|id| reference(id)).collect(),
        };
        let kinds = [
            tokens(&["a"]),
            tokens(&["a", "b"]),
            references(&["a"]),
            references(&["a", "b"]),
            Clause::Date {
                param: "date".into(),
                any: vec![date(DateOp::Eq)],
            },
            Clause::Text {
                param: "name".into(),
                any: vec![TextMatch::StartsWith("a".into())],
            },
            Clause::Id(vec!["a".into()]),
            Clause::LastUpdated(vec![date(DateOp::Gt)]),
        ];
        let keys = [
            "(tenant=? AND param=? AND code=?",
            "(tenant=? AND param=? AND code=?",
            "(tenant=? AND param=? AND id=?",
            "(tenant=? AND param=? AND id=?",
            "(tenant=? AND param=? AND lo>?",
            "(tenant=? AND param=? AND norm>?",
            "(tenant=? AND rtype=? AND id=?",
            "(tenant=? AND rtype=? AND updated>?",
        ];
        for (kind, key) in kinds.iter().zip(keys) {
            let alone = plan(&connection, vec![kind.clone()]);
            assert!(
                alone.iter().any(|step| step.contains(key)),
                "{kind:?} is not entered by {key}: {alone:#?}"
            );
            for other in &kinds {
                for step in plan(&connection, vec![kind.clone(), other.clone()]) {
                    let whole = [
                        "token",
                        "reference",
                        "date",
                        "string",
                        "resource",
                        "r",
                        "p",
                        "l",
                    ]
                    .iter()
                    .any(|table| step == format!("SCAN {table}"));
                    assert!(!whole, "{kind:?} with {other:?}: {step}");
                    // `i` is a table or what was gathered from one: only the latter may be gone
                    // through.
                    assert!(
                        !step.starts_with("SCAN i USING"),
                        "{kind:?} with {other:?}: {step}"
                    );
                    assert!(
                        !step.ends_with("(tenant=?)"),
                        "{kind:?} with {other:?}: {step}"
                    );
                    assert!(
                        !step.ends_with("(tenant=? AND param=?)"),
                        "{kind:?} with {other:?}: {step}"
                    );
                }
            }
        }
        let listing = plan(&connection, Vec::new());
        assert!(
            listing.iter().all(|step| !step.contains("TEMP B-TREE")),
            "a page of a type is read in order: {listing:#?}"
        );
        for ordered in [tokens(&["a"]), references(&["a"])] {
            let plan = plan(&connection, vec![ordered]);
            assert!(
                plan.iter().all(|step| !step.contains("TEMP B-TREE")),
                "one value is read in order: {plan:#?}"
            );
        }
    }
}
