//! `causeway packages list`, `info` and `remove`.

use definitions::{Contents, Manifest, PackageName, PackageSet, built_in_packages};
use diagnostics::Issue;
use serde_json::json;

use super::settings::parse;
use super::tell;
use crate::cli::{Format, PackageInfo, PackageList, PackageRemove};
use crate::exit::{Exit, Failure};
use crate::output;

/// What is built in and what is installed.
pub fn list(arguments: &PackageList) -> Result<Exit, Failure> {
    let settings = arguments.place.settings()?;
    let show = |manifest: &Manifest, contents: Contents, place: &str| match arguments.format {
        Format::Text => output::print(&tell::line(manifest, contents, place)),
        Format::Json => output::print_json(&tell::json(manifest, contents, place)),
    };
    for (manifest, contents) in built_in_packages() {
        show(manifest, contents, "built-in")?;
    }
    let mut broken = false;
    for id in settings.folder.installed().map_err(|error| {
        Failure::failed(format!(
            "{} cannot be read: {error}",
            settings.folder.path().display()
        ))
    })? {
        match settings.folder.open(&id) {
            Ok(package) => show(package.manifest(), package.contents(), "folder")?,
            Err(issue) => {
                broken = true;
                eprint!("{}", tell::issues(&[*issue]));
            }
        }
    }
    Ok(if broken { Exit::Failed } else { Exit::Fine })
}

/// One package with everything that somebody should know of it.
pub fn info(arguments: &PackageInfo) -> Result<Exit, Failure> {
    let settings = arguments.place.settings()?;
    let name = parse(&arguments.package)?;
    let set = PackageSet::open(&settings.folder, std::slice::from_ref(&name))
        .map_err(|issue| Failure::usage(tell::issues(&[*issue]).trim_end()))?;
    let Some(package) = set.named.first() else {
        return built_in(&name, arguments.format);
    };
    let mut issues: Vec<Issue> = package.issues().to_vec();
    issues.extend(set.issues.iter().cloned());
    issues.extend(set.examine());
    match arguments.format {
        Format::Text => output::print(&tell::whole(package, &issues))?,
        Format::Json => {
            let mut value = tell::json(package.manifest(), package.contents(), "folder");
            if let Some(object) = value.as_object_mut() {
                object.insert("issues".to_owned(), json!(issues));
            }
            output::print_json(&value)?;
        }
    }
    Ok(Exit::Fine)
}

fn built_in(name: &PackageName, format: Format) -> Result<Exit, Failure> {
    for (manifest, contents) in built_in_packages() {
        if matches!(name, PackageName::Named(name, _) if *name == manifest.id.name) {
            match format {
                Format::Text => output::print(&tell::line(manifest, contents, "built-in"))?,
                Format::Json => output::print_json(&tell::json(manifest, contents, "built-in"))?,
            }
        }
    }
    Ok(Exit::Fine)
}

/// Takes a package out of the folder.
pub fn remove(arguments: &PackageRemove) -> Result<Exit, Failure> {
    let settings = arguments.place.settings()?;
    let PackageName::Named(name, wanted) = parse(&arguments.package)? else {
        return Err(Failure::usage("name an installed package, not a path"));
    };
    let installed = settings.folder.installed().map_err(Failure::failed)?;
    let fits: Vec<_> = installed
        .into_iter()
        .filter(|id| id.name == name && wanted.takes(&id.version))
        .collect();
    let [id] = fits.as_slice() else {
        return Err(Failure::usage(if fits.is_empty() {
            format!(
                "{} is not in {}: see what is with `causeway packages list`",
                arguments.package,
                settings.folder.path().display()
            )
        } else {
            format!("{name} is there in {} versions: name one", fits.len())
        }));
    };
    settings.folder.remove(id).map_err(Failure::failed)?;
    let users: Vec<String> = settings
        .folder
        .installed()
        .map_err(Failure::failed)?
        .iter()
        .filter_map(|other| settings.folder.open(other).ok())
        .filter(|other| {
            other
                .manifest()
                .dependencies
                .iter()
                .any(|(name, _)| *name == id.name)
        })
        .map(|other| other.id().to_string())
        .collect();
    match arguments.format {
        Format::Text => {
            output::print(&format!("removed {}@{}\n", id.name, id.version))?;
            if !users.is_empty() {
                output::print(&format!("still needed by {}\n", users.join(", ")))?;
            }
        }
        Format::Json => output::print_json(&json!({
            "removed": { "name": id.name, "version": id.version },
            "neededBy": users,
        }))?,
    }
    Ok(Exit::Fine)
}
