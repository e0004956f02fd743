//! The configuration file of a server.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use mapping_registry::Gate;
use serde::Deserialize;
use store::Tenant;

use crate::exit::Failure;

/// `causeway.toml`. Unknown keys are refused: a mistyped setting must not pass for a default.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Where and as what it serves.
    pub server: Server,
    /// Where the data is.
    pub store: Store,
    /// Which issuer's tokens count, and which clients are known.
    pub auth: auth::Config,
    /// The organisations and who may see whose people.
    pub access: access::Config,
    /// What is known of the organisations that send records.
    #[serde(default)]
    pub organisations: Vec<Organisation>,
    /// How summaries are made.
    #[serde(default)]
    pub summary: Summary,
    /// Which definitions count besides those that are built in.
    #[serde(default)]
    pub packages: Packages,
    /// What decides codes besides the definitions.
    #[serde(default)]
    pub terminology: Terminology,
}

/// `[terminology]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Terminology {
    /// The folder of releases that `causeway terminology add` compiled. Default:
    /// `$CAUSEWAY_TERMINOLOGY`, else one of the user's own.
    pub releases: Option<PathBuf>,
    /// A terminology server for what stays open.
    pub server: Option<terminology_server::Settings>,
}

impl Terminology {
    /// Reads only this part of a configuration file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Part {
            #[serde(default)]
            terminology: Terminology,
        }
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("{} cannot be read: {error}", path.display()))
        })?;
        let part: Part = toml::from_str(&text)
            .map_err(|error| Failure::usage(format!("{} is not right: {error}", path.display())))?;
        Ok(part.terminology.beside(path))
    }

    /// The same with its paths taken from where the file is.
    fn beside(mut self, file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new("."));
        let token = self
            .server
            .as_mut()
            .and_then(|server| server.token_file.as_mut());
        for path in [self.releases.as_mut(), token].into_iter().flatten() {
            *path = folder.join(&*path);
        }
        self
    }
}

/// `[packages]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Packages {
    /// The folder that they are in. Default: `$CAUSEWAY_PACKAGES`, else one of the user's own.
    pub folder: Option<PathBuf>,
    /// Those that are used, as `name@version` or a path: the site's own choice goes before what is
    /// built in.
    #[serde(default, rename = "use")]
    pub used: Vec<String>,
    /// Where `causeway packages add` fetches others from.
    pub registry: Option<String>,
    /// A cache in the layout that FHIR tools share, which is only read. Default: `~/.fhir/packages`.
    pub fhir_cache: Option<PathBuf>,
}

impl Packages {
    /// Reads only this part of a configuration file, so that a file that holds nothing else does for
    /// commands that need no server.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Part {
            #[serde(default)]
            packages: Packages,
        }
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("{} cannot be read: {error}", path.display()))
        })?;
        let part: Part = toml::from_str(&text)
            .map_err(|error| Failure::usage(format!("{} is not right: {error}", path.display())))?;
        Ok(part.packages.beside(path))
    }

    /// The same with its paths taken from where the file is.
    fn beside(mut self, file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new("."));
        for path in [&mut self.folder, &mut self.fhir_cache]
            .into_iter()
            .flatten()
        {
            *path = folder.join(&*path);
        }
        for name in &mut self.used {
            if name.contains(['/', '\\']) || name.ends_with(".tgz") {
                *name = folder.join(&*name).display().to_string();
            }
        }
        self
    }
}

/// `[server]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Server {
    /// The address to listen on. TLS is terminated in front of it.
    pub listen: SocketAddr,
    /// The address that clients know it by, ending in `/fhir/R4`: links in answers begin with it.
    pub base: String,
    /// Whether it serves anybody's care.
    #[serde(default)]
    pub mode: Mode,
}

/// What a server is for (CS-21). Who says nothing gets the one that lets nothing unreviewed through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// People's care: only mappings that a clinician has reviewed may publish.
    #[default]
    Production,
    /// A test: any mapping may, and every answer says that it is for the care of nobody.
    Test,
}

