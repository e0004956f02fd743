//! A transaction on PostgreSQL, as what both engines share sees it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, Postgres, Row as _, Transaction, TypeInfo as _,
};

use super::failure;
use crate::Error;
use crate::sql::{Dialect, Part, Record, Session, Value};

/// How many words are remembered before the memory is emptied: they come from data (code systems),
/// so their number has no natural bound.
const MOST: usize = 50_000;

/// Numbers of words and tenants that are committed, and so never change.
#[derive(Debug, Default)]
pub(super) struct Known {
    words: Mutex<HashMap<String, i64>>,
    tenants: Mutex<HashMap<String, i64>>,
}

fn get(map: &Mutex<HashMap<String, i64>>, name: &str) -> Option<i64> {
    map.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(name)
        .copied()
}

fn put(map: &Mutex<HashMap<String, i64>>, name: &str, number: i64) {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    if map.len() >= MOST {
        map.clear();
    }
    map.insert(name.to_owned(), number);
}

impl Known {
    /// The number of a word that is remembered.
    pub(super) fn word(&self, text: &str) -> Option<i64> {
        get(&self.words, text)
    }

    /// The number of a tenant that is remembered.
    pub(super) fn tenant(&self, name: &str) -> Option<i64> {
        get(&self.tenants, name)
    }
}

/// What a transaction opens besides the tenant that it enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Across {
    /// Nothing.
    Nothing,
    /// The queue of all tenants: for the workers of the gateway itself.
    Queue,
}

/// A transaction.
pub(super) struct Pg {
    transaction: Transaction<'static, Postgres>,
    known: Arc<Known>,
    entered: Option<i64>,
    moment: i64,
    clock: i64,
    /// Words and tenants met in this transaction: remembered when it is known to be committed.
    fresh: Vec<(bool, String, i64)>,
}

impl Pg {
    /// The session of a transaction that has just begun.
    pub(super) async fn new(
        transaction: Transaction<'static, Postgres>,
        known: Arc<Known>,
        across: Across,
    ) -> Result<Self, Error> {
        let mut session = Self {
            transaction,
            known,
            entered: None,
            moment: 0,
            clock: 0,
            fresh: Vec::new(),
        };
        if across == Across::Queue {
            session.set("causeway.across", "queue").await?;
        }
        Ok(session)
    }

