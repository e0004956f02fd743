//! Index rows of a batch, written together.

use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::Error;
use crate::sql::rows::Row;

/// Rows of a whole batch, written together in the order of their keys: neighbours in a table are
/// then written one after the other.
#[derive(Debug, Default)]
pub(super) struct Pending {
    add: Vec<(Row, i64)>,
    remove: Vec<(Row, i64)>,
}

impl Pending {
    /// Changes the rows of a resource from the old ones to the new ones.
    pub(super) fn change(&mut self, rid: i64, old: &BTreeSet<Row>, new: &BTreeSet<Row>) {
        self.remove
            .extend(old.difference(new).map(|row| (row.clone(), rid)));
        self.add
            .extend(new.difference(old).map(|row| (row.clone(), rid)));
    }

    /// Writes them.
    pub(super) fn flush(&mut self, connection: &Connection, tenant: i64) -> Result<(), Error> {
        for (row, rid) in self.remove.drain(..) {
            remove(connection, tenant, row, rid)?;
        }
        self.add.sort_unstable();
        let mut tables = [
            Inserts::new("token (tenant, param, code, rid, system)"),
            Inserts::new("reference (tenant, param, id, rid, rtype)"),
            Inserts::new("date (tenant, param, lo, hi, rid)"),
            Inserts::new("string (tenant, param, norm, rid)"),
        ];
        let [tokens, references, dates, strings] = &mut tables;
        for (row, rid) in self.add.drain(..) {
            match row {
                Row::Token(param, code, system) => tokens.push(
                    connection,
                    [
                        tenant.into(),
                        param.into(),
                        code.into(),
                        rid.into(),
                        system.into(),
                    ],
                ),
                Row::Reference(param, id, rtype) => references.push(
                    connection,
                    [
                        tenant.into(),
                        param.into(),
                        id.into(),
                        rid.into(),
                        rtype.into(),
                    ],
                ),
                Row::Date(param, lo, hi) => dates.push(
                    connection,
                    [
                        tenant.into(),
                        param.into(),
                        lo.into(),
                        hi.into(),
                        rid.into(),
                    ],
                ),
                Row::String(param, norm) => strings.push(
                    connection,
                    [tenant.into(), param.into(), norm.into(), rid.into()],
                ),
            }?;
        }
        for table in &mut tables {
            table.finish(connection)?;
        }
        Ok(())
    }
}

fn remove(connection: &Connection, tenant: i64, row: Row, rid: i64) -> Result<(), Error> {
    match row {
        Row::Token(param, code, system) => connection
            .prepare_cached(
                "DELETE FROM token
                 WHERE tenant = ?1 AND param = ?2 AND code = ?3 AND rid = ?4 AND system = ?5",
            )?
            .execute((tenant, param, code, rid, system)),
        Row::Reference(param, id, rtype) => connection
            .prepare_cached(
                "DELETE FROM reference
                 WHERE tenant = ?1 AND param = ?2 AND id = ?3 AND rid = ?4 AND rtype = ?5",
            )?
            .execute((tenant, param, id, rid, rtype)),
        Row::Date(param, lo, hi) => connection
            .prepare_cached(
                "DELETE FROM date
                 WHERE tenant = ?1 AND param = ?2 AND lo = ?3 AND hi = ?4 AND rid = ?5",
            )?
            .execute((tenant, param, lo, hi, rid)),
        Row::String(param, norm) => connection
            .prepare_cached(
                "DELETE FROM string
                 WHERE tenant = ?1 AND param = ?2 AND norm = ?3 AND rid = ?4",
            )?
            .execute((tenant, param, norm, rid)),
    }?;
    Ok(())
}

/// How many rows one statement inserts.
const TOGETHER: usize = 40;

/// Inserts into one table, many rows a statement.
struct Inserts {
    into: &'static str,
    width: usize,
    values: Vec<Value>,
}

impl Inserts {
    fn new(into: &'static str) -> Self {
        Self {
            into,
            width: into.split(',').count(),
            values: Vec::new(),
        }
    }

    fn push<const N: usize>(
        &mut self,
        connection: &Connection,
        row: [Value; N],
    ) -> Result<(), Error> {
        self.values.extend(row);
        if self.values.len() >= TOGETHER * self.width {
            self.write(connection, TOGETHER)?;
        }
        Ok(())
    }

    fn finish(&mut self, connection: &Connection) -> Result<(), Error> {
        let rows = self.values.len() / self.width;
        for _ in 0..rows {
            self.write(connection, 1)?;
        }
        Ok(())
    }

    /// Writes the first `rows` rows that wait.
    fn write(&mut self, connection: &Connection, rows: usize) -> Result<(), Error> {
        let one = format!("({})", vec!["?"; self.width].join(", "));
        let sql = format!(
            "INSERT OR IGNORE INTO {} VALUES {}",
            self.into,
            vec![one.as_str(); rows].join(", ")
        );
        let mut statement = connection.prepare_cached(&sql)?;
        statement.execute(params_from_iter(self.values.drain(..rows * self.width)))?;
        Ok(())
    }
}
