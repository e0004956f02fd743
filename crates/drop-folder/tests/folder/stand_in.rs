//! A receiver and a disk for tests.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use drop_folder::{
    Arrival, Content, Disk, Folder, Machine, NotReceived, Notice, Received, Receiver, Settings,
};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;

/// What happens to the next files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Keep,
    Fail,
    Busy,
    Refuse,
    /// It says that it kept the file without reading it.
    Lie,
}

/// Everything that a receiver was told.
#[derive(Debug, Default)]
pub struct State {
    pub kept: Vec<(Arrival, Vec<u8>)>,
    pub keys: HashMap<(String, String), usize>,
    pub notices: Vec<Notice>,
    pub plan: Vec<Next>,
    pub offers: usize,
}

#[derive(Debug, Clone, Default)]
pub struct StandIn {
    pub state: Arc<Mutex<State>>,
    pub power: Power,
}

impl StandIn {
    pub fn plan(&self, plan: &[Next]) {
        self.state.lock().unwrap().plan = plan.iter().rev().cloned().collect();
    }

    pub fn contents(&self) -> Vec<Vec<u8>> {
        let state = self.state.lock().unwrap();
        state.kept.iter().map(|(_, bytes)| bytes.clone()).collect()
    }

    pub fn notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.state.lock().unwrap().notices)
    }
}

impl Receiver for StandIn {
    async fn receive(
        &self,
        arrival: &Arrival,
        content: &mut Content,
    ) -> Result<Received, NotReceived> {
        let next = {
            let mut state = self.state.lock().unwrap();
            state.offers += 1;
            state.plan.pop().unwrap_or(Next::Keep)
        };
        match next {
            Next::Busy => return Err(NotReceived::Busy { wait: None }),
            Next::Lie => return Ok(Received::New),
            Next::Refuse => return Err(NotReceived::Refused("it is no export".to_owned())),
            Next::Keep | Next::Fail => {}
        }
        let off = |_| NotReceived::Failed("the power is off".to_owned());
        let mut bytes = Vec::new();
        content
            .read_to_end(&mut bytes)
            .await
            .map_err(|error| NotReceived::Failed(error.kind().to_string()))?;
        if next == Next::Fail {
            return Err(NotReceived::Failed("the disk is full".to_owned()));
        }
        self.power.step().map_err(off)?;
        let received = {
            let mut state = self.state.lock().unwrap();
            let key = (arrival.client(), arrival.key());
            if state.keys.contains_key(&key) {
                Received::Again
            } else {
                let place = state.kept.len();
                state.keys.insert(key, place);
                state.kept.push((arrival.clone(), bytes));
                Received::New
            }
        };
        // It is kept, and nobody is told any more.
        self.power.step().map_err(off)?;
        Ok(received)
    }

    fn tell(&self, notice: &Notice) {
        self.state.lock().unwrap().notices.push(notice.clone());
    }
}

/// After how many steps the power goes.
#[derive(Debug, Clone, Default)]
pub struct Power(Arc<Mutex<Option<u32>>>);

impl Power {
    pub fn until(steps: u32) -> Self {
        Self(Arc::new(Mutex::new(Some(steps))))
    }

    pub fn step(&self) -> io::Result<()> {
        match self.0.lock().unwrap().as_mut() {
            None => Ok(()),
            Some(0) => Err(io::Error::other("the power is off")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

/// A disk whose names are only certain once their folder was written through: what was moved or
/// deleted since is undone when the power goes.
#[derive(Clone, Default)]
pub struct Fragile {
    pub power: Power,
    uncertain: Arc<Mutex<Vec<Change>>>,
}

enum Change {
    Moved(PathBuf, PathBuf),
    Removed(PathBuf, Vec<u8>),
}

impl Fragile {
    pub fn until(power: &Power) -> Self {
        Self {
            power: power.clone(),
            uncertain: Arc::default(),
        }
    }

    /// What lies on the disk when the power comes back.
    pub fn undo(&self) {
        for change in self.uncertain.lock().unwrap().drain(..).rev() {
            match change {
                // A sender may have put another file there since; then the move was written.
                Change::Moved(from, to) if !from.exists() => {
                    fs::rename(to, &from).unwrap();
                    // With the name comes back when the file was changed last: before its marker.
                    let mut marker = from.into_os_string();
                    marker.push(".done");
                    if Path::new(&marker).exists() {
                        fs::write(&marker, "").unwrap();
                    }
                }
                Change::Removed(path, bytes) if !path.exists() => fs::write(path, bytes).unwrap(),
                _ => {}
            }
        }
    }
}

impl Disk for Fragile {
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.power.step()?;
        assert!(!to.exists(), "a file is overwritten");
        Machine.rename(from, to)?;
        let moved = Change::Moved(from.to_path_buf(), to.to_path_buf());
        self.uncertain.lock().unwrap().push(moved);
        Ok(())
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.power.step()?;
        Machine.sync_file(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.power.step()?;
        Machine.sync_folder(path)?;
        // A move is certain once the folder that it went to is.
        self.uncertain.lock().unwrap().retain(|change| {
            let place = match change {
                Change::Moved(_, to) => to,
                Change::Removed(path, _) => path,
            };
            place.parent() != Some(path)
        });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.power.step()?;
        if let Ok(bytes) = fs::read(path) {
            Machine.remove(path)?;
            let removed = Change::Removed(path.to_path_buf(), bytes);
            self.uncertain.lock().unwrap().push(removed);
        }
        Ok(())
    }

    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        if let Err(error) = self.power.step() {
            // Half of it.
            fs::write(path, &text[..text.len() / 2])?;
            return Err(error);
        }
        Machine.write(path, text)
    }
}

/// A watched folder of a test.
pub struct Place {
    pub root: TempDir,
    pub settings: Settings,
}

impl Place {
    /// One source, `home`, with more settings of the folder and of the source.
    pub fn new(more: &str, of_source: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let text = format!(
            "path = {:?}\npoll-seconds = 0.02\n{more}\n[[sources]]\nsource = \"home\"\n\
             organisation = \"VM001\"\n{of_source}\n",
            root.path().to_str().unwrap()
        );
        Self {
            settings: toml::from_str(&text).unwrap(),
            root,
        }
    }

    pub fn open(&self) -> (Folder<StandIn>, StandIn) {
        let stand_in = StandIn::default();
        let folder = Folder::open(&self.settings, stand_in.clone()).unwrap();
        (folder, stand_in)
    }

    pub fn path(&self, place: &str, name: &str) -> PathBuf {
        self.root.path().join(place).join("home").join(name)
    }

    pub fn put(&self, name: &str, content: &[u8]) {
        fs::create_dir_all(self.path("inbox", "")).unwrap();
        fs::write(self.path("inbox", name), content).unwrap();
    }

    /// Puts a file and its marker.
    pub fn put_marked(&self, name: &str, content: &[u8]) {
        self.put(name, content);
        self.put(&format!("{name}.done"), b"");
    }

    /// The names in a folder, sorted.
    pub fn names(&self, place: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(place, ""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The same; none where the folder is not there yet.
    pub fn names_or_none(&self, place: &str) -> Vec<String> {
        if self.path(place, "").exists() {
            self.names(place)
        } else {
            Vec::new()
        }
    }

    /// The contents of the files in a folder whose names end so, sorted.
    pub fn contents(&self, place: &str, end: &str) -> Vec<Vec<u8>> {
        let mut contents: Vec<Vec<u8>> = self
            .names(place)
            .iter()
            .filter(|name| name.ends_with(end))
            .map(|name| fs::read(self.path(place, name)).unwrap())
            .collect();
        contents.sort();
        contents
    }
}
