//! `cargo xtask fuzz`: runs the fuzz targets of `fuzz/` one after another, each from its seeds.
//!
//! It needs the nightly toolchain and cargo-fuzz, and is run by hand: a minute a target after a change
//! of a reader, a night before a release. `tests/any_input.rs` runs the same checks, bounded.

#[path = "../../../fuzz/src/seeds.rs"]
mod seeds;

use std::fs;
use std::path::Path;
use std::process::Command;

use clap::Parser;

/// Fuzzes. Needs `rustup toolchain install nightly` and `cargo install cargo-fuzz`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask fuzz", after_help = EXAMPLES)]
struct Arguments {
    /// The targets. Default: all.
    targets: Vec<String>,
    /// How long each runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// The longest input.
    #[arg(long, default_value_t = 8_192)]
    longest: u32,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask fuzz
  cargo xtask fuzz validate fhirpath --seconds 3600

A finding is written to target/fuzz/findings/TARGET. Mend it, make it small with
  cargo +nightly fuzz tmin TARGET FILE
and keep it as fuzz/regressions/TARGET/NAME: every run and tests/any_input.rs start from it.";

/// Runs the subcommand.
///
/// # Errors
/// A message for the person at the terminal; a finding is one.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let Some(arguments) = crate::arguments::read::<Arguments>("fuzz", arguments)? else {
        return Ok(());
    };
    let root = crate::test::workspace_root()?;
    let known = targets(&root)?;
    if let Some(unknown) = arguments.targets.iter().find(|name| !known.contains(name)) {
        return Err(format!(
            "there is no target {unknown}; there are {}",
            known.join(", ")
        ));
    }
    let mut findings = Vec::new();
    for target in &known {
        if arguments.targets.is_empty() || arguments.targets.contains(target) {
            eprintln!("== {target}, {} s", arguments.seconds);
            if !fuzz(&root, target, &arguments)? {
                findings.push(target.as_str());
            }
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    Err(format!(
        "findings in {}: see target/fuzz/findings",
        findings.join(", ")
    ))
}

/// The targets, by the names of their files.
fn targets(root: &Path) -> Result<Vec<String>, String> {
    let folder = root.join("fuzz/fuzz_targets");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Runs one target; `false` when it found something.
fn fuzz(root: &Path, target: &str, arguments: &Arguments) -> Result<bool, String> {
    let work = root.join("target/fuzz");
    let [seeds, corpus, findings] =
        ["seeds", "corpus", "findings"].map(|name| work.join(name).join(target));
    for folder in [&seeds, &corpus, &findings] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let all = seeds::of(root, target).map_err(|error| format!("seeds of {target}: {error}"))?;
    for (name, bytes) in all {
        let path = seeds.join(name);
        fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    // Causeway's own code is all safe Rust, so the address sanitiser would only make it slower.
    let status = Command::new("cargo")
        .args(["+nightly", "fuzz", "run", "--sanitizer", "none"])
        .arg("--target-dir")
        .arg(work.join("build"))
        .arg(target)
        .args([&corpus, &seeds])
        .arg("--")
        .arg(format!("-max_total_time={}", arguments.seconds))
        .arg(format!("-max_len={}", arguments.longest))
        .args([
            "-rss_limit_mb=1024",
            "-timeout=5",
            "-print_final_stats=1",
            "-verbosity=0",
        ])
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(root)
        .status()
        .map_err(|error| format!("cargo fuzz could not be started: {error}"))?;
    Ok(status.success())
}
