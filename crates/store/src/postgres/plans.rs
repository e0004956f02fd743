//! How PostgreSQL runs the searches: behind row-level security, too, by whole keys of indexes.

use jiff::Timestamp;

use super::PostgresStore;
use super::options::PostgresOptions;
use super::session::{Across, Pg};
use crate::sql::visible::View;
use crate::sql::{Part, Session as _, find};
use crate::{
    Batch, Clause, DateMatch, DateOp, Error, IndexRow, Label, Query, Reach, ReferenceMatch, Sight,
    Store as _, SystemMatch, Tenant, TextMatch, TokenMatch, Write,
};

/// How PostgreSQL would run the query for one page where no table may be read from end to end
/// unless there is no other way.
async fn plan(s: &mut Pg, clauses: Vec<Clause>) -> Result<String, Error> {
    let sight = Sight::new(
        vec![Reach::own(Tenant::new("home"))],
        [Label::new("", "safeguarding")].into(),
    );
    let view = View::within(s, &sight, &Tenant::new("home"))
        .await?
        .unwrap();
    let rtype = s.word("Flag").await?.unwrap();
    let query = Query {
        clauses,
        ..Query::new("Flag")
    };
    let matches = find::matches(s, &view, rtype, &query, 0).await?.unwrap();
    s.query(Part::new(
        "SELECT set_config('enable_seqscan', 'off', TRUE)",
        [],
    ))
    .await?;
    let mut part = Part::new("EXPLAIN SELECT DISTINCT i.rid", []);
    part.append(matches);
    part.add(" ORDER BY i.rid LIMIT 51", []);
    let mut lines = Vec::new();
    for mut row in s.query(part).await? {
        lines.push(row.text()?);
    }
    Ok(lines.join("\n"))
}

fn flag(number: usize) -> Write {
    let text = format!(r#"{{"resourceType":"Flag","id":"f{number}","x":"{number}"}}"#);
    let mut write = Write::new(
        json::parse(text.as_bytes()).unwrap(),
        "homes",
        Timestamp::UNIX_EPOCH,
    );
    write.patient = Some(format!("p{}", number % 50));
    write.index = vec![
        IndexRow::Token {
            param: "code".into(),
            system: "urn:s".into(),
            code: format!("c{}", number % 200),
        },
        IndexRow::Reference {
            param: "subject".into(),
            rtype: "Patient".into(),
            id: format!("p{}", number % 50),
        },
        IndexRow::Date {
            param: "date".into(),
            lo: Timestamp::UNIX_EPOCH,
            hi: Timestamp::MAX,
        },
        IndexRow::String {
            param: "name".into(),
            norm: format!("name {number}"),
        },
    ];
    write
}

#[tokio::test]
async fn no_search_reads_a_table_from_end_to_end() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let mut options = PostgresOptions::new(&database.url);
    options.owner_url = Some(database.owner_url.clone());
    let store = PostgresStore::connect(options).await.unwrap();
    for home in ["home", "other"] {
        let mut batch = Batch::new(Tenant::new(home), "");
        batch.writes = (0..2000).map(flag).collect();
        store.commit(batch).await.unwrap();
    }
    database.admin("ANALYZE");
    let token = |code: &str| TokenMatch {
        system: SystemMatch::Is("urn:s".into()),
        code: Some(code.into()),
    };
    let reference = |id: &str| ReferenceMatch {
        rtype: Some("Patient".into()),
        id: id.into(),
    };
    let date = DateMatch {
        op: DateOp::Eq,
        lo: Timestamp::UNIX_EPOCH,
        hi: Timestamp::UNIX_EPOCH,
    };
    let kinds = [
        (
            Clause::Token {
                param: "code".into(),
                any: vec![token("c1")],
            },
            "code = ",
        ),
        (
            Clause::Token {
                param: "code".into(),
                any: vec![token("c1"), token("c2")],
            },
            "code = ANY",
        ),
        (
            Clause::Reference {
                param: "subject".into(),
                any: vec![reference("p1")],
            },
            "id = ",
        ),
        (
            Clause::Date {
                param: "date".into(),
                any: vec![date],
            },
            "lo >= ",
        ),
        (
            Clause::Text {
                param: "name".into(),
                any: vec![TextMatch::StartsWith("name 17".into())],
            },
            "norm >= ",
        ),
        (Clause::Id(vec!["f1".into(), "f2".into()]), "id = ANY"),
        (Clause::LastUpdated(vec![date]), "updated >= "),
    ];
    for (kind, key) in &kinds {
        let alone = [kind.clone()];
        let all = kinds
            .iter()
            .map(|(other, _)| vec![kind.clone(), other.clone()]);
        for clauses in std::iter::once(alone.to_vec()).chain(all) {
            let asked = &clauses;
            let work = |mut s: Pg| async move {
                let plan = plan(&mut s, asked.clone()).await;
                (s, plan)
            };
            let plan = store.runner.read(Across::Nothing, work).await.unwrap();
            for line in plan.lines().filter(|line| line.contains("Seq Scan")) {
                assert!(line.contains(" on word"), "{clauses:?}\n{plan}");
            }
            if clauses.len() == 1 {
                let entered = plan
                    .lines()
                    .any(|line| line.contains("Index Cond") && line.contains(key));
                assert!(entered, "{kind:?} is not entered by {key}:\n{plan}");
            }
        }
    }
}
