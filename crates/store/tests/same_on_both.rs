//! The same batches on SQLite and on PostgreSQL come to the same: what is told of each, every
//! version, every index row that a search can meet.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod gateways;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use store::{
    Batch, Clause, Expected, IndexRow, Label, Options, PersonKeys, PersonMatch, Query, Reindex,
    Retire, SayAgain, Sight, SqliteStore, Status, Store, Submission, Tenant, TextMatch, Unconfirm,
    Write,
};

const TYPES: [&str; 2] = ["Patient", "Flag"];

#[derive(Debug, Clone)]
struct Said {
    rtype: usize,
    id: u8,
    content: u8,
    day: i64,
    expected: u8,
    status: u8,
    label: bool,
    rows: u8,
    source: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Said>),
    Retire(Vec<(usize, u8)>, i64, bool),
    Reindex(usize, u8, u64, u8),
    Again(u8, i64),
    TakeBack(u8, Vec<(usize, u8)>),
    Rehearse(Vec<Said>),
}

fn said() -> impl Strategy<Value = Said> {
    (
        0..2usize,
        0..4u8,
        0..3u8,
        0..4i64,
        0..8u8,
        0..12u8,
        any::<bool>(),
        0..16u8,
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(rtype, id, content, day, expected, status, label, rows, source)| Said {
                rtype,
                id,
                content,
                day,
                expected,
                status,
                label,
                rows,
                source,
            },
        )
}

fn step() -> impl Strategy<Value = Step> {
    let ids = || prop::collection::vec((0..2usize, 0..4u8), 1..4);
    prop_oneof![
        6 => prop::collection::vec(said(), 1..6).prop_map(Step::Write),
        2 => (ids(), 0..5i64, any::<bool>()).prop_map(|(ids, day, own)| Step::Retire(ids, day, own)),
        1 => (0..2usize, 0..4u8, 1..4u64, 0..16u8)
            .prop_map(|(rtype, id, version, rows)| Step::Reindex(rtype, id, version, rows)),
        1 => (0..6u8, 0..5i64).prop_map(|(of, day)| Step::Again(of, day)),
        1 => (0..6u8, ids()).prop_map(|(of, ids)| Step::TakeBack(of, ids)),
        1 => prop::collection::vec(said(), 1..4).prop_map(Step::Rehearse),
    ]
}

fn day(number: i64) -> Timestamp {
    let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    first + SignedDuration::from_hours(24 * number)
}

fn rows(bits: u8) -> Vec<IndexRow> {
    // Marks that a database may stumble over are texts like any other.
    let all = [
        IndexRow::Token {
            param: "status".into(),
            system: "urn:status".into(),
            code: "a\0b'%_?$1".into(),
        },
        IndexRow::Reference {
            param: "subject".into(),
            rtype: "Patient".into(),
            id: "p1".into(),
        },
        IndexRow::Date {
            param: "date".into(),
            lo: day(1),
            hi: Timestamp::MAX,
        },
        IndexRow::String {
            param: "name".into(),
            norm: "zoë 😀 \u{10FFFF}".into(),
        },
    ];
    let chosen = all.into_iter().enumerate();
    chosen
        .filter(|(bit, _)| bits & (1 << bit) != 0)
        .map(|(_, row)| row)
        .collect()
}

fn id(rtype: usize, number: u8) -> String {
    format!("{}-{number}", TYPES[rtype].to_lowercase())
}

fn made(said: &Said) -> Write {
    let text = format!(
        r#"{{"resourceType":"{}","id":"{}","text":{{"div":"{}"}}}}"#,
        TYPES[said.rtype],
        id(said.rtype, said.id),
        said.content
    );
    let source = if said.source { "others" } else { "homes" };
    let mut write = Write::new(json::parse(text.as_bytes()).unwrap(), source, day(said.day));
    write.expected = match said.expected {
        0 => Expected::Absent,
        1 => Expected::Version(1),
        2 => Expected::Version(2),
        _ => Expected::Any,
    };
    write.status = match said.status {
        0 => Status::Deleted,
        1 => Status::EnteredInError,
        _ => Status::Active,
    };
    write.restores = said.status == 2 && matches!(write.expected, Expected::Version(_));
    write.patient = Some(format!("patient-{}", said.id % 2));
    if said.label {
        write.labels = vec![Label::new("urn:l", "x")];
    }
    write.index = rows(said.rows);
    if said.rtype == 0 && said.rows.is_multiple_of(2) {
        write.person = Some(PersonKeys {
            nhs_number: Some("9990000018".into()),
            birth_date: Some("1938-02-14".into()),
            family: Some(format!("family {}", said.content)),
        });
    }
    write
}

fn ids(ids: &[(usize, u8)]) -> Vec<(String, String)> {
    let named = ids
        .iter()
        .map(|(rtype, number)| (TYPES[*rtype].to_owned(), id(*rtype, *number)));
    named.collect()
}

