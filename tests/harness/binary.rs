//! The real binary.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate is in the workspace")
        .to_path_buf()
}

/// The binary that was built with the tests.
pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_causeway"))
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Finished {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs the binary to its end, without a terminal and without standard input.
pub fn causeway<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Finished {
    Command::new(binary())
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .expect("the binary starts")
        .into()
}

/// The same, with something on standard input.
pub fn causeway_with_input(arguments: &[&str], input: &[u8]) -> Finished {
    let mut process = Command::new(binary())
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = process.stdin.take().expect("its input");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let finished = process.wait_with_output().expect("it ends").into();
    let _ = writer.join();
    finished
}
