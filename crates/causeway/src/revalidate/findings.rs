//! What a run has found so far, kept beside the store so that it can go on after an interruption.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::exit::Failure;

/// Numbers of a run, or of a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// How many resources were checked.
    pub checked: u64,
    /// How many of them do not conform.
    pub broken: u64,
    /// How many have other index rows than before.
    pub reindexed: u64,
    /// How many resources break each rule.
    pub rules: BTreeMap<String, u64>,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.checked += other.checked;
        self.broken += other.broken;
        self.reindexed += other.reindexed;
        for (rule, count) in other.rules {
            *self.rules.entry(rule).or_default() += count;
        }
    }
}

/// How far a run came.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// What the run is about: a run over other packages does not go on with this one.
    task: Value,
    /// Which tenant it is at, by its place in the configuration.
    tenant: usize,
    /// Where its next part begins.
    next: u64,
    counts: Counts,
    /// How much of the findings' file was written by then.
    length: u64,
}

/// The findings of a run: a file of lines, and how far it came.
#[derive(Debug)]
pub struct Findings {
    lines: PathBuf,
    place: PathBuf,
    file: File,
    state: State,
    resumed: bool,
}

impl Findings {
    /// Opens what an interrupted run of the same task left behind, or begins anew.
    pub fn open(folder: &Path, task: &Value, restart: bool) -> Result<Self, Failure> {
        let lines = folder.join("revalidation.ndjson");
        let place = folder.join("revalidation.json");
        let before: Option<State> = match fs::read(&place) {
            _ if restart => None,
            Ok(text) => serde_json::from_slice(&text)
                .ok()
                .filter(|state: &State| state.task == *task),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(unusable(&place, &error)),
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&lines)
            .map_err(|error| unusable(&lines, &error))?;
        let length = file
            .metadata()
            .map_err(|error| unusable(&lines, &error))?
            .len();
        // Findings that are gone cannot be told, so such a run begins anew.
        let before = before.filter(|state| state.length <= length);
        let resumed = before.is_some();
        let state = before.unwrap_or_else(|| State {
            task: task.clone(),
            tenant: 0,
            next: 0,
            counts: Counts::default(),
            length: 0,
        });
        // What was written after the last note of how far it came is found again.
        file.set_len(state.length)
            .map_err(|error| unusable(&lines, &error))?;
        Ok(Self {
            lines,
            place,
            file,
            state,
            resumed,
        })
    }

    /// Whether it goes on with an earlier run.
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// The numbers so far.
    pub fn counts(&self) -> &Counts {
        &self.state.counts
    }

    /// Where the next part of a tenant begins; `None` when it is done.
    pub fn next_of(&self, tenant: usize) -> Option<u64> {
        (self.state.tenant == tenant).then_some(self.state.next)
    }

    /// Adds what a part of a tenant gave; `next` is where its next part begins.
    pub fn add(
        &mut self,
        tenant: usize,
        counts: Counts,
        lines: &str,
        next: Option<u64>,
    ) -> Result<(), Failure> {
        use std::io::Seek as _;
        self.file
            .seek(std::io::SeekFrom::Start(self.state.length))
            .and_then(|_| self.file.write_all(lines.as_bytes()))
            .and_then(|()| self.file.sync_data())
            .map_err(|error| unusable(&self.lines, &error))?;
        self.state.length += lines.len() as u64;
        self.state.counts.add(counts);
        match next {
            Some(next) => self.state.next = next,
            None => {
                self.state.tenant = tenant + 1;
                self.state.next = 0;
            }
        }
        let text = serde_json::to_vec(&self.state).map_err(Failure::failed)?;
        let part = self.place.with_extension("part");
        fs::write(&part, text)
            .and_then(|()| fs::rename(&part, &self.place))
            .map_err(|error| unusable(&self.place, &error))
    }

    /// Gives every line.
    pub fn each(&self, mut take: impl FnMut(&str) -> Result<(), Failure>) -> Result<(), Failure> {
        let file = File::open(&self.lines).map_err(|error| unusable(&self.lines, &error))?;
        for line in BufReader::new(file).lines() {
            take(&line.map_err(|error| unusable(&self.lines, &error))?)?;
        }
        Ok(())
    }

    /// Takes both files away: everything was told.
    pub fn done(self) -> Result<(), Failure> {
        for path in [&self.place, &self.lines] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(unusable(path, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{} cannot be used: {error}", path.display()))
}
