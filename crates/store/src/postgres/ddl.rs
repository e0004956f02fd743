//! The tables of the embedded store in PostgreSQL's words.
//!
//! The tables are written once, in `sqlite/schema.rs`, in the plain form that this page reads: each
//! statement ends with `;`, each column stands on a line of its own. What is different here:
//! - numbers are `BIGINT`, bytes `BYTEA`, texts compare by code point (`COLLATE "C"`), and a number
//!   that the database gives out is an identity;
//! - the tables that are most of what is written have the tenant in their key, so that they can be
//!   spread by it, and no foreign keys, which would ask for a row of another table at each insert;
//! - a trigger that forbids to change or delete becomes a privilege that is not given.

use std::collections::BTreeMap;

/// Tables whose key starts with the tenant here, and that refer to no other table by constraint.
const SPREAD: [&str; 4] = ["resource", "version", "label", "person"];

/// What the statements of the embedded store come to.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Statements for PostgreSQL, in order.
    pub(super) statements: Vec<String>,
    /// Each table, and what is known of it.
    pub(super) tables: BTreeMap<String, Table>,
}

/// What is known of a table.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Table {
    /// Whether each row is of one tenant.
    pub(super) of_tenant: bool,
    /// Whether its rows never change.
    pub(super) stays: bool,
    /// Whether its rows never go away.
    pub(super) remains: bool,
}

impl Tables {
    /// Reads statements of the embedded store and adds what they come to.
    pub(super) fn add(&mut self, sql: &str) {
        let sql = without_comments(sql);
        for statement in statements(&sql) {
            let words: Vec<&str> = statement.split_whitespace().collect();
            match words.as_slice() {
                // One that forbids something only at times cannot be told by a privilege.
                ["CREATE", "TRIGGER", _, "BEFORE", _, "ON", _, "WHEN", ..] => {}
                ["CREATE", "TRIGGER", _, "BEFORE", what, "ON", table, ..] => {
                    let table = self.tables.entry((*table).to_owned()).or_default();
                    match *what {
                        "UPDATE" => table.stays = true,
                        _ => table.remains = true,
                    }
                }
                ["CREATE", "TABLE", table, ..] => {
                    let name = table.trim_end_matches('(').to_owned();
                    let spread = SPREAD.contains(&name.as_str());
                    self.statements.push(create(statement, spread));
                    self.tables.entry(name).or_default().of_tenant =
                        statement.lines().any(|line| {
                            let line = line.trim_start();
                            line.starts_with("tenant INTEGER NOT NULL")
                                || line.starts_with("tenant INTEGER PRIMARY KEY")
                        });
                }
                ["ALTER", "TABLE", _, "ADD", "COLUMN", ..] => {
                    self.statements.push(column(statement, false));
                }
                ["DROP", "TABLE", table] => {
                    self.tables.remove(*table);
                    self.statements.push(statement.to_owned());
                }
                [] => {}
                _ => self.statements.push(statement.to_owned()),
            }
        }
    }
}

fn without_comments(sql: &str) -> String {
    sql.lines()
        .map(|line| line.split_once("--").map_or(line, |(code, _)| code))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The statements, a trigger with its body being one.
fn statements(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = sql.trim();
    while !rest.is_empty() {
        let end = if rest.starts_with("CREATE TRIGGER") {
            "END;"
        } else {
            ";"
        };
        match rest.split_once(end) {
            Some((statement, after)) => {
                found.push(statement.trim());
                rest = after.trim();
            }
            None => {
                found.push(rest);
                rest = "";
            }
        }
    }
    found
}

fn create(statement: &str, spread: bool) -> String {
    let mut key = None;
    let mut lines: Vec<String> = Vec::new();
    for line in statement.lines() {
        let plain = line.trim_end().trim_end_matches(',');
        let words: Vec<&str> = plain.split_whitespace().collect();
        match words.as_slice() {
            [")", ..] | [");", ..] => break,
            ["CREATE", ..] => lines.push(line.to_owned()),
            ["FOREIGN", "KEY", ..] if spread => {}
            ["PRIMARY" | "UNIQUE" | "FOREIGN" | "CHECK", ..] => lines.push(line.to_owned()),
            ["tenant", "INTEGER", "PRIMARY", "KEY", ..] => {
                lines.push(column(line, spread).replace(IDENTITY, "BIGINT PRIMARY KEY"));
            }
            [name, "INTEGER", "PRIMARY", "KEY", ..] if spread => {
                key = Some((*name).to_owned());
                lines.push(format!("  {name} BIGINT NOT NULL,"));
            }
            _ => lines.push(column(line, spread)),
        }
    }
    if let Some(key) = key {
        if let Some(last) = lines.last_mut()
            && !last.trim_end().ends_with(',')
        {
            last.push(',');
        }
        lines.push(format!("  PRIMARY KEY (tenant, {key})"));
    }
    if let Some(last) = lines.last_mut()
        && let Some(plain) = last.trim_end().strip_suffix(',')
    {
        *last = plain.to_owned();
    }
    format!("{}\n)", lines.join("\n"))
}

/// A number that the database gives out.
const IDENTITY: &str = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY";

fn column(line: &str, spread: bool) -> String {
    let mut line = line.to_owned();
    if spread && let Some(at) = line.find(" REFERENCES") {
        let comma = line.trim_end().ends_with(',');
        line.truncate(at);
        if comma {
            line.push(',');
        }
    }
    line.replace("INTEGER PRIMARY KEY AUTOINCREMENT", IDENTITY)
        .replace("INTEGER PRIMARY KEY", IDENTITY)
        .replace(" INTEGER", " BIGINT")
        .replace(" BLOB", " BYTEA")
        .replace(" TEXT", " TEXT COLLATE \"C\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema::{MIGRATIONS, TABLES};

    #[test]
    fn the_embedded_tables_come_to_tables_of_postgresql() {
        let mut tables = Tables::default();
        for step in std::iter::once(&TABLES).chain(MIGRATIONS.iter()) {
            tables.add(step);
        }
        let embedded = [
            "INTEGER",
            "BLOB",
            "STRICT",
            "WITHOUT ROWID",
            "AUTOINCREMENT",
            "TRIGGER",
            "RAISE",
            "json_each",
        ];
        for statement in &tables.statements {
            for word in embedded {
                assert!(!statement.contains(word), "{word} in {statement}");
            }
        }
        let table = |name: &str| *tables.tables.get(name).unwrap();
        assert_eq!(
            table("version"),
            Table {
                of_tenant: true,
                stays: true,
                remains: true
            }
        );
        assert!(table("identity_case").remains && !table("identity_case").stays);
        assert!(!table("word").of_tenant && table("turn").of_tenant);
        // A choice of a mapping may be nobody's in particular.
        assert!(!table("mapping_event").of_tenant && table("mapping_event").stays);
        let resource = tables
            .statements
            .iter()
            .find(|sql| sql.starts_with("CREATE TABLE resource"));
        let resource = resource.unwrap();
        assert!(
            resource.ends_with("PRIMARY KEY (tenant, rid)\n)"),
            "{resource}"
        );
        assert!(!resource.contains("REFERENCES"), "{resource}");
        assert!(
            resource.contains("id TEXT COLLATE \"C\" NOT NULL,"),
            "{resource}"
        );
    }
}
