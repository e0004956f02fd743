//! A file that a command writes: whole, or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::exit::Failure;

/// Where the result of a command goes. What was at its path before stays until the new content is
/// complete, so that neither a refused input nor an interruption leaves half a file or destroys the
/// result of the day before.
pub struct OutFile {
    path: PathBuf,
    to: To,
}

enum To {
    /// Standard output.
    Stdout(BufWriter<io::Stdout>),
    /// A pipe, a device: there is nothing to keep.
    Stream(BufWriter<File>),
    /// A file beside the one that it will replace.
    Beside(BufWriter<NamedTempFile>),
}

impl OutFile {
    /// Opens a path for writing; `-` is standard output.
    ///
    /// # Errors
    /// When the folder is absent or cannot be written.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::usage(format!("{} cannot be written: {error}", path.display()))
        };
        if path == Path::new("-") {
            return Ok(Self {
                path: path.to_owned(),
                to: To::Stdout(BufWriter::new(io::stdout())),
            });
        }
        // Behind a link is the file that is meant.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if path.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        if path.exists() && !path.is_file() {
            let file = File::options().write(true).open(&path).map_err(failed)?;
            return Ok(Self {
                path,
                to: To::Stream(BufWriter::new(file)),
            });
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let beside = beside(folder, &path).map_err(failed)?;
        Ok(Self {
            path,
            to: To::Beside(BufWriter::with_capacity(1 << 16, beside)),
        })
    }

    /// Whether it is standard output.
    pub fn is_stdout(&self) -> bool {
        matches!(self.to, To::Stdout(_))
    }

    /// Writes what is left and puts the file in its place.
    ///
    /// # Errors
    /// When the disk is full, or the file cannot be replaced.
    pub fn finish(self) -> io::Result<()> {
        match self.to {
            To::Stdout(mut out) => out.flush(),
            To::Stream(mut out) => out.flush(),
            To::Beside(out) => {
                let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_all()?;
                file.persist(&self.path).map_err(|error| error.error)?;
                Ok(())
            }
        }
    }
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Stdout(out) => out.write(bytes),
            To::Stream(out) => out.write(bytes),
            To::Beside(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Stdout(out) => out.flush(),
            To::Stream(out) => out.flush(),
            To::Beside(out) => out.flush(),
        }
    }
}

/// A file that whoever may read the one it replaces may read, and a new one as the system has it for
/// new files.
fn beside(folder: &Path, path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".causeway-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder)?;
    if let Ok(before) = std::fs::metadata(path) {
        // A file that may not be written is not replaced behind its owner's back.
        if before.permissions().readonly() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        file.as_file().set_permissions(before.permissions())?;
    }
    Ok(file)
}

/// Refuses paths of which one would overwrite another, or the export itself.
///
/// # Errors
/// Names the two that are one file.
pub fn apart(files: &[(&str, &Path)]) -> Result<(), Failure> {
    for (index, (role, path)) in files.iter().enumerate() {
        for (other_role, other) in files.iter().take(index) {
            let one = whole(path);
            if one.is_some() && one == whole(other) && *path != Path::new("-") {
                return Err(Failure::usage(format!(
                    "{} is both {other_role} and {role}, and one would overwrite the other: name two files",
                    path.display()
                )));
            }
        }
    }
    Ok(())
}

/// The one name of a file, also of one that is not there yet. Devices and pipes take what comes.
fn whole(path: &Path) -> Option<PathBuf> {
    if let Ok(whole) = path.canonicalize() {
        return whole.is_file().then_some(whole);
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}
