//! A server, and the databases on it.

use std::fmt::Write as _;
use std::future::Future;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::programs::Programs;

/// A running server. Its files and its process go with the test process.
#[derive(Debug)]
pub struct Server {
    programs: Programs,
    folder: PathBuf,
    port: u16,
    tls: bool,
    made: AtomicU32,
    /// Waits for the end of the test process, stops the server and clears the folder away.
    _keeper: Child,
}

/// A database of one test.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// The address for the role that owns it and makes its tables.
    pub owner_url: String,
    /// The address for a role that owns nothing: what a gateway connects as.
    pub url: String,
    /// The address for the superuser, for a test that looks behind the scenes.
    pub admin_url: String,
    /// The port of its server.
    pub port: u16,
}

impl Server {
    /// Starts a server; `None` where PostgreSQL is not installed, and not in `CI`.
    ///
    /// # Panics
    /// When it is installed and cannot be started, or is missing while `CI` is set.
    #[allow(clippy::panic)]
    pub fn start() -> Option<Self> {
        Self::start_as(false)
    }

    /// The same with TLS, under a certificate for 127.0.0.1 of an authority that
    /// [`Server::authority`] names. Connections without TLS are taken too: whether to ask for it is
    /// the client's to say.
    ///
    /// # Panics
    /// As [`Server::start`], and where the program `openssl` does not make the certificates.
    pub fn start_with_tls() -> Option<Self> {
        Self::start_as(true)
    }

