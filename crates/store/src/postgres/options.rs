//! How the store reaches PostgreSQL.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::Error;

/// How a gateway reaches its PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Where it is and as whom the gateway connects:
    /// `postgres://ROLE:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE`. The role
    /// is no superuser and does not skip row-level security.
    pub url: String,
    /// The same for the role that owns the tables and brings them up to date; where it is `None`,
    /// the gateway's own role does.
    pub owner_url: Option<String>,
    /// The most connections that this process holds.
    pub connections: u32,
    /// How long to wait for a connection to be free before the answer is [`Error::Busy`].
    pub acquire: Duration,
    /// How long one statement may take.
    pub statement: Duration,
    /// How long to go on trying when PostgreSQL is not there or gives a transaction up, and to find
    /// out whether one was committed whose answer was lost.
    pub patience: Duration,
}

impl PostgresOptions {
    /// The usual options for an address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            owner_url: None,
            connections: 16,
            acquire: Duration::from_secs(5),
            statement: Duration::from_secs(30),
            patience: Duration::from_secs(20),
        }
    }

    /// What the driver needs for an address. Off this machine the connection is encrypted and the
    /// server's certificate checked, unless the address itself says otherwise (`sslmode`).
    pub(super) fn driver(&self, url: &str) -> Result<PgConnectOptions, Error> {
        let options = PgConnectOptions::from_str(url).map_err(|_| Error::Open {
            path: PathBuf::from("PostgreSQL"),
            // The driver's own words may quote the address, and so the password in it.
            reason: "its address is not one: postgres://ROLE:PASSWORD@HOST:PORT/DATABASE"
                .to_owned(),
        })?;
        let local = options.get_socket().is_some()
            || options.get_host().starts_with('/')
            || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&options.get_host());
        let says = url.contains("sslmode=") || url.contains("ssl-mode=");
        let options = if local || says {
            options
        } else {
            options.ssl_mode(PgSslMode::VerifyFull)
        };
        let millis = |time: Duration| time.as_millis().to_string();
        Ok(options.application_name("causeway").options([
            ("statement_timeout", millis(self.statement)),
            ("lock_timeout", millis(self.statement)),
            (
                "idle_in_transaction_session_timeout",
                millis(self.statement.saturating_mul(2)),
            ),
        ]))
    }
}

/// The place as it may be shown: without role and password.
pub(super) fn place(options: &PgConnectOptions) -> String {
    format!(
        "PostgreSQL at {}:{}/{}",
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or_default()
    )
}
