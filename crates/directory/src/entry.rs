//! What can be known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The kinds of codes by which an organisation's files may name it: `source.sender` of a mapping.
pub const IDENTIFIER_KINDS: [&str; 5] = ["ods", "council", "cqc-provider", "cqc-location", "home"];

/// What kind of entry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A care provider's own space.
    Tenant,
    /// A system that acts for an organisation.
    Client,
    /// That one organisation sees another's people.
    Agreement,
}

impl Kind {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Client => "client",
            Self::Agreement => "agreement",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Tenant, Self::Client, Self::Agreement]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A care provider and its profile: what readers of a summary are shown of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Organisation {
    /// The name of its tenant.
    pub tenant: String,
    /// Its ODS code.
    pub ods: String,
    /// Its name, as readers of a summary see it.
    pub name: String,
    /// The telephone number that is answered day and night: whom to ask when a summary may be
    /// incomplete (CS-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// By which codes its files may name it, by kind ([`IDENTIFIER_KINDS`]). Its ODS code is one of
    /// kind `ods` without being said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub identifiers: BTreeMap<String, BTreeSet<String>>,
}

/// A system that calls, and the organisation that it acts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Client {
    /// The client id that tokens name.
    pub id: String,
    /// The ODS code of its organisation.
    pub organisation: String,
    /// For a provider: its tenant. A client without one is a consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// That a consumer sees a provider's people for direct care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Agreement {
    /// The ODS code of the organisation that sees.
    pub consumer: String,
    /// The ODS code of the provider whose people are seen.
    pub provider: String,
    /// The resource types shared; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<BTreeSet<String>>,
    /// The first day that it holds.
    #[serde(with = "day")]
    pub from: Date,
    /// The last day that it holds; without end when left out.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_day"
    )]
    pub until: Option<Date>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A care provider.
    Tenant(Organisation),
    /// A client.
    Client(Client),
    /// An agreement.
    Agreement(Agreement),
}

impl Entry {
    /// What kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Tenant(_) => Kind::Tenant,
            Self::Client(_) => Kind::Client,
            Self::Agreement(_) => Kind::Agreement,
        }
    }

    /// What names it among its kind: the tenant's name, the client's id, `CONSUMER/PROVIDER`.
    pub fn key(&self) -> String {
        match self {
            Self::Tenant(organisation) => organisation.tenant.clone(),
            Self::Client(client) => client.id.clone(),
            Self::Agreement(agreement) => agreement.key(),
        }
    }

    /// It as JSON, as it is kept.
    pub fn to_json(&self) -> String {
        let text = match self {
            Self::Tenant(organisation) => serde_json::to_string(organisation),
            Self::Client(client) => serde_json::to_string(client),
            Self::Agreement(agreement) => serde_json::to_string(agreement),
        };
        // Texts, lists and days: nothing in it can fail to be written.
        text.unwrap_or_default()
    }

    /// An entry as it was kept; `None` when it cannot be read.
    pub fn of_json(kind: Kind, text: &str) -> Option<Self> {
        match kind {
            Kind::Tenant => serde_json::from_str(text).ok().map(Self::Tenant),
            Kind::Client => serde_json::from_str(text).ok().map(Self::Client),
            Kind::Agreement => serde_json::from_str(text).ok().map(Self::Agreement),
        }
    }
}

impl Agreement {
    /// What names it: one consumer has one agreement with one provider.
    pub fn key(&self) -> String {
        format!(
            "{}/{}",
            self.consumer.to_ascii_uppercase(),
            self.provider.to_ascii_uppercase()
        )
    }
}

mod day {
    use jiff::civil::Date;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| D::Error::custom("a day is written as \"2026-04-01\""))
    }
}

mod optional_day {
    use jiff::civil::Date;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match date {
            Some(date) => serializer.collect_str(date),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Date>, D::Error> {
        super::day::deserialize(deserializer).map(Some)
    }
}
