//! The folder of a site's packages.
//!
//! A package is kept as the `.tgz` that it came as, `name#version.tgz`, and beside it as packed
//! definitions, `name#version.compiled`, so that a program that starts need not read it again. The
//! second is remade whenever it does not belong to the first.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use diagnostics::{Issue, IssueType};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::compiled::{Source, Stamp};
use crate::manifest::PackageId;
use crate::tarball::{MAX_FILE, MAX_PACKAGE};
use crate::{Package, Wanted, codes, package_file};

/// The largest `.tgz` that is read.
pub const MAX_TGZ: u64 = 256 << 20;

/// Where packages are: a folder of Causeway's own, and beside it other places that are only read.
#[derive(Debug, Clone)]
pub struct PackageFolder {
    folder: PathBuf,
    /// A cache in the layout that FHIR tools share, `name#version/package/…`.
    fhir_cache: Option<PathBuf>,
    /// Folders with `.tgz` files.
    also: Vec<PathBuf>,
}

impl PackageFolder {
    /// A folder, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            fhir_cache: None,
            also: Vec::new(),
        }
    }

    /// The same, and what it lacks is looked for in a cache of the layout that FHIR tools share
    /// (`~/.fhir/packages`). Nothing is written there.
    #[must_use]
    pub fn with_fhir_cache(mut self, cache: impl Into<PathBuf>) -> Self {
        self.fhir_cache = Some(cache.into());
        self
    }

    /// The same, and what it lacks is looked for among the `.tgz` files of another folder.
    pub fn look_in(&mut self, folder: impl Into<PathBuf>) {
        let folder = folder.into();
        if folder != self.folder && !self.also.contains(&folder) {
            self.also.push(folder);
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The packages in the folder itself, sorted.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn installed(&self) -> io::Result<Vec<PackageId>> {
        let mut found: Vec<PackageId> = match fs::read_dir(&self.folder) {
            Ok(entries) => entries
                .filter_map(|entry| {
                    let name = entry.ok()?.file_name().into_string().ok()?;
                    PackageId::parse(name.strip_suffix(".tgz")?)
                })
                .collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        found.sort();
        Ok(found)
    }

    /// Where a package is whose version is one of those asked for: in the folder, or else in one of
    /// the other places. The version that it is expected to have comes with it.
    pub fn find(&self, name: &str, wanted: &Wanted) -> Option<(PackageId, PathBuf)> {
        let places = [
            self.installed()
                .unwrap_or_default()
                .into_iter()
                .map(|id| (self.tgz(&id), id))
                .collect::<Vec<_>>(),
            self.cached(),
            self.beside(name),
        ];
        for place in places {
            let mut there: Vec<(PathBuf, PackageId)> = place
                .into_iter()
                .filter(|(_, id)| id.name == name)
                .collect();
            there.sort();
            let chosen = wanted
                .choose(there.iter().map(|(_, id)| id.version.as_str()))
                .map(str::to_owned);
            if let Some(version) = chosen
                && let Some((path, id)) = there.into_iter().find(|(_, id)| id.version == version)
            {
                return Some((id, path));
            }
        }
        None
    }

    /// What is in the shared cache.
    fn cached(&self) -> Vec<(PathBuf, PackageId)> {
        let Some(entries) = self
            .fhir_cache
            .as_ref()
            .and_then(|it| fs::read_dir(it).ok())
        else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let id = PackageId::parse(entry.file_name().to_str()?)?;
                let path = entry.path();
                path.join("package/package.json")
                    .is_file()
                    .then_some((path, id))
            })
            .collect()
    }

    /// The `.tgz` files elsewhere that are named as registries name them, `name-version.tgz`.
    fn beside(&self, name: &str) -> Vec<(PathBuf, PackageId)> {
        let mut found = Vec::new();
        for folder in &self.also {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let file = entry.file_name();
                let id = file.to_str().and_then(|file| {
                    let stem = file.strip_suffix(".tgz")?;
                    let rest = stem.strip_prefix(name)?;
                    let version = rest.strip_prefix(['-', '#', '@'])?;
                    version
                        .starts_with(|first: char| first.is_ascii_digit())
                        .then(|| PackageId::parse(&format!("{name}#{version}")))?
                });
                if let Some(id) = id {
                    found.push((entry.path(), id));
                }
            }
        }
        found
    }

    /// Opens an installed package.
    ///
    /// # Errors
    /// When it is not there or cannot be used.
    pub fn open(&self, id: &PackageId) -> Result<Package, Box<Issue>> {
        let path = self.tgz(id);
        if !path.is_file() {
            return Err(missing(id));
        }
        self.open_path(&path)
    }

    /// Opens a package wherever it is: a `.tgz`, or a folder that holds one unpacked. What it packs
    /// to is remembered in the folder, where that can be written to.
    ///
    /// # Errors
    /// As [`Package::read`].
    pub fn open_path(&self, path: &Path) -> Result<Package, Box<Issue>> {
        let unreadable =
            |error: io::Error| package_file::unusable(path, &format!("it cannot be read: {error}"));
        let stamp = stamp(path).map_err(unreadable)?;
        let remembered = self.compiled(path, &stamp);
        if let Ok(file) = fs::read(&remembered)
            && let Some(package) = Package::unpack(&file, &stamp, || source(path).ok())
        {
            return Ok(package);
        }
        let package = Package::read(path)?;
        self.remember(&package, path);
        Ok(package)
    }

    /// Installs a package from a `.tgz` or a folder; it replaces one of the same name and version.
    ///
    /// # Errors
    /// When it cannot be used or written; nothing is then changed.
    pub fn install(&self, path: &Path) -> Result<Package, Box<Issue>> {
        self.install_if(path, |_| Ok(()))
    }

    /// As [`PackageFolder::install`], when the package is the one that it is expected to be.
    ///
    /// # Errors
    /// As there, and what `expected` says.
    pub fn install_if(
        &self,
        path: &Path,
        expected: impl FnOnce(&PackageId) -> Result<(), Box<Issue>>,
    ) -> Result<Package, Box<Issue>> {
        let package = Package::read(path)?;
        expected(package.id())?;
        let place = self.tgz(package.id());
        let unwritable = |error: io::Error| {
            Box::new(
                Issue::error(
                    codes::PACKAGE,
                    IssueType::Processing,
                    format!(
                        "the package {} cannot be written to {}: {error}",
                        package.id(),
                        self.folder.display()
                    ),
                )
                .help("name a folder that can be written to with --folder"),
            )
        };
        fs::create_dir_all(&self.folder).map_err(unwritable)?;
        if path.is_dir() {
            write_whole(&place, |out| pack_folder(path, out))
        } else {
            fs::File::open(path).and_then(|file| {
                write_whole(&place, |out| {
                    io::copy(&mut file.take(MAX_TGZ), out).map(drop)
                })
            })
        }
        .map_err(unwritable)?;
        self.remember(&package, &place);
        Ok(package)
    }

    /// Writes the packed form of what is at a path. It only saves time: a folder that cannot be
    /// written to is no error.
    fn remember(&self, package: &Package, path: &Path) {
        if let (Ok(stamp), Ok(source)) = (stamp(path), source(path))
            && let Ok(packed) = package.pack(&stamp, &source)
        {
            let _ = write_whole(&self.compiled(path, &stamp), |out| out.write_all(&packed));
        }
    }

    /// Removes an installed package. `false` when it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn remove(&self, id: &PackageId) -> io::Result<bool> {
        match fs::remove_file(self.tgz(id)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
        match fs::remove_file(self.folder.join(format!("{id}.compiled"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(true),
        }
    }

    fn tgz(&self, id: &PackageId) -> PathBuf {
        self.folder.join(format!("{id}.tgz"))
    }

    /// Where the packed form of a package is: beside it when it is installed, else under a hash of
    /// where it is and of its stamp.
    fn compiled(&self, path: &Path, stamp: &Stamp) -> PathBuf {
        if path.parent() == Some(&self.folder) && path.extension().is_some() {
            // Not `with_extension`: a version has dots of its own.
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let stem = name.strip_suffix(".tgz").unwrap_or(&name);
            return self.folder.join(format!("{stem}.compiled"));
        }
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let mut hasher = Sha256::new();
        hasher.update(path.to_string_lossy().as_bytes());
        hasher.update(stamp);
        let name: String = hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.folder
            .join("elsewhere")
            .join(format!("{name}.compiled"))
    }
}

/// The issue of a package that is not there.
pub(crate) fn missing(what: &dyn std::fmt::Display) -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::PACKAGE_MISSING,
            IssueType::NotFound,
            format!("the package {what} is not here"),
        )
        .help("add it with `causeway packages add`, or give the path of its .tgz"),
    )
}

