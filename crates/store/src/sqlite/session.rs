//! A transaction of the embedded store, as what both engines share sees it.

use rusqlite::types::{Value as Column, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::memory::Memory;
use crate::Error;
use crate::sql::{Dialect, Part, Record, Session, Value};

/// A transaction on a connection that never waits. A writer's has the writer's memory.
pub(super) struct Lite<'a> {
    connection: &'a Connection,
    memory: Option<&'a mut Memory>,
}

impl<'a> Lite<'a> {
    /// A reader's.
    pub(super) fn reader(connection: &'a Connection) -> Self {
        Self {
            connection,
            memory: None,
        }
    }

    /// The writer's.
    pub(super) fn writer(connection: &'a Connection, memory: &'a mut Memory) -> Self {
        Self {
            connection,
            memory: Some(memory),
        }
    }

    fn memory(&mut self) -> Result<(&'a Connection, &mut Memory), Error> {
        match &mut self.memory {
            Some(memory) => Ok((self.connection, memory)),
            None => Err(Error::Database("a reader was asked to write".to_owned())),
        }
    }
}

impl Session for Lite<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn enter(&mut self, _tenant: i64) -> Result<(), Error> {
        Ok(())
    }

    async fn ask_across(&mut self, _nhs_number: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn query(&mut self, part: Part) -> Result<Vec<Record>, Error> {
        let mut statement = self.connection.prepare_cached(&part.sql)?;
        let width = statement.column_count();
        let mut rows = statement.query(params_from_iter(part.values.into_iter().map(column)))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut columns = Vec::with_capacity(width);
            for index in 0..width {
                columns.push(value(row.get_ref(index)?)?);
            }
            found.push(Record::new(columns));
        }
        Ok(found)
    }

    async fn execute(&mut self, part: Part) -> Result<u64, Error> {
        let changed = self
            .connection
            .prepare_cached(&part.sql)?
            .execute(params_from_iter(part.values.into_iter().map(column)))?;
        Ok(changed as u64)
    }

    async fn word(&mut self, text: &str) -> Result<Option<i64>, Error> {
        let part = Part::new("SELECT no FROM word WHERE text = ?", [text.into()]);
        crate::sql::first(self, part)
            .await?
            .map(|mut row| row.int())
            .transpose()
    }

    async fn new_word(&mut self, text: &str) -> Result<i64, Error> {
        let (connection, memory) = self.memory()?;
        memory.word(connection, text)
    }

    async fn new_tenant(&mut self, name: &str) -> Result<i64, Error> {
        let (connection, memory) = self.memory()?;
        memory.tenant(connection, name)
    }

    fn moment(&self) -> i64 {
        self.memory.as_ref().map_or(0, |memory| memory.now())
    }
}

fn column(value: Value) -> Column {
    let list = |array: Vec<json::Value>| {
        let bytes = json::Value::Array(array).to_bytes();
        Column::Text(String::from_utf8_lossy(&bytes).into_owned())
    };
    match value {
        Value::Int(number) => number.map_or(Column::Null, Column::Integer),
        Value::Text(text) => text.map_or(Column::Null, Column::Text),
        Value::Bytes(bytes) => bytes.map_or(Column::Null, Column::Blob),
        Value::Texts(texts) => list(texts.iter().map(|text| text.as_str().into()).collect()),
        Value::Ints(numbers) => {
            let digits: Vec<String> = numbers.iter().map(i64::to_string).collect();
            Column::Text(format!("[{}]", digits.join(",")))
        }
    }
}

fn value(column: ValueRef<'_>) -> Result<Value, Error> {
    Ok(match column {
        ValueRef::Null => Value::Int(None),
        ValueRef::Integer(number) => Value::Int(Some(number)),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text)
                .map_err(|_| Error::Database("a stored text is not text".to_owned()))?;
            Value::Text(Some(text.to_owned()))
        }
        ValueRef::Blob(bytes) => Value::Bytes(Some(bytes.to_vec())),
        ValueRef::Real(_) => {
            return Err(Error::Database(
                "a column holds a fraction, which none of the tables has".to_owned(),
            ));
        }
    })
}
