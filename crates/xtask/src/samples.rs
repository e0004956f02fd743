//! `cargo xtask samples`: writes sample exports of any size with their truth file, and remakes the
//! workbooks that are kept as text.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use samples::{Format, Plan};

/// Writes sample exports of fictional people, the same for the same people and seed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask samples", after_help = EXAMPLES)]
struct Arguments {
    /// How many people.
    #[arg(long, default_value_t = 20)]
    people: u32,
    /// What makes this run differ from another.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The format, named as its mapping is: cld-r1, mods-json or generic-carehome-xlsx. Default: all three.
    #[arg(long, value_parser = format_of)]
    format: Option<Format>,
    /// The folder that the export and its truth file are written to; made when it is not there.
    #[arg(long, value_name = "DIR", required_unless_present = "workbooks")]
    out: Option<PathBuf>,
    /// An export in which nothing is wrong.
    #[arg(long, conflicts_with = "mess")]
    clean: bool,
    /// The chance, from 0 to 1, at each place where a source may be untidy, that it is.
    #[arg(long, default_value_t = 0.12)]
    mess: f64,
    /// Stop after the person who fills this many records.
    #[arg(long)]
    rows: Option<u64>,
    /// Write no truth file.
    #[arg(long)]
    no_truth: bool,
    /// Instead: make NAME.xlsx beside every NAME.sheets.md, and input.xlsx beside every sheets.md, below this folder.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "format"])]
    workbooks: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask samples --people 1000 --seed 7 --format cld-r1 --out samples
  cargo xtask samples --people 50 --seed 3 --clean --out samples
  cargo xtask samples --workbooks mappings";

fn format_of(name: &str) -> Result<Format, String> {
    Format::from_name(name).ok_or_else(|| {
        let known: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
        format!("there are samples for {}", known.join(", "))
    })
}

/// Runs the subcommand.
///
/// # Errors
/// A message for the person at the terminal.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let Some(arguments) = crate::arguments::read::<Arguments>("samples", arguments)? else {
        return Ok(());
    };
    if let Some(folder) = &arguments.workbooks {
        let made = workbooks(folder)?;
        println!("{made} workbooks made below {}", folder.display());
        return Ok(());
    }
    let Some(folder) = &arguments.out else {
        return Err("--out DIR is missing".to_owned());
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let plan = Plan {
        people: arguments.people,
        seed: arguments.seed,
        mess: if arguments.clean { 0.0 } else { arguments.mess },
        rows: arguments.rows,
    };
    for format in Format::ALL {
        if arguments.format.is_none_or(|asked| asked == format) {
            write(format, &plan, folder, !arguments.no_truth)?;
        }
    }
    Ok(())
}

fn write(format: Format, plan: &Plan, folder: &Path, truth: bool) -> Result<(), String> {
    let path = folder.join(format!("{}.{}", format.name(), format.extension()));
    let mut out = BufWriter::new(File::create(&path).map_err(|error| failed(&path, &error))?);
    let records = if truth {
        let truth = samples::write_with_truth(format, plan, &mut out)
            .map_err(|error| failed(&path, &error))?;
        let path = folder.join(format!("{}.truth.json", format.name()));
        let file = File::create(&path).map_err(|error| failed(&path, &error))?;
        let mut file = BufWriter::new(file);
        serde_json::to_writer_pretty(&mut file, &truth).map_err(|error| failed(&path, &error))?;
        file.flush().map_err(|error| failed(&path, &error))?;
        truth.records
    } else {
        samples::write(format, plan, &mut out).map_err(|error| failed(&path, &error))?
    };
    out.flush().map_err(|error| failed(&path, &error))?;
    println!("{}: {records} records", path.display());
    Ok(())
}

/// Makes the workbooks that are kept as text, so that what is in them can be reviewed.
fn workbooks(folder: &Path) -> Result<usize, String> {
    let mut made = 0;
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        if path.is_dir() {
            made += workbooks(&path)?;
        } else if let Some(stem) = path.file_name().and_then(OsStr::to_str).and_then(made_from) {
            let text = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
            let bytes =
                samples::workbook_from_text(&text).map_err(|error| failed(&path, &error))?;
            let workbook = path.with_file_name(format!("{stem}.xlsx"));
            fs::write(&workbook, bytes).map_err(|error| failed(&workbook, &error))?;
            made += 1;
        }
    }
    Ok(made)
}

/// The workbook's name without its ending. In a test case the page must not begin with `input.`, as
/// the case's input does.
fn made_from(page: &str) -> Option<&str> {
    match page {
        "sheets.md" => Some("input"),
        _ => page.strip_suffix(".sheets.md"),
    }
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}