/// The size and time of a file; of a folder, a hash of its files' names, sizes and times.
fn stamp(path: &Path) -> io::Result<Stamp> {
    let mut stamp = Stamp::default();
    let (size, time) = if path.is_dir() {
        let hash = of_folder(path)?;
        let mut time = [0; 16];
        time.copy_from_slice(hash.get(..16).unwrap_or(&[0; 16]));
        (0, time)
    } else {
        let data = fs::metadata(path)?;
        if data.len() > MAX_TGZ {
            return Err(io::Error::other(format!(
                "it is larger than Causeway reads ({MAX_TGZ} bytes)"
            )));
        }
        let changed = data
            .modified()
            .ok()
            .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
            .unwrap_or_default();
        (data.len(), changed.as_nanos().to_le_bytes())
    };
    for (to, from) in stamp
        .iter_mut()
        .zip(size.to_le_bytes().into_iter().chain(time))
    {
        *to = from;
    }
    Ok(stamp)
}

/// The hash of what a package is made from.
fn source(path: &Path) -> io::Result<Source> {
    if path.is_dir() {
        of_folder(path)
    } else {
        of_file(path)
    }
}

/// The hash of a file's bytes.
fn of_file(path: &Path) -> io::Result<Source> {
    let mut file = fs::File::open(path)?;
    if file.metadata()?.len() > MAX_TGZ {
        return Err(io::Error::other(format!(
            "it is larger than Causeway reads ({MAX_TGZ} bytes)"
        )));
    }
    let mut hasher = Sha256::new();
    let mut part = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(part.get(..read).unwrap_or_default());
    }
}