impl Mode {
    /// Whether reviews are asked for.
    pub fn gate(self) -> Gate {
        match self {
            Self::Production => Gate::ReviewedOnly,
            Self::Test => Gate::Open,
        }
    }

    /// What summaries and answers say of the system.
    pub fn shown(self) -> summary::Mode {
        match self {
            Self::Production => summary::Mode::Live,
            Self::Test => summary::Mode::Test,
        }
    }
}

/// `[store]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Store {
    /// The folder of the embedded database; made if it is not there.
    pub folder: PathBuf,
    /// A file with at least 32 bytes that nobody else knows, from which ids are made. It must never
    /// change, and must be kept as safe as the data: with it, an id can be traced back to a person.
    pub id_secret_file: PathBuf,
}

/// `[[organisations]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Organisation {
    /// Its ODS code.
    pub ods: String,
    /// Its name, as readers of a summary see it.
    pub name: String,
    /// The telephone number to ask at when a summary may be incomplete.
    pub phone: Option<String>,
}

/// `[summary]`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Summary {
    /// After how many days without a newer file a section says that it is old.
    pub stale_after_days: Option<u32>,
    /// The recorded acceptance of the risk of showing where people live whose NHS number nobody has
    /// traced (CS-3). Without it their address and care-home location are left out.
    pub publish_location_of_untraced: Option<RiskAcceptance>,
}

/// Who accepted a risk, when, and why.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RiskAcceptance {
    /// The person.
    pub accepted_by: String,
    /// The day.
    pub on: String,
    /// The reason.
    pub reason: String,
}

/// The least length of the id secret, in bytes.
const SECRET_LENGTH: usize = 32;

impl Config {
    /// Reads and checks a configuration file. Paths in it are relative to it.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("{} cannot be read: {error}", path.display()))
        })?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| Failure::usage(format!("{} is not right: {error}", path.display())))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.store.folder = folder.join(&config.store.folder);
        config.store.id_secret_file = folder.join(&config.store.id_secret_file);
        config.packages = config.packages.beside(path);
        config.terminology = config.terminology.beside(path);
        if !config.server.base.ends_with("/fhir/R4") {
            return Err(Failure::usage("server.base must end in /fhir/R4"));
        }
        if let Some(risk) = &config.summary.publish_location_of_untraced
            && [&risk.accepted_by, &risk.on, &risk.reason]
                .iter()
                .any(|part| part.trim().is_empty())
        {
            return Err(Failure::usage(
                "summary.publish-location-of-untraced must name who accepted the risk, on which day, and why",
            ));
        }
        Ok(config)
    }

    /// The tenant of an organisation, by its ODS code.
    pub fn tenant(&self, organisation: &str) -> Result<Tenant, Failure> {
        self.access
            .tenants
            .iter()
            .find(|tenant| tenant.organisation == organisation)
            .map(|tenant| Tenant::new(tenant.name.as_str()))
            .ok_or_else(|| {
                Failure::usage(format!(
                    "{organisation} is no organisation of this server: add it under [[access.tenants]]"
                ))
            })
    }

    /// The ODS code of a tenant; its name where the configuration no longer knows it.
    pub fn organisation<'a>(&'a self, tenant: &'a Tenant) -> &'a str {
        self.access
            .tenants
            .iter()
            .find(|known| known.name == tenant.as_str())
            .map_or(tenant.as_str(), |known| known.organisation.as_str())
    }

    /// The secret that ids are made from.
    pub fn id_secret(&self) -> Result<Vec<u8>, Failure> {
        let path = &self.store.id_secret_file;
        let secret = fs::read(path).map_err(|error| {
            Failure::usage(format!(
                "the id secret {} cannot be read: {error}",
                path.display()
            ))
        })?;
        if secret.len() < SECRET_LENGTH {
            return Err(Failure::usage(format!(
                "the id secret {} has fewer than {SECRET_LENGTH} bytes: make one with `head -c 32 /dev/urandom`",
                path.display()
            )));
        }
        Ok(secret)
    }
}
