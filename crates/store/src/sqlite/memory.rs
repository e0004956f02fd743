//! What the writer knows without asking.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use crate::sql::record::micros;
use crate::{Clock, Error};

/// What the writer knows without asking: it gives out the numbers. Another process may write to the
/// same file between two of its transactions; it then forgets all of it and asks again.
pub(super) struct Memory {
    clock: Clock,
    tenants: HashMap<String, i64>,
    words: HashMap<String, i64>,
    pub(super) last_resource: i64,
    pub(super) last_version: i64,
    last_tenant: i64,
    last_word: i64,
    /// The moment of the running transaction: never before one already given out (the clock may
    /// go back), and to the millisecond, as `meta.lastUpdated` shows it.
    now: i64,
    /// SQLite's number for what other connections have written.
    written_by_others: i64,
    /// Something was erased: the write-ahead log is to be folded in, so that nothing of it stays there.
    pub(super) fold: bool,
}

/// How many words are remembered before the memory is emptied: they come from data (code systems),
/// so their number has no natural bound.
const MOST_WORDS: usize = 50_000;

impl Memory {
    pub(super) fn load(connection: &Connection, clock: Clock) -> Result<Self, Error> {
        let mut memory = Self {
            clock,
            tenants: HashMap::new(),
            words: HashMap::new(),
            last_resource: 0,
            last_version: 0,
            last_tenant: 0,
            last_word: 0,
            now: 0,
            written_by_others: 0,
            fold: false,
        };
        memory.reload(connection)?;
        Ok(memory)
    }

    /// Forgets what a rolled-back batch had added, and learns what others have.
    pub(super) fn reload(&mut self, connection: &Connection) -> Result<(), Error> {
        let number = |sql: &str| number(connection, sql);
        self.tenants.clear();
        self.words.clear();
        self.last_resource = number("SELECT coalesce(max(rid), 0) FROM resource")?;
        self.last_version = number("SELECT coalesce(max(vid), 0) FROM version")?;
        self.last_tenant = number("SELECT coalesce(max(no), 0) FROM tenant")?;
        self.last_word = number("SELECT coalesce(max(no), 0) FROM word")?;
        self.now = self.now.max(number(
            "SELECT coalesce((SELECT updated FROM version ORDER BY vid DESC LIMIT 1), 0)",
        )?);
        Ok(())
    }

    /// Begins a transaction: no other connection writes until it ends.
    pub(super) fn begin(&mut self, connection: &Connection) -> Result<(), Error> {
        let written = number(connection, "PRAGMA data_version")?;
        if written != self.written_by_others {
            self.reload(connection)?;
            self.written_by_others = written;
        }
        let clock = self.clock.now().as_millisecond().saturating_mul(1000);
        self.now = self.now.max(clock);
        Ok(())
    }

    /// The moment of the running transaction, in microseconds.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    /// What the clock says, in microseconds: for leases, which end even when it was set back.
    pub(super) fn clock(&self) -> i64 {
        micros(self.clock.now())
    }

    pub(super) fn tenant(&mut self, connection: &Connection, name: &str) -> Result<i64, Error> {
        if let Some(number) = self.tenants.get(name) {
            return Ok(*number);
        }
        let known = connection
            .prepare_cached("SELECT no FROM tenant WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        let number = match known {
            Some(number) => number,
            None => {
                self.last_tenant += 1;
                connection
                    .prepare_cached("INSERT INTO tenant (no, name) VALUES (?1, ?2)")?
                    .execute((self.last_tenant, name))?;
                self.last_tenant
            }
        };
        self.tenants.insert(name.to_owned(), number);
        Ok(number)
    }

    pub(super) fn word(&mut self, connection: &Connection, text: &str) -> Result<i64, Error> {
        if let Some(number) = self.words.get(text) {
            return Ok(*number);
        }
        let known = connection
            .prepare_cached("SELECT no FROM word WHERE text = ?1")?
            .query_row([text], |row| row.get(0))
            .optional()?;
        let number = match known {
            Some(number) => number,
            None => {
                self.last_word += 1;
                connection
                    .prepare_cached("INSERT INTO word (no, text) VALUES (?1, ?2)")?
                    .execute((self.last_word, text))?;
                self.last_word
            }
        };
        if self.words.len() >= MOST_WORDS {
            self.words.clear();
        }
        self.words.insert(text.to_owned(), number);
        Ok(number)
    }
}

fn number(connection: &Connection, sql: &str) -> Result<i64, Error> {
    Ok(connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))?)
}
