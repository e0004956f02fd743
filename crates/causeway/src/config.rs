//! The configuration of a server: a file, and what the environment lays over it.

mod overlay;
mod store;
mod submissions;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ::store::Tenant;
use directory::IDENTIFIER_KINDS;
use mapping_registry::Gate;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::exit::Failure;
use crate::review::Pds;
pub use overlay::Overlay;
pub use store::{Place, Store};
pub use submissions::Submissions;

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
    /// How files come in, are kept and are worked on.
    #[serde(default)]
    pub submissions: Submissions,
    /// MESH mailboxes that are watched.
    #[serde(default)]
    pub mesh: Vec<mesh::Settings>,
    /// Folders that are watched.
    #[serde(default)]
    pub folder: Vec<drop_folder::Settings>,
    /// How NHS numbers are traced; without it they are not.
    pub pds: Option<Pds>,
    /// Other systems that records are sent on to.
    #[serde(default)]
    pub destinations: Vec<outbox::DestinationSettings>,
    /// The record locator that is told who has a record here; without it, it is told nothing.
    pub nrl: Option<nrl::NrlSettings>,
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
        Ok(section::<Terminology>(path, "terminology")?.beside(path))
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
        Ok(section::<Packages>(path, "packages")?.beside(path))
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
    /// By which codes its files may name it, by kind: `council = ["999"]`. A file that names another
    /// is refused.
    #[serde(default)]
    pub identifiers: BTreeMap<String, BTreeSet<String>>,
}

impl Organisation {
    fn check(&self) -> Result<(), Failure> {
        for (kind, codes) in &self.identifiers {
            if !IDENTIFIER_KINDS.contains(&kind.as_str()) {
                return Err(Failure::usage(format!(
                    "organisations.identifiers of {}: there is no kind {kind}: use {}",
                    self.ods,
                    IDENTIFIER_KINDS.join(", ")
                )));
            }
            if codes.iter().any(|code| code.trim().is_empty()) {
                return Err(Failure::usage(format!(
                    "organisations.identifiers of {}: a code of the kind {kind} is empty",
                    self.ods
                )));
            }
        }
        Ok(())
    }
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
        let mut config: Self = of_table(path, &Overlay::of_environment().map_err(Failure::usage)?)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.store = config.store.beside(folder);
        config.pds = config.pds.map(|pds| pds.beside(folder));
        config.submissions = config.submissions.beside(folder);
        let destinations = config.destinations.into_iter();
        config.destinations = destinations.map(|to| to.beside(folder)).collect();
        config.nrl = config.nrl.map(|nrl| nrl.beside(folder));
        let files = config.mesh.iter_mut().flat_map(mesh::Settings::files_mut);
        let watched = config.folder.iter_mut().map(|watched| &mut watched.path);
        for path in files.chain(watched) {
            *path = folder.join(&*path);
        }
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
        config.store.check()?;
        config.submissions.check()?;
        for organisation in &config.organisations {
            organisation.check()?;
        }
        Ok(config)
    }

    /// The codes that name a tenant in its files, by kind; its ODS code is among them.
    pub fn identifiers(&self, tenant: &Tenant) -> BTreeMap<String, BTreeSet<String>> {
        let ods = self.organisation(tenant);
        let mut codes = self
            .organisations
            .iter()
            .find(|organisation| organisation.ods.eq_ignore_ascii_case(ods))
            .map(|organisation| organisation.identifiers.clone())
            .unwrap_or_default();
        codes
            .entry("ods".to_owned())
            .or_default()
            .insert(ods.to_owned());
        codes
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

    /// Every tenant.
    pub fn tenants(&self) -> Vec<Tenant> {
        self.access
            .tenants
            .iter()
            .map(|tenant| Tenant::new(tenant.name.as_str()))
            .collect()
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

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> Failure + '_ {
    move |error| Failure::usage(format!("{} cannot be read: {error}", path.display()))
}

fn not_right(path: &Path, error: &toml::de::Error) -> Failure {
    Failure::usage(format!("{} is not right: {error}", path.display()))
}

/// A file with what the environment lays over it.
fn of_table<T: DeserializeOwned>(path: &Path, overlay: &Overlay) -> Result<T, Failure> {
    let text = fs::read_to_string(path).map_err(unreadable(path))?;
    let names: Vec<&str> = overlay.names().collect();
    if names.is_empty() {
        // From the text, so that an error shows its line.
        return toml::from_str(&text).map_err(|error| not_right(path, &error));
    }
    let mut table: toml::Table = text.parse().map_err(|error| not_right(path, &error))?;
    overlay.apply(&mut table).map_err(Failure::usage)?;
    T::deserialize(toml::Value::Table(table)).map_err(|error| {
        Failure::usage(format!(
            "{} with the environment's {} is not right: {error}",
            path.display(),
            names.join(", ")
        ))
    })
}

/// One section of a file, so that a file that holds nothing else does for commands that need no
/// server.
fn section<T: DeserializeOwned + Default>(path: &Path, name: &str) -> Result<T, Failure> {
    let text = fs::read_to_string(path).map_err(unreadable(path))?;
    let mut table: toml::Table = text.parse().map_err(|error| not_right(path, &error))?;
    Overlay::of_environment()
        .and_then(|overlay| overlay.apply_section(name, &mut table))
        .map_err(Failure::usage)?;
    match table.remove(name) {
        None => Ok(T::default()),
        Some(section) => T::deserialize(section).map_err(|error| {
            Failure::usage(format!("{} is not right: {name}: {error}", path.display()))
        }),
    }
}
