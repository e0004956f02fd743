//! Gateways on a PostgreSQL of their own, for the tests of what is particular to it.
// Each of the tests uses its own part of this.
#![allow(dead_code)]

use std::time::Duration;

use postgres_peer::Database;
use store::{
    Batch, Committed, Error, Expected, IndexRow, PostgresOptions, PostgresStore, Reach, Sight,
    Store, Tenant, Write,
};

pub fn options(database: &Database) -> PostgresOptions {
    let mut options = PostgresOptions::new(&database.url);
    options.owner_url = Some(database.owner_url.clone());
    options.connections = 10;
    options.patience = Duration::from_secs(30);
    options
}

/// One more gateway on a database.
pub async fn gateway(database: &Database) -> PostgresStore {
    PostgresStore::connect(options(database)).await.unwrap()
}

pub fn own(name: &str) -> Sight {
    Sight::new(vec![Reach::own(Tenant::new(name))], Default::default())
}

pub fn write(rtype: &str, id: &str, content: &str) -> Write {
    let text = format!(r#"{{"resourceType":"{rtype}","id":"{id}","text":{{"div":"{content}"}}}}"#);
    let mut write = Write::new(
        json::parse(text.as_bytes()).unwrap(),
        "homes",
        "2026-01-01T00:00:00Z".parse().unwrap(),
    );
    write.index = vec![IndexRow::Token {
        param: "status".into(),
        system: "urn:status".into(),
        code: content.into(),
    }];
    write
}

pub fn expecting(mut write: Write, expected: Expected) -> Write {
    write.expected = expected;
    write
}

pub fn batch(name: &str, writes: Vec<Write>) -> Batch {
    let mut batch = Batch::new(Tenant::new(name), "");
    batch.writes = writes;
    batch
}

pub async fn put(store: &dyn Store, name: &str, writes: Vec<Write>) -> Result<Committed, Error> {
    store.commit(batch(name, writes)).await
}

pub fn content(body: &[u8]) -> String {
    let value = json::parse(body).unwrap();
    let text = value.get("text").and_then(|text| text.text("div"));
    text.unwrap().to_owned()
}
