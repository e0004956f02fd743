//! How many resources a second the store takes: 1,000 in a commit, 12 index rows each, about 850
//! bytes of content, with history and full synchronisation, on SQLite and on PostgreSQL.
//!
//! `cargo bench -p store`; `COMMITS=20` for a shorter run, `ENGINE=sqlite` or `ENGINE=postgres` for
//! one engine. Beside the time on the wall stands the processor time of this process and, on
//! PostgreSQL, of the server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use postgres_peer::Server;
use store::{
    Batch, Clause, IndexRow, Options, PostgresOptions, PostgresStore, Query, Reach, ReferenceMatch,
    Sight, SqliteStore, Store, SystemMatch, Tenant, TokenMatch, Write,
};

/// About how many facts a home records of one resident.
const FACTS: usize = 30;

fn main() {
    let rounds: usize = std::env::var("COMMITS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    let engine = std::env::var("ENGINE").unwrap_or_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if engine != "postgres" {
        println!("SQLite");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let store = Arc::new(SqliteStore::open(&path, Options::default()).unwrap());
        runtime.block_on(run(store, rounds, None));
        let bytes = std::fs::metadata(&path).unwrap().len();
        println!(
            "{} bytes a resource on disk",
            bytes / (rounds as u64 * 1000)
        );
    }
    if engine != "sqlite"
        && let Some(server) = Server::start()
    {
        println!("PostgreSQL");
        let database = server.database();
        let mut options = PostgresOptions::new(&database.url);
        options.owner_url = Some(database.owner_url.clone());
        let connect = PostgresStore::connect(options);
        let store = Arc::new(runtime.block_on(connect).unwrap());
        runtime.block_on(run(store, rounds, Some(&server)));
        let size = database.admin("SELECT CAST(pg_database_size(current_database()) AS TEXT)");
        let bytes: u64 = size[0].parse().unwrap();
        println!(
            "{} bytes a resource on disk, all of it",
            bytes / (rounds as u64 * 1000)
        );
    }
}

/// What the clock and the processors had shown when something began.
struct Begun<'a> {
    at: Instant,
    own: f64,
    servers: f64,
    server: Option<&'a Server>,
}

impl<'a> Begun<'a> {
    fn now(server: Option<&'a Server>) -> Self {
        Self {
            own: own_cpu(),
            servers: server.map_or(0.0, Server::cpu_seconds),
            server,
            at: Instant::now(),
        }
    }

    fn told(&self, what: &str, count: usize) {
        let wall = self.at.elapsed().as_secs_f64();
        let own = own_cpu() - self.own;
        let servers = self.server.map_or(0.0, Server::cpu_seconds) - self.servers;
        let each = count as f64;
        println!(
            "{:>9.0}/s {:>9.0}/cpu-s  {what} ({count} in {wall:.2} s, cpu {own:.2} s here and {servers:.2} s in the server)",
            each / wall,
            each / (own + servers),
        );
    }
}

/// The processor time of this process, in seconds.
fn own_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
    };
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}

async fn run(store: Arc<dyn Store>, rounds: usize, server: Option<&Server>) {
    let make = |rounds: usize, generation| -> Vec<Batch> {
        let made = |round| batch("home", round, generation);
        (0..rounds).map(made).collect()
    };
    let made = make(rounds, 0);
    let begun = Begun::now(server);
    commit(&store, made).await;
    begun.told("new resources", rounds * 1000);
    let made = make(rounds, 0);
    let begun = Begun::now(server);
    commit(&store, made).await;
    begun.told("the same again", rounds * 1000);
    let made = make(rounds / 5, 1);
    let begun = Begun::now(server);
    commit(&store, made).await;
    begun.told("changed", rounds / 5 * 1000);

    // Four homes that send at once.
    let each = rounds / 4;
    let homes = ["a", "b", "c", "d"];
    let made = homes.map(|home| {
        (0..each)
            .map(|round| batch(home, round, 0))
            .collect::<Vec<_>>()
    });
    let begun = Begun::now(server);
    let mut sending = Vec::new();
    for batches in made {
        let store = Arc::clone(&store);
        sending.push(tokio::spawn(async move { commit(&store, batches).await }));
    }
    for sent in sending {
        sent.await.unwrap();
    }
    begun.told("new resources of four homes at once", each * 4000);

    let tenant = Tenant::new("home");
    let sight = Sight::new(
        vec![Reach::own(tenant.clone())],
        [store::Label::new("urn:causeway:label", "safeguarding")].into(),
    );
    let people = rounds * 1000 / FACTS;
    let begun = Begun::now(server);
    let asked = 2000;
    for n in 0..asked {
        let person = format!("person-{}", n * 7919 % people);
        let all = store
            .everything_about(&sight, &tenant, &person)
            .await
            .unwrap();
        assert!(all.len() >= FACTS, "{person}: {}", all.len());
    }
    begun.told("whole records read", asked);
    let begun = Begun::now(server);
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
    begun.told("searches by person and status", asked);
    let begun = Begun::now(server);
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
    begun.told("pages of 50 of a code that all have", pages);
}

async fn commit(store: &Arc<dyn Store>, batches: Vec<Batch>) {
    for batch in batches {
        store.commit(batch).await.unwrap();
    }
}

/// Ids as the pipeline makes them: spread evenly, in no order.
fn id(number: usize) -> String {
    let mixed = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:016x}{:016x}", mixed.rotate_left(17) ^ 0x5555)
}

fn batch(home: &str, round: usize, generation: usize) -> Batch {
    let as_of: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut batch = Batch::new(Tenant::new(home), "");
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
