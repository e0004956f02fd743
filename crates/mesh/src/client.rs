//! The client of one mailbox.

use diagnostics::Issue;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::exchange::{Ask, Exchange, Repeat};
use crate::fault::Fault;
use crate::inbox::Inbox;
use crate::name::{MailboxId, MessageId};
use crate::settings::Settings;

/// A mailbox of the MESH service. Every exchange is signed anew; secrets are read once.
#[derive(Debug)]
pub struct Client {
    pub(crate) exchange: Exchange,
}

impl Client {
    /// Checks the settings and reads the secrets and certificates that they name. Asks nobody.
    ///
    /// # Errors
    /// An issue that names the setting and what to do.
    pub fn open(settings: &Settings) -> Result<Self, Box<Issue>> {
        Ok(Self {
            exchange: Exchange::new(settings.options()?)?,
        })
    }

    /// The mailbox.
    pub fn mailbox(&self) -> &MailboxId {
        &self.exchange.options.credentials.mailbox
    }

    /// Checks the mailbox in, as the service wants it at the start and at least once a day.
    ///
    /// # Errors
    /// The service cannot be reached, or does not know the mailbox.
    pub async fn handshake(&self) -> Result<(), Fault> {
        let mut ask = Ask::new(Method::POST, self.exchange.address([]));
        let version = concat!("causeway==", env!("CARGO_PKG_VERSION"));
        for (name, value) in [
            ("mex-clientversion", version),
            ("mex-osname", std::env::consts::OS),
            ("mex-osversion", &os_version()),
            ("mex-osarchitecture", std::env::consts::ARCH),
            ("mex-javaversion", "N/A"),
        ] {
            put(&mut ask.headers, name, value)?;
        }
        // Checking in twice is checking in once.
        self.exchange.ask(&ask, Repeat::Safe).await.map(drop)
    }

    /// Lists what lies in the mailbox.
    ///
    /// # Errors
    /// The service cannot be reached, or does not list it.
    pub async fn inbox(&self) -> Result<Inbox, Fault> {
        self.exchange.inbox().await
    }

    /// Tells the service that a message is kept. Telling it twice does no harm.
    ///
    /// # Errors
    /// The service could not be told.
    pub async fn acknowledge(&self, message: &MessageId) -> Result<(), Fault> {
        self.exchange.acknowledge(message).await
    }
}

pub(crate) fn put(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<(), Fault> {
    let value = HeaderValue::from_str(value)
        .map_err(|_| Fault::Unreadable("would need a header that cannot be written"))?;
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

/// The kernel's version where the system tells it in a file.
fn os_version() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let plain: String = told
        .trim()
        .chars()
        .filter(|c| c.is_ascii_graphic())
        .take(60)
        .collect();
    if plain.is_empty() {
        "unknown".to_owned()
    } else {
        plain
    }
}
