//! `causeway check --watch`: checks and tests again whenever a file of the mappings changes.
//!
//! It looks at the files' times and sizes rather than asking the system to tell of changes: this
//! works on every system, over networks and in containers, and with editors that write a new file
//! and rename it.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use mapping::testing::{TestOptions, run_tests};
use walkdir::WalkDir;

use super::check;
use crate::cli::{Check, Format};
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::{locate, output, test};

/// How often the files are looked at.
const PAUSE: Duration = Duration::from_millis(250);
/// How long nothing may change before the files are read: an editor may still be writing.
const QUIET: Duration = Duration::from_millis(150);
/// The most files that are looked at, and how deep.
const MAX_FILES: usize = 20_000;
const MAX_DEPTH: usize = 12;

/// The files with what tells that one has changed.
type Files = BTreeMap<PathBuf, (Option<SystemTime>, u64, u64)>;

/// Runs until it is interrupted.
pub fn run(arguments: &Check, knowledge: &Knowledge) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    runtime.block_on(async {
        let mut interrupt = Interrupt::listen()?;
        let mut last: Option<Files> = None;
        loop {
            let files = files(&arguments.paths);
            if last.as_ref() != Some(&files) {
                if interrupt.within(QUIET).await {
                    break;
                }
                // Still being written: look again before reading.
                if last.is_some() && self::files(&arguments.paths) != files {
                    continue;
                }
                show(arguments, knowledge, files.len())?;
                last = Some(files);
            }
            if interrupt.within(PAUSE).await {
                break;
            }
        }
        output::print("\n")?;
        Ok(Exit::Fine)
    })
}

/// Ctrl-C, from the moment it is listened for: also while a check runs.
struct Interrupt {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Interrupt {
    fn listen() -> Result<Self, Failure> {
        Ok(Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
                .map_err(Failure::failed)?,
        })
    }

    /// Waits, and says whether it came.
    async fn within(&mut self, time: Duration) -> bool {
        #[cfg(unix)]
        let came = self.signal.recv();
        #[cfg(not(unix))]
        let came = tokio::signal::ctrl_c();
        tokio::time::timeout(time, came).await.is_ok()
    }
}

/// One round: a clear screen, what the check finds, what the tests say.
fn show(arguments: &Check, knowledge: &Knowledge, count: usize) -> Result<(), Failure> {
    let text = arguments.format == Format::Text;
    if text {
        let clear = if std::io::stdout().is_terminal() {
            "\x1b[2J\x1b[3J\x1b[H"
        } else {
            "\n"
        };
        let now = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
        output::print(&format!("{clear}{now}\n"))?;
    }
    match check(arguments, knowledge) {
        Ok(Exit::Fine) => tests(arguments, knowledge)?,
        Ok(_) => {}
        // A mapping that is being moved about is not there for a moment.
        Err(failure) => eprintln!("causeway: {}", failure.message),
    }
    if text {
        output::print(&format!("watching {count} files; Ctrl-C ends\n"))?;
    }
    Ok(())
}

/// The tests of every mapping, without rewriting anything.
fn tests(arguments: &Check, knowledge: &Knowledge) -> Result<(), Failure> {
    if arguments.format == Format::Json {
        return Ok(());
    }
    let (mut passed, mut failed) = (0, 0);
    for folder in locate::folders(&arguments.paths)? {
        let report = run_tests(
            &folder,
            knowledge.definitions,
            &knowledge.terminology,
            &TestOptions::default(),
        );
        let good = report.cases.iter().filter(|case| case.passed()).count();
        passed += good;
        failed += report.cases.len() - good;
        output::print(&test::text(&report, false))?;
    }
    output::print(&format!("{passed} passed, {failed} failed\n"))
}

/// The files under the paths, and those of the fragments beside them.
fn files(paths: &[PathBuf]) -> Files {
    let mut files = Files::new();
    for path in paths {
        let folder = match path.is_file() {
            true => path.parent().unwrap_or(Path::new(".")),
            false => path.as_path(),
        };
        gather(folder, &mut files);
        gather(&folder.join("../common"), &mut files);
    }
    files
}

fn gather(folder: &Path, files: &mut Files) {
    let entries = WalkDir::new(folder)
        .max_depth(MAX_DEPTH)
        .into_iter()
        .filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            entry.depth() == 0
                || !(name.starts_with('.') || name.ends_with('~') || name == "target")
        });
    for entry in entries.flatten() {
        if files.len() >= MAX_FILES {
            return;
        }
        if entry.file_type().is_dir() {
            continue;
        }
        // A link is as new as what it leads to.
        if let Ok(metadata) = std::fs::metadata(entry.path()) {
            let mark = (metadata.modified().ok(), metadata.len(), number(&metadata));
            files.insert(entry.path().to_owned(), mark);
        }
    }
}

/// A file that another was renamed to has another number, even where time and size are the same.
#[cfg(unix)]
fn number(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.ino()
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> u64 {
    0
}
