//! How many resources a second the store takes: 1,000 in a commit, 12 index rows each, about 850
//! bytes of content, with history and full synchronisation. `cargo bench -p store`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::time::Instant;

use jiff::Timestamp;
use store::{
    Batch, Clause, IndexRow, Options, Query, Reach, ReferenceMatch, Sight, SqliteStore, Store,
    SystemMatch, Tenant, TokenMatch, Write,
};

/// About how many facts a home records of one resident.
const FACTS: usize = 30;

fn main() {
    let rounds: usize = std::env::var("COMMITS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run(rounds));
}

async fn run(rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();

    let made: Vec<Batch> = (0..rounds).map(|round| batch(round, 0)).collect();
    report("new resources", rounds, commit(&store, made).await);
    let made: Vec<Batch> = (0..rounds).map(|round| batch(round, 0)).collect();
    report("the same again", rounds, commit(&store, made).await);
    let made: Vec<Batch> = (0..rounds / 5).map(|round| batch(round, 1)).collect();
    report("changed", rounds / 5, commit(&store, made).await);

    let tenant = Tenant::new("home");
    let sight = Sight::new(
        vec![Reach::own(tenant.clone())],
        [store::Label::new("urn:causeway:label", "safeguarding")].into(),
    );
    let people = rounds * 1000 / FACTS;
    let started = Instant::now();
    let asked = 2000;
    for n in 0..asked {
        let person = format!("person-{}", n * 7919 % people);
        let all = store
            .everything_about(&sight, &tenant, &person)
            .await
            .unwrap();
        assert!(all.len() >= FACTS, "{person}: {}", all.len());
    }
    rate("whole records read", asked, started);
    let started = Instant::now();
    for n in 0..asked {
        let mut query = Query::new("Observation");
        query.clauses = vec![
            Clause::Token {
                param: "status".into(),
                any: vec![TokenMatch {
                    system: SystemMatch::Any,
                    code: Some("final".into()),
                }],
            },
            Clause::Reference {
                param: "subject".into(),
                any: vec![ReferenceMatch {
                    rtype: Some("Patient".into()),
                    id: format!("person-{}", n * 7919 % people),
                }],
            },
        ];
        let page = store.search(&sight, &query).await.unwrap();
        assert!(page.items.len() >= FACTS);
    }
    rate("searches by person and status", asked, started);
    let started = Instant::now();
    let mut query = Query::new("Observation");
    query.clauses = vec![Clause::Token {
        param: "status".into(),
        any: vec![TokenMatch {
            system: SystemMatch::Any,
            code: Some("final".into()),
        }],
    }];
    let mut pages = 0;
    loop {
        let page = store.search(&sight, &query).await.unwrap();
        pages += 1;
        query.after = page.next;
        if query.after.is_none() || pages == 200 {
            break;
        }
    }
    rate("pages of 50 of a code that all have", pages, started);
    let bytes = std::fs::metadata(&path).unwrap().len();
    let resources = rounds * 1000;
    println!("{} bytes a resource on disk", bytes / resources as u64);
}

async fn commit(store: &SqliteStore, batches: Vec<Batch>) -> Instant {
    let started = Instant::now();
    for batch in batches {
        store.commit(batch).await.unwrap();
    }
    started
}

fn report(what: &str, rounds: usize, started: Instant) {
    rate(
        &format!("resources a second, {what}"),
        rounds * 1000,
        started,
    );
}

fn rate(what: &str, count: usize, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{:>9.0} {what} ({count} in {seconds:.2} s)",
        count as f64 / seconds
    );
}

/// Ids as the pipeline makes them: spread evenly, in no order.
fn id(number: usize) -> String {
    let mixed = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:016x}{:016x}", mixed.rotate_left(17) ^ 0x5555)
}

fn batch(round: usize, generation: usize) -> Batch {
    let as_of: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut batch = Batch::new(Tenant::new("home"), "");
    for n in 0..1000 {
        let number = round * 1000 + n;
        let person = format!("person-{}", number / FACTS);
        let padding = "Slept well, ate breakfast with help. ".repeat(16);
        let text = format!(
            r#"{{"resourceType":"Observation","id":"{}","status":"final","subject":{{"reference":"Patient/{person}"}},"effectiveDateTime":"2026-01-01T08:00:00Z","valueQuantity":{{"value":{}.{generation},"unit":"kg"}},"note":[{{"text":"{padding}"}}]}}"#,
            id(number),
            40 + number % 60
        );
        let mut write = Write::new(json::parse(text.as_bytes()).unwrap(), "homes", as_of);
        write.patient = Some(person.clone());
        write.index = rows(number, &person, generation);
        batch.writes.push(write);
    }
    batch
}

fn rows(number: usize, person: &str, generation: usize) -> Vec<IndexRow> {
    let token = |param: &str, system: &str, code: String| IndexRow::Token {
        param: param.into(),
        system: system.into(),
        code,
    };
    let reference = |param: &str| IndexRow::Reference {
        param: param.into(),
        rtype: "Patient".into(),
        id: person.into(),
    };
    let lo: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let lo = lo + jiff::SignedDuration::from_secs(number as i64 * 61);
    vec![
        token("identifier", "urn:one", id(number)),
        token("identifier", "urn:two", format!("{}-{number}", generation)),
        token(
            "status",
            "http://hl7.org/fhir/observation-status",
            "final".into(),
        ),
        token("code", "http://snomed.info/sct", (number % 400).to_string()),
        token("code", "http://loinc.org", (number % 90).to_string()),
        token("category", "urn:category", (number % 5).to_string()),
        token("_tag", "urn:causeway:source", "homes".into()),
        token("_profile", "", "urn:profile".into()),
        reference("subject"),
        reference("patient"),
        IndexRow::Date {
            param: "date".into(),
            lo,
            hi: lo + jiff::SignedDuration::from_secs(1),
        },
        IndexRow::String {
            param: "value-string".into(),
            norm: format!("word {}", number % 1000),
        },
    ]
}
