//! `causeway packages add`.

use definitions::{Needed, Package, PackageName, PackageSet, Wanted, built_in, dependencies};
use diagnostics::Issue;
use serde_json::json;

use super::registry::Registry;
use super::settings::{Settings, parse};
use super::tell;
use crate::cli::{Format, PackageAdd};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::serve::install_tls;

/// Installs packages and what they need.
pub fn run(arguments: &PackageAdd) -> Result<Exit, Failure> {
    install_tls();
    let mut settings = arguments.place.settings()?;
    if let Some(registry) = &arguments.registry {
        settings.registry.clone_from(registry);
    }
    let names: Vec<PackageName> = arguments
        .packages
        .iter()
        .map(|name| parse(name))
        .collect::<Result<_, _>>()?;
    let mut adding = Adding {
        registry: if arguments.offline {
            None
        } else {
            Some(Registry::new(&settings.registry)?)
        },
        settings,
        added: Vec::new(),
        issues: Vec::new(),
    };
    let mut named = Vec::new();
    for name in &names {
        if let Some(package) = adding.named(name)? {
            named.push(package);
        }
    }
    let (found, mut issues) = dependencies(&named, |needed, wanted| adding.needed(needed, wanted));
    issues.append(&mut adding.issues);
    let set = PackageSet {
        named,
        dependencies: found,
        issues: Vec::new(),
    };
    tell(arguments, &adding.added, &set, issues)?;
    Ok(Exit::Fine)
}

/// A package and where it came from.
type Added = (Package, String);

struct Adding {
    settings: Settings,
    registry: Option<Registry>,
    added: Vec<Added>,
    issues: Vec<Issue>,
}

impl Adding {
    /// Installs a package that was asked for by name or path. `None` when it is built in.
    fn named(&mut self, name: &PackageName) -> Result<Option<Package>, Failure> {
        let unusable = |issue: Box<Issue>| Failure::usage(issue);
        let (package, from) = match name {
            PackageName::Path(path) => {
                if let Some(beside) = path.parent() {
                    self.settings.folder.look_in(beside);
                }
                let package = self.settings.folder.install(path).map_err(unusable)?;
                (package, "file".to_owned())
            }
            PackageName::Named(name, wanted) => {
                if let Some(id) = built_in(name, wanted)
                    && matches!(wanted, Wanted::Exact(_))
                {
                    output::print(&format!("{}@{} is built in\n", id.name, id.version))?;
                    return Ok(None);
                }
                let there = self
                    .settings
                    .folder
                    .find(name, wanted)
                    .filter(|_| matches!(wanted, Wanted::Exact(_)) || self.registry.is_none());
                match (there, &self.registry) {
                    (Some((_, path)), _) => {
                        let package = self.settings.folder.install(&path).map_err(unusable)?;
                        (package, "file".to_owned())
                    }
                    (None, Some(registry)) => {
                        let package = registry
                            .fetch(name, wanted, &self.settings.folder)
                            .map_err(unusable)?;
                        (package, registry.url().to_owned())
                    }
                    (None, None) => {
                        return Err(Failure::usage(format!(
                            "the package {name}@{wanted} is not here, and --offline forbids to fetch it"
                        )));
                    }
                }
            }
        };
        self.added.push((package.clone(), from));
        Ok(Some(package))
    }

    /// Installs a package that another needs: what is here already, else from the registry, else
    /// another version that is here.
    fn needed(&mut self, needed: &Needed, wanted: &Wanted) -> Option<Result<Package, Box<Issue>>> {
        let folder = &self.settings.folder;
        if let Some((_, path)) = folder.find(&needed.name, wanted) {
            return Some(self.install(&path));
        }
        if let Some(registry) = &self.registry {
            match registry.fetch(&needed.name, wanted, folder) {
                Ok(package) => {
                    self.added
                        .push((package.clone(), registry.url().to_owned()));
                    return Some(Ok(package));
                }
                Err(issue) => {
                    let mut issue = *issue;
                    issue.severity = diagnostics::Severity::Warning;
                    self.issues.push(issue);
                }
            }
        }
        let (_, path) = self.settings.folder.find(&needed.name, &Wanted::Latest)?;
        Some(self.install(&path))
    }

    fn install(&mut self, path: &std::path::Path) -> Result<Package, Box<Issue>> {
        let folder = &self.settings.folder;
        if path.parent() == Some(folder.path()) {
            return folder.open_path(path);
        }
        let package = folder.install(path)?;
        self.added.push((package.clone(), "file".to_owned()));
        Ok(package)
    }
}

fn tell(
    arguments: &PackageAdd,
    added: &[Added],
    set: &PackageSet,
    mut issues: Vec<Issue>,
) -> Result<(), Failure> {
    for (package, _) in added {
        issues.extend(package.issues().iter().cloned());
    }
    issues.extend(set.examine());
    let folder = arguments
        .place
        .settings()?
        .folder
        .path()
        .display()
        .to_string();
    match arguments.format {
        Format::Text => {
            for (package, from) in added {
                output::print(&tell::line(package.manifest(), package.contents(), from))?;
            }
            output::print(&tell::issues(&issues))?;
            output::print(&format!("added {} packages to {folder}\n", added.len()))?;
            for package in &set.named {
                let id = package.id();
                output::print(&format!(
                    "use it: --package {0}@{1}, or in causeway.toml: [packages] use = [\"{0}@{1}\"]\n",
                    id.name, id.version
                ))?;
            }
            Ok(())
        }
        Format::Json => {
            let packages: Vec<_> = added
                .iter()
                .map(|(package, from)| tell::json(package.manifest(), package.contents(), from))
                .collect();
            output::print_json(&json!({
                "folder": folder,
                "added": packages,
                "issues": issues,
            }))
        }
    }
}
