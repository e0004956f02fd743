//! A mapping as it was at a revision of a git repository.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::exit::Failure;

/// A folder's files of a revision, in a folder that goes away with the value.
pub struct CheckedOut {
    root: tempfile::TempDir,
    folder: PathBuf,
}

impl CheckedOut {
    /// The mapping's folder.
    pub fn folder(&self) -> PathBuf {
        self.root.path().join(&self.folder)
    }
}

/// Takes a mapping's folder of a revision out, with the shared `common` folder beside it. What is
/// checked out in the repository stays as it is.
pub fn check_out(revision: &str, folder: &str) -> Result<CheckedOut, Failure> {
    let folder = folder.trim_end_matches('/');
    let plain = !revision.is_empty() && !revision.starts_with('-');
    let inside = Path::new(folder)
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)));
    if !plain || folder.is_empty() || !inside {
        return Err(Failure::usage(format!(
            "{revision}:{folder} names no folder of a revision: write, for example, HEAD~1:mappings/cld-r1"
        )));
    }
    let unfound = |reason: String| {
        Failure::usage(format!(
            "{revision}:{folder} cannot be read from git: {reason}"
        ))
    };
    // Paths are from the top of the repository, as git has them after a colon.
    let top = git(
        ["rev-parse", "--show-toplevel"]
            .map(OsString::from)
            .to_vec(),
        None,
    )
    .map_err(&unfound)?;
    let top = PathBuf::from(String::from_utf8_lossy(&top).trim_end());
    let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    let common = match parent {
        "" => "common".to_owned(),
        parent => format!("{parent}/common"),
    };
    let listed = git(
        vec![
            "ls-tree".into(),
            "-r".into(),
            "-z".into(),
            "--name-only".into(),
            "--full-tree".into(),
            "--end-of-options".into(),
            revision.into(),
            folder.into(),
            common.into(),
        ],
        Some(&top),
    )
    .map_err(&unfound)?;
    let root = tempfile::tempdir().map_err(Failure::usage)?;
    let mut found = false;
    for path in listed
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
    {
        let path = String::from_utf8_lossy(path).into_owned();
        found |= path == format!("{folder}/{}", mapping::MAPPING_FILE);
        let content = git(
            vec![
                "cat-file".into(),
                "blob".into(),
                format!("{revision}:{path}").into(),
            ],
            Some(&top),
        )
        .map_err(&unfound)?;
        let target = root.path().join(&path);
        let written = target
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&target, content));
        written.map_err(|error| unfound(error.to_string()))?;
    }
    if !found {
        return Err(unfound("there is no mapping.yaml in it".to_owned()));
    }
    Ok(CheckedOut {
        root,
        folder: PathBuf::from(folder),
    })
}

fn git(arguments: Vec<OsString>, folder: Option<&Path>) -> Result<Vec<u8>, String> {
    let mut command = Command::new("git");
    command.args(arguments);
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let output = command
        .output()
        .map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
