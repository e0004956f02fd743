//! What the cases of the suite share.

pub use std::sync::Arc;

pub use jiff::Timestamp;
pub use store::{
    Batch, Committed, Expected, IndexRow, Label, Outcome, QuarantineQuery, Reach, Sight, Store,
    Tenant, Write,
};

/// A store of its own for one test; what it lies on goes away with it.
pub struct Fresh {
    pub store: Arc<dyn Store>,
    /// What must live as long as the store: a folder, a database.
    pub _ground: Box<dyn std::any::Any + Send + Sync>,
}

impl std::ops::Deref for Fresh {
    type Target = dyn Store;
    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

pub fn tenant(name: &str) -> Tenant {
    Tenant::new(name)
}

/// The sight of a tenant over its own records.
pub fn own(name: &str) -> Sight {
    Sight::new(vec![Reach::own(tenant(name))], Default::default())
}

pub fn withheld() -> Label {
    Label::new("urn:causeway:label", "safeguarding")
}

pub fn day(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

pub fn resource(rtype: &str, id: &str, content: &str) -> json::Value {
    json::parse(
        format!(r#"{{"resourceType":"{rtype}","id":"{id}","text":{{"div":"{content}"}}}}"#)
            .as_bytes(),
    )
    .unwrap()
}

pub fn write(rtype: &str, id: &str, content: &str, as_of: &str) -> Write {
    Write::new(resource(rtype, id, content), "homes", day(as_of))
}

/// The same, about a person.
pub fn about(patient: &str, mut write: Write) -> Write {
    write.patient = Some(patient.to_owned());
    write
}

pub fn indexed(mut write: Write, rows: impl IntoIterator<Item = IndexRow>) -> Write {
    write.index.extend(rows);
    write
}

pub fn expecting(mut write: Write, expected: Expected) -> Write {
    write.expected = expected;
    write
}

pub fn token(param: &str, system: &str, code: &str) -> IndexRow {
    IndexRow::Token {
        param: param.into(),
        system: system.into(),
        code: code.into(),
    }
}

pub async fn commit(store: &dyn Store, name: &str, writes: Vec<Write>) -> Committed {
    let mut batch = Batch::new(tenant(name), "");
    batch.writes = writes;
    store.commit(batch).await.unwrap()
}

/// Commits one write and gives its outcome.
pub async fn put(store: &dyn Store, name: &str, write: Write) -> Outcome {
    commit(store, name, vec![write]).await.writes[0]
}

pub fn text(body: &[u8]) -> String {
    let value = json::parse(body).unwrap();
    value
        .get("text")
        .and_then(|t| t.text("div"))
        .unwrap()
        .to_owned()
}

/// What a submission had held back.
pub fn of_submission(id: &str) -> QuarantineQuery {
    QuarantineQuery {
        submission: Some(id.to_owned()),
        ..QuarantineQuery::default()
    }
}
