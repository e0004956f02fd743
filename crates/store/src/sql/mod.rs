//! What both engines share: SQL written once, and the rules around it.
//!
//! A function here takes a [`Session`], one transaction of whichever engine, and speaks SQL that
//! SQLite and PostgreSQL both understand; the few words in which they differ are in [`Dialect`].
//! SQLite's session never waits, so [`now`] runs such a function to its end on the spot.
//!
//! On PostgreSQL every table that is keyed by tenant shows only the rows of the tenant that the
//! session has entered ([`Session::enter`]): a function that forgets to enter one finds nothing.

pub(crate) mod archive;
pub(crate) mod batch;
pub(crate) mod decide;
pub(crate) mod deeds;
pub(crate) mod directory;
pub(crate) mod erasure;
pub(crate) mod exchange;
pub(crate) mod fetch;
pub(crate) mod find;
pub(crate) mod fingerprint;
pub(crate) mod identity_review;
pub(crate) mod intake;
pub(crate) mod jobs;
pub(crate) mod journal;
pub(crate) mod outbox;
pub(crate) mod outbox_list;
pub(crate) mod pending;
pub(crate) mod people;
pub(crate) mod prepared;
pub(crate) mod quarantine;
pub(crate) mod record;
pub(crate) mod registry;
pub(crate) mod rows;
pub(crate) mod submissions;
pub(crate) mod touched;
pub(crate) mod traced;
pub(crate) mod visible;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

pub(crate) use self::record::{Record, Value};
use crate::Error;

/// Which engine the SQL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL and what speaks like it.
    Postgres,
}

impl Dialect {
    /// `COLUMN …` for a column whose value is in a list, one parameter: [`Value::Texts`] or
    /// [`Value::Ints`].
    pub(crate) fn among(self) -> &'static str {
        match self {
            Self::Sqlite => "IN (SELECT value FROM json_each(?))",
            Self::Postgres => "= ANY(?)",
        }
    }

    /// A join that begins with its left side. PostgreSQL finds the order itself.
    pub(crate) fn join(self) -> &'static str {
        match self {
            Self::Sqlite => "CROSS JOIN",
            Self::Postgres => "JOIN",
        }
    }

    /// A column that is compared beside a key that finds the rows: SQLite, which knows no counts,
    /// would take the first column of an index for the better way in, and read the whole tenant.
    /// PostgreSQL's keys begin with it.
    pub(crate) fn beside(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("+{column}"),
            Self::Postgres => column.to_owned(),
        }
    }

    /// What follows a table that is gone through in the order of its rows, a part at a time: SQLite
    /// would take an index that begins with the tenant, and sort the whole of it for each part.
    pub(crate) fn by_row(self) -> &'static str {
        match self {
            Self::Sqlite => "NOT INDEXED",
            Self::Postgres => "",
        }
    }

    /// Joins the resource `r` of each row `i`, found by its number. A planner without counts may take
    /// the resources of a type for the fewer and begin with them, so PostgreSQL is told where to
    /// begin: what is `LATERAL` comes after what it names, and `OFFSET` keeps it where it is written.
    pub(crate) fn resource_of_row(self) -> &'static str {
        match self {
            Self::Sqlite => "CROSS JOIN resource r ON r.tenant = i.tenant AND r.rid = i.rid",
            Self::Postgres => {
                "JOIN LATERAL (SELECT c.* FROM resource c
                   WHERE c.tenant = i.tenant AND c.rid = i.rid OFFSET 0) r ON TRUE"
            }
        }
    }

    /// What ends an `EXISTS` that is to be asked of each row that was found, and not joined.
    pub(crate) fn asked_of_each(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " OFFSET 0",
        }
    }

    /// The condition that a text column holds a text, one parameter. No character of it has a
    /// meaning of its own, as it would have with LIKE.
    pub(crate) fn holds(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("instr({column}, ?) > 0"),
            Self::Postgres => format!("strpos({column}, ?) > 0"),
        }
    }

    /// What ends a SELECT whose rows nobody else may change until this transaction ends. SQLite has
    /// one writer anyway.
    pub(crate) fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }
}

/// SQL with its parameters, each a `?`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Part {
    /// SQL with its parameters, in order.
    pub(crate) fn new(sql: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self {
            sql: sql.into(),
            values: values.into_iter().collect(),
        }
    }

    /// Adds SQL with its parameters.
    pub(crate) fn add(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    /// Adds another part.
    pub(crate) fn append(&mut self, other: Self) {
        self.sql.push_str(&other.sql);
        self.values.extend(other.values);
    }
}

/// One transaction on one engine.
pub(crate) trait Session {
    /// Which engine.
    fn dialect(&self) -> Dialect;

    /// Goes into a tenant, by number: what is asked from now on is asked of it alone.
    fn enter(&mut self, tenant: i64) -> impl Future<Output = Result<(), Error>>;

    /// Opens the person index for one NHS number over all tenants: the one look-up across them.
    fn ask_across(&mut self, nhs_number: &str) -> impl Future<Output = Result<(), Error>>;

    /// The rows of a query.
    fn query(&mut self, part: Part) -> impl Future<Output = Result<Vec<Record>, Error>>;

    /// How many rows a statement changed.
    fn execute(&mut self, part: Part) -> impl Future<Output = Result<u64, Error>>;

    /// The number of a word that is known.
    fn word(&mut self, text: &str) -> impl Future<Output = Result<Option<i64>, Error>>;

    /// The number of a word, given to it now where it has none. Only a writer may ask.
    fn new_word(&mut self, text: &str) -> impl Future<Output = Result<i64, Error>>;

    /// The number of a tenant, given to it now where it has none. Only a writer may ask.
    fn new_tenant(&mut self, name: &str) -> impl Future<Output = Result<i64, Error>>;

    /// The moment of the transaction, in microseconds: never before one that was given out before.
    /// Only a writer may ask.
    fn moment(&self) -> i64;
}

/// The first row of a query, where it has one.
pub(crate) async fn first<S: Session>(s: &mut S, part: Part) -> Result<Option<Record>, Error> {
    Ok(s.query(part).await?.into_iter().next())
}

/// The number of a tenant that something is stored of.
pub(crate) async fn tenant<S: Session>(s: &mut S, name: &str) -> Result<Option<i64>, Error> {
    let part = Part::new("SELECT no FROM tenant WHERE name = ?", [name.into()]);
    first(s, part).await?.map(|mut row| row.int()).transpose()
}

/// Runs what never waits to its end.
pub(crate) fn now<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Err(Error::Database(
            "a step that never waits has waited".to_owned(),
        )),
    }
}
