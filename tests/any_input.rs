//! Whatever a stranger sends is read or refused: the fuzz targets of `fuzz/`, bounded, on every
//! toolchain. Each starts from the same seeds and from every input that was once a finding, and
//! spoils them in ways that are the same in every run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "../fuzz/src/checks/mod.rs"]
mod checks;
#[path = "../fuzz/src/seeds.rs"]
mod seeds;

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use samples::Rng;

/// How many spoilt inputs each target gets.
const SPOILT: u64 = 300;

/// The longest input, as where targets are fuzzed.
const LONGEST: usize = 8_192;

/// Pieces that readers have trouble with.
const PIECES: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "&",
    ";",
    "--",
    "<!--",
    "]]>",
    "\u{feff}",
    "\0",
    "\n",
    "\r\n",
    "null",
    "-0",
    "1e999",
    "0.10",
    "\\ud800",
    "'",
    "(",
    ")",
    "%",
    "#",
    "/",
    "é",
    "\u{1F600}",
    "\"resourceType\":\"Bundle\"",
    "\"contained\":[{}]",
    "\"_name\":[null]",
    "value",
    "0",
    "-1",
    "99999999999999999999",
];

/// One seed, spoilt at a few places.
fn spoilt(seeds: &[seeds::Seed], rng: &mut Rng) -> Vec<u8> {
    let pick = |rng: &mut Rng| &seeds[rng.below(seeds.len() as u64) as usize].1;
    let mut bytes = pick(rng).clone();
    for _ in 0..rng.between(1, 4) {
        let at = rng.below(bytes.len() as u64 + 1) as usize;
        let length = rng.below(24) as usize;
        let end = (at + length).min(bytes.len());
        match rng.below(7) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.truncate(at),
            2 => {
                let piece = bytes[at..end].repeat(rng.between(1, 8) as usize);
                bytes.splice(at..at, piece);
            }
            3 => {
                let piece = PIECES[rng.below(PIECES.len() as u64) as usize];
                bytes.splice(at..end.min(at + length % 2), piece.bytes());
            }
            4 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.below(8);
                }
            }
            5 => {
                let other = pick(rng);
                let from = rng.below(other.len() as u64 + 1) as usize;
                let piece = other[from..(from + length * 4).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            _ => {
                let digit = b"0123456789"[rng.below(10) as usize];
                if let Some(byte) = bytes[at..].iter_mut().find(|byte| byte.is_ascii_digit()) {
                    *byte = digit;
                }
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

fn bear(target: &str) {
    let (_, check) = checks::TARGETS
        .iter()
        .find(|(name, _)| *name == target)
        .unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let seeds = seeds::of(&root, target).unwrap();
    assert!(!seeds.is_empty(), "there is something to start from");
    let try_one = |what: &str, bytes: &[u8]| {
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| check(bytes)));
        if let Err(cause) = outcome {
            eprintln!("{target}: {what}: {}", bytes.escape_ascii());
            panic::resume_unwind(cause);
        }
    };
    for (name, bytes) in &seeds {
        try_one(name, bytes);
    }
    try_one("nothing", b"");
    for number in 0..SPOILT {
        let mut rng = Rng::stream(20_261_122, target, number);
        try_one(&format!("spoilt {number}"), &spoilt(&seeds, &mut rng));
    }
}

macro_rules! targets {
    ($($target:ident)*) => {
        $(#[test]
        fn $target() {
            bear(stringify!($target));
        })*

        #[test]
        fn every_target_is_here() {
            let here = [$(stringify!($target)),*];
            let all: Vec<&str> = checks::TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(here.as_slice(), all.as_slice());
        }
    };
}

targets! { json xml round_trip validate verdict fhirpath patch narrative grammar package definition csv json_tree xlsx mapping_file expression mapping_run }
