//! How SQLite runs the searches.

use jiff::Timestamp;
use rusqlite::Connection;

use super::schema;
use super::session::Lite;
use crate::sql::visible::View;
use crate::sql::{Part, Session as _, fetch, find, jobs, now};
use crate::{
    Clause, DateMatch, DateOp, Label, Query, Reach, ReferenceMatch, Sight, SystemMatch, Tenant,
    TextMatch, TokenMatch,
};

/// How SQLite would run the query for one page.
fn plan(connection: &Connection, clauses: Vec<Clause>) -> Vec<String> {
    let sight = Sight::new(
        vec![Reach::own(Tenant::new("home"))],
        [Label::new("", "safeguarding")].into(),
    );
    let mut session = Lite::reader(connection);
    let view = now(View::within(&mut session, &sight, &Tenant::new("home")))
        .unwrap()
        .unwrap();
    let query = Query {
        clauses,
        ..Query::new("Flag")
    };
    let matches = now(find::matches(&mut session, &view, 1, &query, 0))
        .unwrap()
        .unwrap();
    let mut part = Part::new("EXPLAIN QUERY PLAN SELECT DISTINCT i.rid", []);
    part.append(matches);
    part.add(" ORDER BY i.rid LIMIT 51", []);
    let rows = now(session.query(part)).unwrap().into_iter();
    rows.map(|mut row| {
        let (_, _, _) = (row.int().unwrap(), row.int().unwrap(), row.int().unwrap());
        row.text().unwrap()
    })
    .collect()
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

/// Workers ask for the next job all the time, and the list of those that are done grows for ever.
#[test]
fn a_claim_looks_at_open_jobs_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut connection = Connection::open(&path).unwrap();
    schema::prepare(&mut connection, &path).unwrap();
    let mut part = Part::new("EXPLAIN QUERY PLAN ", []);
    part.append(jobs::next(0));
    let mut session = Lite::reader(&connection);
    let rows = now(session.query(part)).unwrap();
    let steps: Vec<String> = rows
        .into_iter()
        .map(|mut row| {
            let (_, _, _) = (row.int().unwrap(), row.int().unwrap(), row.int().unwrap());
            row.text().unwrap()
        })
        .collect();
    for table in ["j", "b", "o"] {
        let on = |step: &&String| {
            step.starts_with(&format!("SCAN {table} "))
                || step.starts_with(&format!("SEARCH {table} "))
        };
        let step = steps.iter().find(on);
        let step = step.unwrap_or_else(|| panic!("{table}: {steps:#?}"));
        assert!(step.contains("INDEX job_"), "{step}");
    }
}

/// Nothing but the keys leads to the rows of a page: without counts, SQLite would take the tenant at
/// the front of an index for the better way in, and read all that the tenant has.
#[test]
fn the_rows_of_a_page_are_found_by_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut connection = Connection::open(&path).unwrap();
    schema::prepare(&mut connection, &path).unwrap();
    let mut session = Lite::reader(&connection);
    let mut part = fetch::rows_at(&session, 1, vec![1, 2, 3]);
    part.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
    let plan: Vec<String> = now(session.query(part))
        .unwrap()
        .into_iter()
        .map(|mut row| {
            let (_, _, _) = (row.int().unwrap(), row.int().unwrap(), row.int().unwrap());
            row.text().unwrap()
        })
        .collect();
    assert!(
        plan.iter()
            .any(|step| step.starts_with("SEARCH r USING INTEGER PRIMARY KEY")),
        "{plan:#?}"
    );
    assert!(
        plan.iter()
            .any(|step| step.starts_with("SEARCH v USING INTEGER PRIMARY KEY")),
        "{plan:#?}"
    );
}
