//! `causeway new-mapping`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use drafting::{Draft, Options};
use mapping::testing::{TestOptions, run_tests};

use crate::cli::NewMapping;
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::output;

/// The largest synthetic file that becomes a test case as it is.
const CASE_BYTES: u64 = 4 << 20;

/// Runs the command.
pub fn run(arguments: &NewMapping) -> Result<Exit, Failure> {
    let input = &arguments.input;
    if !input.is_file() {
        return Err(Failure::input(format!(
            "there is no file {}",
            input.display()
        )));
    }
    let (folder, name) = place(arguments)?;
    if folder.exists() {
        return Err(Failure::usage(format!(
            "{} is there already, and nothing in it is overwritten: choose another --name or --out",
            folder.display()
        )));
    }
    let options = Options {
        synthetic: arguments.synthetic,
        schema: schema(&folder),
        ..Options::new(name.as_str())
    };
    let draft = drafting::draft(&source::Input::path(input), &options).map_err(|issues| {
        let mut message = format!("{} cannot be drafted from", input.display());
        for issue in issues {
            message.push_str("\n  ");
            message.push_str(&issue.to_string());
        }
        Failure::input(message)
    })?;
    write(&folder, &draft)?;
    let mut unsure = draft.unsure.clone();
    let cases = if arguments.synthetic {
        samples(&folder, input, &draft, &mut unsure)?
    } else {
        Vec::new()
    };
    output::print(&told(arguments, &folder, &draft, &cases, &unsure))?;
    Ok(Exit::Fine)
}

/// The folder and the name of the mapping, which are one.
fn place(arguments: &NewMapping) -> Result<(PathBuf, String), Failure> {
    let of_folder = |folder: &Path| {
        folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let name = match (&arguments.name, &arguments.out) {
        (Some(name), _) => name.clone(),
        (None, Some(out)) => of_folder(out).unwrap_or_default(),
        (None, None) => drafting::mapping_name(
            &arguments
                .input
                .file_stem()
                .map(|stem| stem.to_string_lossy())
                .unwrap_or_default(),
        ),
    };
    if !drafting::is_mapping_name(&name) {
        return Err(Failure::usage(format!(
            "'{name}' is no name of a mapping: lower-case letters, digits and dashes, a letter first; say it with --name"
        )));
    }
    let folder = match &arguments.out {
        None => Path::new("mappings").join(&name),
        // A folder that holds mappings, or the mapping's own.
        Some(out) if of_folder(out).as_deref() == Some(name.as_str()) => out.clone(),
        Some(out) => out.join(&name),
    };
    Ok((folder, name))
}

/// Where an editor finds the schema of the language: in the checkout, when the mapping stands in one.
fn schema(folder: &Path) -> String {
    const PLACE: &str = "docs/mapping.schema.json";
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut up = String::new();
    for above in absolute.ancestors().skip(1) {
        up.push_str("../");
        if above.join(PLACE).is_file() {
            return format!("{up}{PLACE}");
        }
    }
    format!("../../{PLACE}")
}

fn write(folder: &Path, draft: &Draft) -> Result<(), Failure> {
    for (path, text) in &draft.files {
        write_file(&folder.join(path), text.as_bytes())?;
    }
    write_file(&folder.join("tests/.gitkeep"), b"")
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, bytes))
        .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", path.display())))
}

/// Copies a synthetic file, and makes a first test case of it with what the draft makes.
fn samples(
    folder: &Path,
    input: &Path,
    draft: &Draft,
    unsure: &mut Vec<String>,
) -> Result<Vec<PathBuf>, Failure> {
    let copied = |to: &Path| -> Result<(), Failure> {
        to.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::copy(input, to).map(drop))
            .map_err(|error| {
                Failure::failed(format!("{} cannot be written: {error}", to.display()))
            })
    };
    let name = input.file_name().map(PathBuf::from).unwrap_or_default();
    let sample = Path::new("samples").join(name);
    copied(&folder.join(&sample))?;
    let mut made = vec![sample];
    let size = fs::metadata(input).map_or(0, |it| it.len());
    if size > CASE_BYTES {
        unsure.push(
            "the file is large, so no test case was made of it: cut a small one by hand".to_owned(),
        );
        return Ok(made);
    }
    let case = folder.join("tests/first");
    copied(&case.join(format!("input.{}", draft.format)))?;
    if draft.as_of_is_stated {
        let today = jiff::Zoned::now().date();
        write_file(
            &case.join("context.json"),
            format!("{{ \"asOf\": \"{today}\" }}\n").as_bytes(),
        )?;
    }
    let knowledge = Knowledge::embedded();
    let report = run_tests(
        folder,
        knowledge.definitions,
        &Arc::clone(&knowledge.terminology),
        &TestOptions {
            accept: true,
            ..TestOptions::default()
        },
    );
    for case in report.cases.iter().filter(|case| !case.passed()) {
        unsure.push(format!(
            "the case tests/{} does not pass yet: see it with causeway test",
            case.name
        ));
    }
    made.push(PathBuf::from("tests/first"));
    Ok(made)
}

fn told(
    arguments: &NewMapping,
    folder: &Path,
    draft: &Draft,
    cases: &[PathBuf],
    unsure: &[String],
) -> String {
    let mut text = format!(
        "Drafted {} from {}:\n",
        folder.display(),
        arguments.input.display()
    );
    for (path, _) in &draft.files {
        text.push_str(&format!("  {path}\n"));
    }
    for path in cases {
        text.push_str(&format!("  {}\n", path.display()));
    }
    text.push_str("It declares:\n");
    for line in &draft.made {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str("Not certain:\n");
    for line in unsure {
        text.push_str(&format!("  {line}\n"));
    }
    let shown = folder.display();
    text.push_str("Next:\n");
    text.push_str(&format!("  causeway check {shown}\n"));
    text.push_str(&format!(
        "  causeway test {shown} --accept    when there is a case in tests/\n"
    ));
    let as_of = if draft.as_of_is_stated {
        " --as-of YYYY-MM-DD"
    } else {
        ""
    };
    text.push_str(&format!(
        "  causeway convert --mapping {shown} {} --out out.ndjson{as_of}\n",
        arguments.input.display()
    ));
    if !arguments.synthetic {
        text.push_str("No value of the file is in the draft; headers are. Read it before you show it to anybody.\n");
    }
    text
}