fn batch(home: &Tenant, number: usize, step: &Step) -> Batch {
    let name = format!("s{}", number % 6);
    let mut batch = Batch::new(home.clone(), &*name);
    let mut submission = Submission::new(home.clone(), &*name, "homes", day(9));
    submission.file_name = "a\0file.csv".into();
    batch.submission = Some(submission);
    match step {
        Step::Write(all) => batch.writes = all.iter().map(made).collect(),
        Step::Rehearse(all) => {
            batch.writes = all.iter().map(made).collect();
            batch.rehearse = true;
        }
        Step::Retire(those, at, own) => {
            batch.retire = vec![Retire {
                source: "homes".into(),
                as_of: day(*at),
                ids: ids(those),
                tag: Some(json::parse(br#"{"code":"gone"}"#).unwrap()),
                only_said_by: own.then(|| format!("s{}", (number + 5) % 6)),
            }];
        }
        Step::Reindex(rtype, number, version, bits) => {
            batch.reindex = vec![Reindex {
                rtype: TYPES[*rtype].into(),
                id: id(*rtype, *number),
                version: *version,
                index: rows(*bits),
            }];
        }
        Step::Again(of, at) => {
            batch.say_again = Some(SayAgain {
                source: "homes".into(),
                earlier: format!("s{of}"),
                as_of: day(*at),
            });
        }
        Step::TakeBack(of, those) => {
            batch.unconfirm = vec![Unconfirm {
                submission: format!("s{of}"),
                ids: ids(those),
            }];
        }
    }
    batch
}

/// A body without the moment of its commit, which is each store's own.
fn plain(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match text.split_once("\"lastUpdated\":\"") {
        Some((before, after)) => format!("{before}{}", after.split_once('"').unwrap().1),
        None => text.into_owned(),
    }
}

/// Everything that can be read of a home.
async fn seen(store: &dyn Store, home: &Tenant) -> Vec<String> {
    let own = gateways::own(home.as_str()).with_retired();
    let hidden = Sight::new(
        vec![store::Reach::own(home.clone())],
        [Label::new("", "x")].into(),
    );
    let mut seen = Vec::new();
    for (rtype, name) in TYPES.iter().enumerate() {
        for number in 0..4 {
            for found in store.history(&own, name, &id(rtype, number)).await.unwrap() {
                seen.push(format!(
                    "{name} {} v{} {:?} {:?} {} {} {} {}",
                    found.id,
                    found.version,
                    found.status,
                    found.patient,
                    found.source,
                    found.as_of,
                    found.submission,
                    plain(&found.body)
                ));
            }
        }
        for row in rows(15) {
            let clause = match row {
                IndexRow::Token { param, code, .. } => Clause::Token {
                    param,
                    any: vec![store::TokenMatch {
                        system: store::SystemMatch::Is("urn:status".into()),
                        code: Some(code),
                    }],
                },
                IndexRow::Reference { param, id, .. } => Clause::Reference {
                    param,
                    any: vec![store::ReferenceMatch { rtype: None, id }],
                },
                IndexRow::Date { param, lo, hi } => Clause::Date {
                    param,
                    any: vec![store::DateMatch {
                        op: store::DateOp::Eq,
                        lo,
                        hi,
                    }],
                },
                IndexRow::String { param, .. } => Clause::Text {
                    param,
                    any: vec![
                        TextMatch::StartsWith("zo".into()),
                        TextMatch::Contains("\u{10FFFF}".into()),
                    ],
                },
            };
            for sight in [&own, &hidden] {
                let mut query = Query::new(*name);
                query.clauses = vec![clause.clone()];
                query.total = true;
                let page = store.search(sight, &query).await.unwrap();
                let ids: Vec<_> = page.items.iter().map(|item| item.id.as_str()).collect();
                seen.push(format!("{clause:?}: {ids:?} of {:?}", page.total));
            }
        }
    }
    let people = store
        .people_by_nhs_number(&own, "9990000018")
        .await
        .unwrap();
    seen.extend(people.iter().map(|person| format!("{person:?}")));
    let matching = PersonMatch::FamilyAndBirthDate {
        family: "family 1".into(),
        birth_date: "1938-02-14".into(),
    };
    let people = store
        .people_of_source(&own, home, "homes", &matching)
        .await
        .unwrap();
    seen.extend(people.iter().map(|person| format!("{person:?}")));
    let current = store.current_of_source(&own, home, "homes").await.unwrap();
    seen.extend(current.iter().map(|one| format!("{one:?}")));
    let names = ["s0", "s1", "s2", "s3", "s4", "s5"].map(str::to_owned);
    let touched = store
        .touched(&own, home, "homes", &names, 0, 100)
        .await
        .unwrap();
    seen.extend(touched.items.iter().map(|one| format!("{one:?}")));
    let submission = store.submission(&own, home, "s0").await.unwrap();
    seen.push(format!("{submission:?}"));
    seen
}

#[tokio::test]
async fn the_same_batches_come_to_the_same() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let lite = SqliteStore::open(&folder.path().join("store.db"), Options::default()).unwrap();
    let pg = gateways::gateway(&database).await;
    let mut runner = TestRunner::default();
    for round in 0..40 {
        let home = Tenant::new(format!("home {round}"));
        let steps = prop::collection::vec(step(), 1..12)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        for (number, step) in steps.iter().enumerate() {
            let told = lite.commit(batch(&home, number, step)).await.unwrap();
            let also = pg.commit(batch(&home, number, step)).await.unwrap();
            assert_eq!(told, also, "step {number} of {steps:#?}");
        }
        let (one, other) = (seen(&lite, &home).await, seen(&pg, &home).await);
        assert_eq!(one, other, "{steps:#?}");
    }
}