    /// Takes the tenant's clock, which every writer of the tenant holds until it ends: their
    /// transactions come one after the other, numbers are given out in the order of committing, and
    /// the moment never goes back (F8).
    pub(super) async fn take_clock(&mut self, tenant: i64) -> Result<(), Error> {
        self.enter(tenant).await?;
        let part = Part::new(
            "INSERT INTO clock (tenant, now)
             VALUES (?, CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT) * 1000)
             ON CONFLICT (tenant) DO UPDATE SET now = greatest(clock.now, excluded.now)
             RETURNING now, CAST(floor(extract(epoch FROM clock_timestamp()) * 1000000) AS BIGINT)",
            [tenant.into()],
        );
        let mut row = crate::sql::first(self, part)
            .await?
            .ok_or_else(|| Error::Database("a clock was not taken".to_owned()))?;
        self.moment = row.int()?;
        self.clock = row.int()?;
        Ok(())
    }

    /// Asks the database for the time, in microseconds.
    pub(super) async fn ask_clock(&mut self) -> Result<i64, Error> {
        let part = Part::new(
            "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000000) AS BIGINT)",
            [],
        );
        let mut row = crate::sql::first(self, part)
            .await?
            .ok_or_else(|| Error::Database("the database told no time".to_owned()))?;
        self.clock = row.int()?;
        Ok(self.clock)
    }

    /// The time that the database told last, in microseconds: for leases, which must end even when
    /// the clock has gone back.
    pub(super) fn clock(&self) -> i64 {
        self.clock
    }

    /// The moment of a transaction that holds no tenant's clock is the time.
    pub(super) async fn tell_moment(&mut self) -> Result<(), Error> {
        self.moment = self.ask_clock().await?;
        Ok(())
    }

    async fn set(&mut self, name: &'static str, value: &str) -> Result<(), Error> {
        self.query(Part::new(
            "SELECT set_config(?, ?, TRUE)",
            [name.into(), value.into()],
        ))
        .await?;
        Ok(())
    }

    /// Runs one statement over many rows: each argument is a list, one entry for each row.
    pub(super) async fn bulk(
        &mut self,
        sql: &'static str,
        arguments: PgArguments,
    ) -> Result<Vec<Record>, Error> {
        let rows = sqlx::query_with(sql, arguments)
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(failure::of)?;
        rows.iter().map(record).collect()
    }

    /// Ends the transaction; what it changed is on disk when this returns.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await?;
        for (word, name, number) in self.fresh {
            let map = if word {
                &self.known.words
            } else {
                &self.known.tenants
            };
            put(map, &name, number);
        }
        Ok(())
    }

    /// Ends the transaction without a trace.
    pub(super) async fn roll_back(self) -> Result<(), sqlx::Error> {
        self.transaction.rollback().await
    }

    /// Gives numbers to words, in one order whoever does it, so that two who give them do not wait
    /// for each other; `words` are sorted, each once.
    pub(super) async fn new_words(
        &mut self,
        words: &[String],
    ) -> Result<Vec<(String, i64)>, Error> {
        let words = words.to_vec();
        let select = "SELECT text, no FROM word WHERE text = ANY(?)";
        self.execute(Part::new(
            "INSERT INTO word (text)
             SELECT w.text FROM unnest(CAST(? AS TEXT[])) WITH ORDINALITY w(text, place)
             WHERE NOT EXISTS (SELECT 1 FROM word k WHERE k.text = w.text COLLATE \"C\")
             ORDER BY w.place ON CONFLICT DO NOTHING",
            [Value::Texts(words.clone())],
        ))
        .await?;
        let mut numbers = Vec::with_capacity(words.len());
        for mut row in self.query(Part::new(select, [Value::Texts(words)])).await? {
            let (text, number) = (row.text()?, row.int()?);
            self.fresh.push((true, text.clone(), number));
            numbers.push((text, number));
        }
        Ok(numbers)
    }

    /// The number of a name in one of the two lists of names, given to it now where it has none.
    async fn numbered(&mut self, table: &str, column: &str, name: &str) -> Result<i64, Error> {
        let insert = format!(
            "INSERT INTO {table} ({column}) VALUES (?) ON CONFLICT DO NOTHING RETURNING no"
        );
        let select = format!("SELECT no FROM {table} WHERE {column} = ?");
        for sql in [&select, &insert, &select] {
            if let Some(mut row) =
                crate::sql::first(self, Part::new(sql.as_str(), [name.into()])).await?
            {
                return row.int();
            }
        }
        Err(Error::Database("a name was not given a number".to_owned()))
    }
}

impl Session for Pg {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn enter(&mut self, tenant: i64) -> Result<(), Error> {
        if self.entered != Some(tenant) {
            self.set("causeway.tenant", &tenant.to_string()).await?;
            self.entered = Some(tenant);
        }
        Ok(())
    }

    async fn ask_across(&mut self, nhs_number: &str) -> Result<(), Error> {
        self.set("causeway.nhs_number", nhs_number).await
    }