/// The hash of the names, sizes and times of an unpacked package's files: reading thousands of them
/// would take longer than a program may take to start.
fn of_folder(path: &Path) -> io::Result<Source> {
    let mut hasher = Sha256::new();
    for (name, file) in package_file::files(path)? {
        let data = fs::metadata(&file)?;
        let changed = data
            .modified()
            .ok()
            .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
            .unwrap_or_default();
        hasher.update(name.as_bytes());
        hasher.update([0]);
        hasher.update(data.len().to_le_bytes());
        hasher.update(changed.as_nanos().to_le_bytes());
    }
    hasher.update(path.to_string_lossy().as_bytes());
    Ok(hasher.finalize().into())
}

/// The `.tgz` of an unpacked package: its files in order, without times or owners, so that the same
/// package gives the same bytes.
fn pack_folder(path: &Path, out: &mut dyn io::Write) -> io::Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(out, Compression::default()));
    let mut total = 0u64;
    for (name, file) in package_file::files(path)? {
        let file = fs::File::open(file)?;
        let size = file.metadata()?.len();
        total = total.saturating_add(size);
        if size > MAX_FILE || total > MAX_PACKAGE {
            return Err(io::Error::other("it is larger than Causeway reads"));
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, format!("package/{name}"), file.take(size))?;
    }
    archive.into_inner()?.finish().map(drop)
}

/// Writes a file that is there whole or not at all.
fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let part = folder.join(format!(".{}-{count}.part", std::process::id()));
    let outcome = fs::File::create(&part).and_then(|file| {
        let mut out = io::BufWriter::new(file);
        write(&mut out)?;
        out.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()?;
        fs::rename(&part, path)
    });
    if outcome.is_err() {
        // What is left of it is of no use, and the first error is the one to tell.
        let _ = fs::remove_file(&part);
    }
    outcome
}
