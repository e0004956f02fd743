//! Running a program as a whole process and saying what it used. Linux only: `/proc` tells.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What a process used from its start to its end.
#[derive(Debug)]
pub struct Used {
    pub wall: Duration,
    /// User and system time, in hundredths of a second as the kernel counts them.
    pub cpu: f64,
    /// The most memory that it held, as far as looking every few milliseconds shows it.
    pub peak_kilobytes: u64,
    /// 0 or 1.
    pub status: i32,
    pub output: String,
}

/// Runs a program to its end. What it prints goes through files in `folder`. Exit status 1 is no
/// failure: a validator says with it that something is not valid.
pub fn run(command: &mut Command, stdin: Option<&Path>, folder: &Path) -> Result<Used, String> {
    let shown = format!("{command:?}");
    let (out, err) = (folder.join("stdout"), folder.join("stderr"));
    let create = |path: &Path| File::create(path).map_err(|error| super::failed(path, &error));
    command
        .stdin(match stdin {
            Some(path) => File::open(path)
                .map_err(|error| super::failed(path, &error))?
                .into(),
            None => Stdio::null(),
        })
        .stdout(create(&out)?)
        .stderr(create(&err)?);
    let before = children_cpu()?;
    let start = Instant::now();
    let mut child = command
        .spawn()
        .map_err(|error| format!("{shown} could not be started: {error}"))?;
    let (done, peak) = (AtomicBool::new(false), AtomicU64::new(0));
    let status_file = format!("/proc/{}/status", child.id());
    let (status, wall) = thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if let Some(kilobytes) = high_water(&status_file) {
                    peak.fetch_max(kilobytes, Ordering::Relaxed);
                }
                thread::sleep(Duration::from_millis(5));
            }
        });
        let status = child.wait();
        let wall = start.elapsed();
        done.store(true, Ordering::Relaxed);
        (status, wall)
    });
    let status = status.map_err(|error| format!("{shown}: {error}"))?;
    let cpu = children_cpu()? - before;
    let code = status.code().unwrap_or(-1);
    if !matches!(code, 0 | 1) {
        let told = fs::read_to_string(&err).unwrap_or_default();
        let told: String = told.chars().take(2_000).collect();
        return Err(format!("{shown} ended with {status}\n{told}"));
    }
    Ok(Used {
        wall,
        cpu,
        peak_kilobytes: peak.into_inner(),
        status: code,
        output: fs::read_to_string(&out).map_err(|error| super::failed(&out, &error))?,
    })
}

/// User and system time of all children that ended, in seconds.
fn children_cpu() -> Result<f64, String> {
    let stat = fs::read_to_string("/proc/self/stat")
        .map_err(|error| format!("/proc/self/stat: {error} (timing needs Linux)"))?;
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().collect())
        .unwrap_or_default();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
    };
    match (ticks(13), ticks(14)) {
        (Some(user), Some(system)) => Ok((user + system) / 100.0),
        _ => Err("/proc/self/stat has another form than expected".to_owned()),
    }
}

fn high_water(status_file: &str) -> Option<u64> {
    let status = fs::read_to_string(status_file).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