    async fn query(&mut self, part: Part) -> Result<Vec<Record>, Error> {
        let (sql, arguments) = prepare(part)?;
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments)
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(failure::of)?;
        rows.iter().map(record).collect()
    }

    async fn execute(&mut self, part: Part) -> Result<u64, Error> {
        let (sql, arguments) = prepare(part)?;
        let done = sqlx::query_with(AssertSqlSafe(sql), arguments)
            .execute(&mut *self.transaction)
            .await
            .map_err(failure::of)?;
        Ok(done.rows_affected())
    }

    async fn word(&mut self, text: &str) -> Result<Option<i64>, Error> {
        if let Some(number) = self.known.word(text) {
            return Ok(Some(number));
        }
        let part = Part::new("SELECT no FROM word WHERE text = ?", [text.into()]);
        let Some(mut row) = crate::sql::first(self, part).await? else {
            return Ok(None);
        };
        let number = row.int()?;
        self.fresh.push((true, text.to_owned(), number));
        Ok(Some(number))
    }

    async fn new_word(&mut self, text: &str) -> Result<i64, Error> {
        if let Some(number) = self.known.word(text) {
            return Ok(number);
        }
        let number = self.numbered("word", "text", text).await?;
        self.fresh.push((true, text.to_owned(), number));
        Ok(number)
    }

    async fn new_tenant(&mut self, name: &str) -> Result<i64, Error> {
        if let Some(number) = self.known.tenant(name) {
            return Ok(number);
        }
        let number = self.numbered("tenant", "name", name).await?;
        self.fresh.push((false, name.to_owned(), number));
        Ok(number)
    }

    fn moment(&self) -> i64 {
        self.moment
    }
}

/// SQL as PostgreSQL wants it: parameters by number.
fn prepare(part: Part) -> Result<(String, PgArguments), Error> {
    let mut sql = String::with_capacity(part.sql.len() + 2 * part.values.len());
    for (number, piece) in part.sql.split('?').enumerate() {
        if number > 0 {
            let _ = write!(sql, "${number}");
        }
        sql.push_str(piece);
    }
    let mut arguments = PgArguments::default();
    for value in part.values {
        match value {
            Value::Int(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text.map(|text| shut(text.into()).into_owned())),
            Value::Bytes(bytes) => arguments.add(bytes),
            Value::Ints(numbers) => arguments.add(numbers),
            Value::Texts(texts) => arguments.add(
                texts
                    .into_iter()
                    .map(|text| shut(text.into()).into_owned())
                    .collect::<Vec<_>>(),
            ),
        }
        .map_err(|error| Error::Database(format!("a parameter cannot be sent: {error}")))?;
    }
    Ok((sql, arguments))
}

/// A row in the terms of both engines.
fn record(row: &PgRow) -> Result<Record, Error> {
    let mut columns = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let value = match column.type_info().name() {
            "INT8" => row.try_get(index).map(Value::Int),
            "INT4" => row
                .try_get::<Option<i32>, _>(index)
                .map(|number| Value::Int(number.map(i64::from))),
            "BOOL" => row
                .try_get::<Option<bool>, _>(index)
                .map(|flag| Value::Int(flag.map(i64::from))),
            "TEXT" | "VARCHAR" => row
                .try_get::<Option<String>, _>(index)
                .map(|text| Value::Text(text.map(open))),
            "BYTEA" => row.try_get(index).map(Value::Bytes),
            other => {
                return Err(Error::Database(format!(
                    "a column is of the type {other}, which none of the tables has"
                )));
            }
        };
        columns.push(value.map_err(failure::of)?);
    }
    Ok(Record::new(columns))
}

/// Stands before a 0 for U+0000, which PostgreSQL keeps in no text, and before a 1 for itself.
const ESCAPE: char = '\u{10FFFF}';

/// A text as PostgreSQL can keep it.
pub(super) fn shut(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return text;
    }
    let mut kept = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => kept.extend([ESCAPE, '0']),
            ESCAPE => kept.extend([ESCAPE, '1']),
            other => kept.push(other),
        }
    }
    kept.into()
}

/// The text that was kept so.
fn open(kept: String) -> String {
    if !kept.contains(ESCAPE) {
        return kept;
    }
    let mut text = String::with_capacity(kept.len());
    let mut characters = kept.chars();
    while let Some(character) = characters.next() {
        if character != ESCAPE {
            text.push(character);
        } else if characters.next() == Some('0') {
            text.push('\0');
        } else {
            text.push(ESCAPE);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_comes_back_as_it_was(text in "[\u{0}a0-2\u{10FFFF}é]{0,12}") {
            let kept = shut(text.as_str().into());
            prop_assert!(!kept.contains('\0'));
            prop_assert_eq!(open(kept.into_owned()), text);
        }
    }
}
