//! Making the tables and bringing them up to date, and the second lock on them.
//!
//! Every table whose rows are of a tenant shows a session only the rows of the tenant that it has
//! entered; one that has entered none sees nothing and writes nothing. The lock holds for the owner
//! of the tables too (`FORCE`), but not for a superuser, as which the store therefore refuses to run.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::ddl::Tables;
use super::failure;
use crate::Error;
use crate::sqlite::schema::{MIGRATIONS, TABLES, VERSION};

/// Tables that a gateway's own workers read over all tenants.
const QUEUE: [&str; 6] = ["job", "turn", "journal", "upload", "chunk", "blob"];

/// What PostgreSQL has besides: who writes for a tenant just now and when it was last written for;
/// which transactions were committed; and the numbers of resources and versions.
const BESIDES: &str = "
CREATE TABLE clock (
  tenant INTEGER NOT NULL,
  now INTEGER NOT NULL,
  PRIMARY KEY (tenant)
) STRICT;

CREATE TABLE commit_mark (
  tenant INTEGER NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX commit_mark_by_time ON commit_mark (tenant, at);

CREATE SEQUENCE resource_number;
CREATE SEQUENCE version_number;
";

/// Counts the tables that searches go through, as their owner, who alone may: until they have been
/// counted once, the planner guesses, and autovacuum comes by only once a minute.
const COUNT: &str = "
CREATE OR REPLACE FUNCTION causeway_count() RETURNS BIGINT LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  ANALYZE resource; ANALYZE version; ANALYZE label; ANALYZE person;
  ANALYZE token; ANALYZE reference; ANALYZE date; ANALYZE string;
  RETURN 1;
END $$;
REVOKE ALL ON FUNCTION causeway_count() FROM PUBLIC";

/// The tables and the statements that make them, from a version on.
fn tables(done: i64) -> Tables {
    let mut tables = Tables::default();
    let mut version = 0;
    let mut fresh = 0;
    for step in std::iter::once(&TABLES).chain(MIGRATIONS.iter()) {
        tables.add(step);
        if version == 0 {
            tables.add(BESIDES);
        }
        version += 1;
        if version <= done {
            fresh = tables.statements.len();
        }
    }
    tables.statements.drain(..fresh);
    tables
}

/// Makes the tables where there are none, brings older ones up to date, and lets a role use them.
/// Of two processes that start at once, one waits for the other. Either all of it is done or nothing.
pub(super) async fn prepare(
    connection: &mut PgConnection,
    place: &str,
    gateway: &str,
) -> Result<(), Error> {
    if ready(connection, place, gateway).await? {
        return Ok(());
    }
    let mut transaction = connection.begin().await.map_err(failure::of)?;
    run(
        &mut transaction,
        "CREATE TABLE IF NOT EXISTS causeway_schema (version BIGINT NOT NULL)".to_owned(),
    )
    .await?;
    run(
        &mut transaction,
        "LOCK TABLE causeway_schema IN ACCESS EXCLUSIVE MODE".to_owned(),
    )
    .await?;
    let done = version(&mut transaction).await?.unwrap_or(0);
    known(done, place)?;
    let tables = tables(done);
    for (name, table) in &tables.tables {
        // A change of what is stored must see all of it.
        if table.of_tenant && exists(&mut transaction, name).await? {
            let open = format!("ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY");
            run(&mut transaction, open).await?;
        }
    }
    for statement in &tables.statements {
        run(&mut transaction, statement.clone()).await?;
    }
    run(&mut transaction, COUNT.to_owned()).await?;
    lock(&mut transaction, &tables, gateway).await?;
    if done < VERSION {
        let sql = format!("INSERT INTO causeway_schema (version) VALUES ({VERSION})");
        run(&mut transaction, sql).await?;
    }
    transaction.commit().await.map_err(failure::of)
}

/// Whether the tables are those of this program and the gateway's role may use them.
async fn ready(connection: &mut PgConnection, place: &str, gateway: &str) -> Result<bool, Error> {
    if !exists(connection, "causeway_schema").await? {
        return Ok(false);
    }
    let may = sqlx::query("SELECT has_table_privilege($1, 'causeway_schema', 'SELECT')")
        .bind(gateway)
        .fetch_one(&mut *connection)
        .await
        .and_then(|row| row.try_get::<bool, _>(0))
        .map_err(failure::of)?;
    if !may {
        return Ok(false);
    }
    let done = version(connection).await?.unwrap_or(0);
    known(done, place)?;
    Ok(done == VERSION)
}

fn known(done: i64, place: &str) -> Result<(), Error> {
    if done > VERSION {
        return Err(Error::TooNew {
            path: place.into(),
            found: done,
            known: VERSION,
        });
    }
    Ok(())
}

async fn version(connection: &mut PgConnection) -> Result<Option<i64>, Error> {
    sqlx::query("SELECT max(version) FROM causeway_schema")
        .fetch_one(connection)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(failure::of)
}

async fn exists(connection: &mut PgConnection, table: &str) -> Result<bool, Error> {
    sqlx::query("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(connection)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(failure::of)
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), Error> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(failure::of)
}

/// Lays the second lock on the tables, and gives the gateway's role what it needs and no more: what
/// never changes or never goes away, it cannot change or take away.
async fn lock(connection: &mut PgConnection, tables: &Tables, gateway: &str) -> Result<(), Error> {
    let role = format!("\"{}\"", gateway.replace('"', "\"\""));
    let mut statements = vec![
        format!("GRANT SELECT ON causeway_schema TO {role}"),
        format!("GRANT USAGE ON SEQUENCE resource_number, version_number TO {role}"),
        format!("GRANT EXECUTE ON FUNCTION causeway_count() TO {role}"),
    ];
    for (name, table) in &tables.tables {
        if table.of_tenant {
            statements.push(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"));
            statements.push(format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY"));
            statements.push(policy(
                name,
                "of_tenant",
                "",
                "tenant = CAST(nullif(current_setting('causeway.tenant', TRUE), '') AS BIGINT)",
            ));
        }
        if name == "person" {
            statements.push(policy(
                name,
                "of_nhs_number",
                "FOR SELECT",
                "nhs = nullif(current_setting('causeway.nhs_number', TRUE), '')",
            ));
        }
        if QUEUE.contains(&name.as_str()) {
            statements.push(policy(
                name,
                "of_queue",
                "",
                "current_setting('causeway.across', TRUE) = 'queue'",
            ));
        }
        let mut rights = vec!["SELECT", "INSERT"];
        let mut denied = Vec::new();
        for (right, forbidden) in [("UPDATE", table.stays), ("DELETE", table.remains)] {
            if forbidden {
                denied.push(right);
            } else {
                rights.push(right);
            }
        }
        statements.push(format!("GRANT {} ON {name} TO {role}", rights.join(", ")));
        if !denied.is_empty() {
            // Where the role owns the tables, this is what it would do by mistake.
            let denied = denied.join(", ");
            statements.push(format!("REVOKE {denied} ON {name} FROM {role}"));
        }
    }
    run(connection, statements.join(";\n")).await
}

fn policy(table: &str, name: &str, kind: &str, condition: &str) -> String {
    format!(
        "DROP POLICY IF EXISTS {name} ON {table};
         CREATE POLICY {name} ON {table} {kind} USING ({condition})"
    )
}