    /// The file with the certificate of the authority that vouches for a server with TLS.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.crt")
    }

    #[allow(clippy::panic)]
    fn start_as(tls: bool) -> Option<Self> {
        let Some(programs) = Programs::find() else {
            let text = "PostgreSQL is missing: install the package postgresql";
            assert!(std::env::var_os("CI").is_none(), "{text}");
            eprintln!("SKIPPED: {text}");
            return None;
        };
        match Self::start_with(programs, tls) {
            Ok(server) => Some(server),
            Err(reason) => panic!("PostgreSQL cannot be started: {reason}"),
        }
    }

    fn start_with(programs: Programs, tls: bool) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("causeway-postgres-")
            .tempdir()
            .map_err(|error| error.to_string())?
            .keep();
        programs
            .give(&folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut keeper = Command::new("sh");
        // The shell reads until this process is gone, whatever became of it.
        let script = "cat >/dev/null; \"$1\" stop -s -m immediate -D \"$2/data\"; rm -rf \"$2\"";
        keeper
            .args(["-c", script, "keeper"])
            .arg(programs.path("pg_ctl"))
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        programs.settle(&mut keeper);
        let keeper = keeper.spawn().map_err(|error| error.to_string())?;
        let mut init = programs.command("initdb");
        init.arg("-D").arg(folder.join("data")).args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        run(&mut init)?;
        if tls {
            certify(&programs, &folder)?;
        }
        let mut server = Self {
            programs,
            folder,
            port: 0,
            tls,
            made: AtomicU32::new(0),
            _keeper: keeper,
        };
        let mut reason = String::new();
        for _ in 0..5 {
            server.port = free_port().map_err(|error| error.to_string())?;
            match server.resume() {
                Ok(()) => return Ok(server),
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    /// Starts the server again after [`Server::stop_at_once`], on the same port.
    ///
    /// # Errors
    /// What PostgreSQL said when it could not.
    pub fn resume(&self) -> Result<(), String> {
        let mut options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c fsync=on -c max_connections=200",
            self.port
        );
        let _ = write!(
            options,
            " -c unix_socket_directories='{}'",
            self.folder.display()
        );
        if self.tls {
            options.push_str(" -c ssl=on");
        }
        let mut start = self.programs.command("pg_ctl");
        start
            .args(["start", "-s", "-w", "-t", "60", "-D"])
            .arg(self.folder.join("data"))
            .arg("-l")
            .arg(self.folder.join("log"))
            .arg("-o")
            .arg(options);
        run(&mut start).map_err(|error| {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            format!("{error}\n{log}")
        })
    }

    /// Stops the server as a crash does: at once, and without writing anything more.
    ///
    /// # Errors
    /// What PostgreSQL said when it could not.
    pub fn stop_at_once(&self) -> Result<(), String> {
        let mut stop = self.programs.command("pg_ctl");
        stop.args(["stop", "-s", "-w", "-m", "immediate", "-D"])
            .arg(self.folder.join("data"));
        run(&mut stop)
    }

    /// The processor time that the server and its processes have used so far, in seconds; 0 where the
    /// system does not tell.
    pub fn cpu_seconds(&self) -> f64 {
        let pid = std::fs::read_to_string(self.folder.join("data/postmaster.pid"))
            .ok()
            .and_then(|text| text.lines().next()?.trim().parse::<u32>().ok());
        let Some(postmaster) = pid else {
            return 0.0;
        };
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ticks: u64 = processes
            .filter_map(|process| {
                let pid: u32 = process.file_name().to_str()?.parse().ok()?;
                let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
                // What follows the name, which may hold anything: state, parent, …
                let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
                let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
                let own = number(11)? + number(12)?;
                if pid == postmaster {
                    // Those that have ended are counted with their parent.
                    return Some(own + number(13)? + number(14)?);
                }
                (number(1)? == u64::from(postmaster)).then_some(own)
            })
            .sum();
        ticks as f64 / 100.0
    }

    /// A database of its own for one test, with an owner and a role for the gateway.
    ///
    /// # Panics
    /// When the server does not make it.
    #[allow(clippy::panic)]
    pub fn database(&self) -> Database {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let url =
            |role: &str, name: &str| format!("postgres://{role}@127.0.0.1:{}/{name}", self.port);
        let name = format!("test{number}");
        let (owner, gateway) = (format!("owner{number}"), format!("gateway{number}"));
        let statements = [
            format!("CREATE ROLE {owner} LOGIN"),
            format!("CREATE ROLE {gateway} LOGIN"),
            format!("CREATE DATABASE {name} OWNER {owner}"),
        ];
        let admin = url("postgres", "postgres");
        let made = wait(async move {
            let mut connection = PgConnection::connect(&admin).await?;
            for statement in statements {
                sqlx::raw_sql(AssertSqlSafe(statement))
                    .execute(&mut connection)
                    .await?;
            }
            connection.close().await
        });
        if let Err(error) = made {
            panic!("a database for a test cannot be made: {error}");
        }
        Database {
            owner_url: url(&owner, &name),
            url: url(&gateway, &name),
            admin_url: url("postgres", &name),
            port: self.port,
            name,
        }
    }
}

impl Database {
    /// Runs SQL as the superuser, who sees everything: for looking behind the scenes. Gives the
    /// first column of the rows, as text.
    ///
    /// # Panics
    /// When the SQL fails.
    #[allow(clippy::panic)]
    pub fn admin(&self, sql: &str) -> Vec<String> {
        match ask(self.admin_url.clone(), sql.to_owned()) {
            Ok(rows) => rows,
            Err(error) => panic!("{sql}: {error}"),
        }
    }

    /// Runs SQL as the gateway's role, outside any transaction of the store.
    ///
    /// # Errors
    /// What the server said.
    pub fn as_gateway(&self, sql: &str) -> Result<Vec<String>, String> {
        ask(self.url.clone(), sql.to_owned()).map_err(|error| error.to_string())
    }
}

fn ask(url: String, sql: String) -> Result<Vec<String>, sqlx::Error> {
    wait(async move {
        use sqlx::Row as _;
        let mut connection = PgConnection::connect(&url).await?;
        let rows = sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch_all(&mut connection)
            .await?;
        connection.close().await?;
        rows.iter()
            .map(|row| row.try_get_unchecked::<Option<String>, _>(0))
            .map(|text| text.map(Option::unwrap_or_default))
            .collect()
    })
}

/// Waits for an answer on a thread of its own, so that a test may be waiting already.
fn wait<T: Send + 'static>(
    future: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
) -> Result<T, sqlx::Error> {
    let thread = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(sqlx::Error::Io)?
            .block_on(future)
    });
    thread
        .join()
        .unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed))
}

/// Makes an authority, and a certificate of it for the server.
fn certify(programs: &Programs, folder: &Path) -> Result<(), String> {
    let script = "set -e; cd \"$1\"
        new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
        openssl req -x509 $new -days 2 -subj '/CN=authority of a test' \
          -keyout authority.key -out authority.crt
        openssl req $new -subj '/CN=127.0.0.1' -keyout data/server.key -out server.csr
        printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' > server.ext
        openssl x509 -req -in server.csr -CA authority.crt -CAkey authority.key -CAcreateserial \
          -days 2 -extfile server.ext -out data/server.crt
        chmod 600 data/server.key; chmod 644 authority.crt";
    let mut make = Command::new("sh");
    make.args(["-c", script, "certify"]).arg(folder);
    programs.settle(&mut make);
    run(&mut make)
}

fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn run(command: &mut Command) -> Result<(), String> {
    // The server inherits what pg_ctl has, and would keep a pipe open for good.
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?} could not be started: {error}")),
    }
}
