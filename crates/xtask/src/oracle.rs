//! `cargo xtask oracle`: Causeway's validator beside HAPI FHIR's, over one corpus.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;
use conformance::oracle::{files, hash_of};
use conformance::{
    Case, Comparison, LEAST_OVERALL, Oracle, Reviewed, Set, Snapshot, Sources, Suite, Verdict,
};

/// Runs Causeway's validator and HAPI FHIR's over one corpus, and says where they differ.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only cases of this kind of rule
    #[arg(long)]
    only: Option<String>,
    /// The seed of what is grown and broken; the kept snapshot is for 1
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many mutants of each kind
    #[arg(long, default_value_t = 110)]
    limit: usize,
    /// Asks the oracle anew instead of taking what it said before
    #[arg(long)]
    refresh: bool,
    /// Leaves out the official R4 examples, which are downloaded
    #[arg(long)]
    offline: bool,
    /// Leaves out examples larger than this (bytes): the oracle needs minutes and gigabytes for each
    #[arg(long, default_value_t = 3_100_000)]
    largest: usize,
    /// Keeps the verdicts in conformance/oracle/verdicts.txt.gz
    #[arg(long)]
    keep: bool,
    /// Where the FHIR packages and UK Core examples are
    #[arg(long)]
    data: Option<PathBuf>,
}

/// The official examples.
const EXAMPLES: &str = "hl7.fhir.r4.examples@4.0.1";

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let Some(arguments) = crate::arguments::read::<Arguments>("oracle", arguments)? else {
        return Ok(());
    };
    let root = crate::test::workspace_root()?;
    let folder = root.join("target/oracle");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let data = arguments
        .data
        .clone()
        .or_else(|| Some(root.parent()?.join("shared/data")))
        .filter(|data| data.is_dir())
        .ok_or("the FHIR packages are not here: name their folder with --data")?;
    let examples = if arguments.offline {
        None
    } else {
        Some(download(&folder)?)
    };
    let sources = Sources {
        root: root.clone(),
        data: Some(data),
        examples,
    };
    let suite = Suite::new(sources, arguments.seed, arguments.limit)?;
    let oracle = oracle(&root, &folder, &suite)?;
    let compared = cases(&suite, &oracle, &arguments)?;
    let reviewed = Reviewed::read(&root.join("conformance/oracle/disagreements.json"))?;
    let comparison = compare(&suite, &compared, &reviewed, &folder)?;
    if arguments.keep {
        keep(&root, &compared)?;
    }
    println!("{}", comparison.report(3));
    for shortfall in comparison.shortfalls(LEAST_OVERALL) {
        println!("SHORT: {shortfall}");
    }
    println!(
        "{} disagreements are not on the reviewed list ({} entries); all of it: {}",
        comparison.unlisted().len(),
        reviewed.len(),
        folder.join("report.txt").display()
    );
    Ok(())
}

/// The cases with the oracle's verdicts: the corpus first, then mutants of what it finds valid.
fn cases(
    suite: &Suite,
    oracle: &Oracle,
    arguments: &Arguments,
) -> Result<Vec<(Case, Verdict)>, String> {
    let mut corpus = suite.corpus()?;
    let all = corpus.len();
    corpus.retain(|case| case.text.len() <= arguments.largest);
    if corpus.len() < all {
        eprintln!(
            "LEFT OUT: {} examples of more than {} bytes (--largest)",
            all - corpus.len(),
            arguments.largest
        );
    }
    let only = arguments.only.as_deref();
    if let Some(only) = only {
        let bases = ["sample", "generated", "ukcore"];
        corpus.retain(|case| case.kind == only || bases.contains(&case.kind));
    }
    let verdicts = oracle.verdicts(&corpus, arguments.refresh)?;
    let valid: HashMap<&str, bool> = corpus
        .iter()
        .zip(&verdicts)
        .map(|(case, verdict)| (case.name.as_str(), verdict.valid))
        .collect();
    let mutants = suite.mutants(
        &corpus,
        |case| valid.get(case.name.as_str()) == Some(&true),
        only,
    );
    let of_mutants = oracle.verdicts(&mutants, arguments.refresh)?;
    let pairs = corpus.into_iter().zip(verdicts);
    let pairs = pairs.chain(mutants.into_iter().zip(of_mutants));
    Ok(pairs
        .filter(|(case, _)| only.is_none_or(|only| only == case.kind))
        .collect())
}

fn compare(
    suite: &Suite,
    compared: &[(Case, Verdict)],
    reviewed: &Reviewed,
    folder: &Path,
) -> Result<Comparison, String> {
    let cases: Vec<Case> = compared.iter().map(|(case, _)| case.clone()).collect();
    let ours = suite.ours(&cases)?;
    let mut comparison = Comparison::default();
    let mut detail = String::new();
    for ((case, oracle), ours) in compared.iter().zip(&ours) {
        comparison.add(case, oracle, ours, reviewed);
        if oracle.valid != ours.valid {
            detail += &format!(
                "{}\n  oracle: {} {:?}\n  causeway: {} {:?}\n  {:?}\n  {}\n",
                case.name,
                oracle.summary(),
                oracle.words,
                ours.summary(),
                ours.words,
                case.profiles,
                case.text
            );
        }
    }
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    write("report.txt", &comparison.report(usize::MAX))?;
    write("disagreements.txt", &detail)?;
    Ok(comparison)
}

/// Keeps the verdicts on all that can be had again without a network.
fn keep(root: &Path, compared: &[(Case, Verdict)]) -> Result<(), String> {
    let mut snapshot = Snapshot::default();
    for (case, verdict) in compared {
        if case.kind != "official" {
            snapshot.insert(case, verdict);
        }
    }
    let path = root.join("conformance/oracle/verdicts.txt.gz");
    snapshot.write(&path)?;
    println!("kept {} verdicts in {}", snapshot.len(), path.display());
    Ok(())
}

/// The Java program, built.
fn oracle(root: &Path, folder: &Path, suite: &Suite) -> Result<Oracle, String> {
    let program = folder.join("java");
    let project = root.join("conformance/oracle");
    let status = Command::new("mvn")
        .args(["-q", "-B", "-f"])
        .arg(project.join("pom.xml"))
        .arg(format!("-Dcauseway.target={}", program.display()))
        .arg("package")
        .status()
        .map_err(|error| format!("mvn does not run: {error}"))?;
    if !status.success() {
        return Err("the oracle cannot be built".to_owned());
    }
    let mut packages = HashMap::new();
    for set in Set::ALL {
        packages.insert(set, suite.packages(set)?);
    }
    let mut sources = files(&project.join("src/main/java/uk/causeway/oracle"), "java")?;
    sources.push(project.join("pom.xml"));
    Ok(Oracle {
        program,
        packages,
        cache: folder.join("verdicts.ndjson"),
        log: folder.join("oracle.log"),
        salt: hash_of(&sources)?,
        own_salt: hash_of(&files(&project.join("profiles"), "json")?)?,
    })
}

/// The official examples, downloaded once.
fn download(folder: &Path) -> Result<PathBuf, String> {
    let path = folder.join("hl7.fhir.r4.examples-4.0.1.tgz");
    if path.is_file() {
        return Ok(path);
    }
    eprintln!("downloading {EXAMPLES}");
    let status = Command::new("npm")
        .args(["pack", "--silent", EXAMPLES])
        .current_dir(folder)
        .status()
        .map_err(|error| format!("npm does not run: {error}"))?;
    if status.success() && path.is_file() {
        Ok(path)
    } else {
        Err(format!("{EXAMPLES} cannot be had; --offline does without"))
    }
}
