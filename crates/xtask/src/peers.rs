//! `cargo xtask peers`: Causeway's validator beside others, on the same resources, in one run.
//!
//! The others are npm's `fhir` and `@medplum/core` and the HAPI program of `conformance/oracle`. They
//! are downloaded, so this is run by hand and is no test. Every figure is per CPU second (user and
//! system, all threads) of the whole process. The others are timed after a warm-up and without their
//! start; Causeway's command is timed as a whole, from its start to its end, printing included.
//! With `--mapping` mapping engines are timed instead, see [`mapping`].

mod input;
mod mapping;
mod process;
mod table;
mod tool;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;

use input::{Input, Kind};
use table::Figures;
use tool::{Against, Tool};

/// Times validators on the same resources of fictional people, and prints one table.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask peers")]
struct Arguments {
    /// CPU seconds that each of the others is timed for, a kind of resource.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// How often everything is timed, in turn; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The folder with the packages hl7.fhir.r4.core and fhir.r4.ukcore.stu3 (.tgz) for the others.
    #[arg(long, default_value = "../shared/data/packages")]
    packages: PathBuf,
    /// UK Core with snapshots (.tgz), for those that cannot make them.
    #[arg(
        long,
        default_value = "../shared/data/oracle/fhir.r4.ukcore.stu3.snapshots.tgz"
    )]
    snapshots: PathBuf,
    /// Only these: causeway, fhir, medplum, hapi.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Time mapping engines instead of validators: Causeway's and npm's fumifier.
    #[arg(long)]
    mapping: bool,
    /// Time this causeway instead of building one.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// Runs the subcommand.
///
/// # Errors
/// A message for the person at the terminal.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let Some(arguments) = crate::arguments::read::<Arguments>("peers", arguments)? else {
        return Ok(());
    };
    let root = crate::test::workspace_root()?;
    let folder = root.join("target/peers");
    fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    if arguments.mapping {
        return mapping::run(&root, &folder, &arguments);
    }
    let input = input::write(&root.join("benches/peers"), &folder)?;
    let tools = tool::prepare(&root, &folder, &arguments)?;
    let mut all = Vec::new();
    for tool in &tools {
        for against in [Against::R4, Against::UkCore] {
            eprintln!("== {} on {}: what it finds", tool.name(), against.name());
            all.push(Figures::new(
                tool,
                against,
                tool.found(against, &input, &folder)?,
            ));
        }
    }
    for round in 1..=arguments.rounds {
        for figures in &mut all {
            if figures.is_able() {
                eprintln!(
                    "== round {round} of {}: {} on {}",
                    arguments.rounds,
                    figures.tool.name(),
                    figures.against.name()
                );
                time(figures, &input, arguments.seconds, &folder)?;
            }
        }
    }
    let text = table::text(&all);
    print!("{text}");
    let path = folder.join("result.json");
    fs::write(&path, table::json(&all)).map_err(|error| failed(&path, &error))?;
    println!("The same as JSON: {}", path.display());
    Ok(())
}

fn time(
    figures: &mut Figures<'_>,
    input: &Input,
    seconds: f64,
    folder: &Path,
) -> Result<(), String> {
    let (tool, against): (&Tool, Against) = (figures.tool, figures.against);
    figures
        .start
        .push(tool.start(against, input, folder)?.as_secs_f64() * 1e3);
    for kind in [Kind::Patient, Kind::Observation] {
        let timed = tool.timed(against, kind, input, seconds, folder)?;
        figures.add(kind, &timed);
    }
    Ok(())
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}
