//! How many resources a second of processor time validates.
//!
//! `cargo bench -p validation` prints one line a resource: its size, the processor time of one thread
//! to validate it, and beside it the time to parse its text, as a limit measured in the same run. The
//! two resources of one row of a small export come first, and their sum.
//!
//! `cargo bench -p validation -- NAME ROUNDS` does nothing but validate one of them so often: for a
//! profiler or an instruction counter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod resources;

use std::hint::black_box;
use std::time::{Duration, Instant};

use json::Value;
use resources::Sample;
use validation::Validator;

/// How often each is done; the shortest of several is the one that other programs disturbed least.
const RUNS: usize = 7;

fn main() {
    let validator = Validator::embedded();
    let samples = resources::samples();
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    if let [name, rounds] = arguments.as_slice() {
        let sample = samples
            .iter()
            .find(|sample| sample.name == *name)
            .unwrap_or_else(|| panic!("no sample is named {name}"));
        for _ in 0..rounds.parse().unwrap_or(1usize) {
            black_box(validator.validate(black_box(&sample.resource), &[]));
        }
        return;
    }
    for Sample { name, resource } in &samples {
        let start = Instant::now();
        let issues = validator.validate(resource, &[]);
        let cold = start.elapsed();
        assert!(!diagnostics::has_errors(&issues), "{name}: {issues:?}");
        println!(
            "{name}: first {cold:?}, compiling included; {} issues",
            issues.len()
        );
    }
    println!(
        "\n{:<26} {:>6} {:>9} {:>9} {:>7} {:>10}",
        "", "bytes", "validate", "parse", "ratio", "per CPU s"
    );
    let mut row = (0, Duration::ZERO, Duration::ZERO);
    for Sample { name, resource } in &samples {
        let (bytes, validating, parsing) = measure(&validator, resource);
        line(name, bytes, validating, parsing);
        if name.starts_with("row: ") {
            row = (row.0 + bytes, row.1 + validating, row.2 + parsing);
        }
    }
    line("both of a row", row.0, row.1, row.2);
}

fn line(name: &str, bytes: usize, validating: Duration, parsing: Duration) {
    println!(
        "{name:<26} {bytes:>6} {:>6.2} µs {:>6.2} µs {:>7.2} {:>10.0}",
        validating.as_secs_f64() * 1e6,
        parsing.as_secs_f64() * 1e6,
        validating.as_secs_f64() / parsing.as_secs_f64(),
        1.0 / validating.as_secs_f64()
    );
}

/// The size of a resource, and the processor time to validate and to parse it.
fn measure(validator: &Validator, resource: &Value) -> (usize, Duration, Duration) {
    let text = resource.to_bytes();
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..RUNS {
        let validating = each(|| {
            black_box(validator.validate(black_box(resource), &[]));
        });
        let parsing = each(|| {
            black_box(json::parse(black_box(&text)).unwrap());
        });
        best = (best.0.min(validating), best.1.min(parsing));
    }
    (text.len(), best.0, best.1)
}

fn each(mut act: impl FnMut()) -> Duration {
    let rounds = 10_000u32;
    let start = Clock::start();
    for _ in 0..rounds {
        act();
    }
    start.elapsed() / rounds
}

/// Processor time of this thread where the system tells it, else time on the wall.
enum Clock {
    Processor(u64),
    Wall(Instant),
}

impl Clock {
    fn start() -> Self {
        match processor() {
            Some(nanoseconds) => Self::Processor(nanoseconds),
            None => Self::Wall(Instant::now()),
        }
    }

    fn elapsed(&self) -> Duration {
        match self {
            Self::Processor(start) => {
                Duration::from_nanos(processor().unwrap_or(*start).saturating_sub(*start))
            }
            Self::Wall(start) => start.elapsed(),
        }
    }
}

/// Nanoseconds that this thread has run, as Linux counts them.
fn processor() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
