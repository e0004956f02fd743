//! `cargo xtask test`: everything that must hold before a change is taken.
//!
//! A peer that is missing and cannot be installed is named and skipped on a person's machine; in
//! continuous integration (`CI` is set) it fails the run, because a test that did not run proves
//! nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

type Step = (&'static str, fn(&Context) -> Result<(), String>);

const STEPS: &[Step] = &[
    ("format", format),
    ("lint", lint),
    ("peers", peers),
    ("unit", unit),
    ("licences", licences),
];

struct Context {
    root: PathBuf,
    ci: bool,
}

/// Runs the steps in order and stops at the first that fails.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let only = match arguments {
        [] => None,
        [flag, step] if flag == "--only" => Some(step.as_str()),
        _ => return Err("usage: cargo xtask test [--only STEP]".to_owned()),
    };
    if let Some(only) = only
        && !STEPS.iter().any(|(name, _)| *name == only)
    {
        return Err(format!("there is no step {only}"));
    }
    let context = Context {
        root: workspace_root()?,
        ci: std::env::var_os("CI").is_some(),
    };
    for (name, step) in STEPS {
        if only.is_none_or(|only| only == *name) {
            eprintln!("== {name}");
            step(&context).map_err(|error| format!("step {name}: {error}"))?;
        }
    }
    Ok(())
}

/// The folder that holds the workspace's `Cargo.toml`.
pub fn workspace_root() -> Result<PathBuf, String> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .ok_or_else(|| "the workspace's folder was not found".to_owned())
}

fn cargo(context: &Context, arguments: &[&str]) -> Result<(), String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    finish(
        Command::new(program)
            .args(arguments)
            .current_dir(&context.root),
        &format!("cargo {}", arguments.join(" ")),
    )
}

fn finish(command: &mut Command, shown: &str) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown} ended with {status}")),
        Err(error) => Err(format!("{shown} could not be started: {error}")),
    }
}

fn has(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

fn missing(context: &Context, peer: &str, mend: &str) -> Result<(), String> {
    let text = format!("{peer} is missing: {mend}");
    if context.ci {
        return Err(text);
    }
    eprintln!("SKIPPED: {text}");
    Ok(())
}

fn format(context: &Context) -> Result<(), String> {
    cargo(context, &["fmt", "--all", "--check"])
}

fn lint(context: &Context) -> Result<(), String> {
    cargo(
        context,
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ],
    )
}

/// The real programs that tests talk to.
fn peers(context: &Context) -> Result<(), String> {
    openid_provider(context)?;
    mesh_sandbox(context)?;
    foreign_fhir_server(context)?;
    postgresql(context)
}

/// The PostgreSQL that the store's suite runs on. Tests start servers of their own; one that Debian's
/// package starts for itself is not used.
fn postgresql(context: &Context) -> Result<(), String> {
    let installed = || has("initdb") || any_has("/usr/lib/postgresql", "bin/initdb");
    if installed() {
        return Ok(());
    }
    if is_root() && has("apt-get") {
        let apt = |arguments: &[&str]| {
            let mut command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive");
            finish(
                command.args(arguments),
                &format!("apt-get {}", arguments.join(" ")),
            )
        };
        apt(&["update", "-qq"])?;
        apt(&[
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            "postgresql",
        ])?;
    }
    if installed() {
        return Ok(());
    }
    missing(
        context,
        "PostgreSQL 15 or newer (for the suite of the store)",
        "install the package postgresql",
    )
}

/// Whether one of the folders in a folder holds a file.
fn any_has(folder: &str, file: &str) -> bool {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| entry.path().join(file).is_file())
}

/// Whether this runs as root: only root installs packages.
#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// The FHIR server of others that resources are sent on to. Built once; Java ends with each test.
fn foreign_fhir_server(context: &Context) -> Result<(), String> {
    let program = context.root.join("target").join("foreign-fhir-server");
    let project = context.root.join("tests").join("foreign-fhir-server");
    let done = program.join("built-from.txt");
    let mut wanted = String::new();
    for file in [
        "pom.xml",
        "src/main/java/uk/causeway/foreign/Kept.java",
        "src/main/java/uk/causeway/foreign/Main.java",
        "src/main/java/uk/causeway/foreign/Strict.java",
    ] {
        let path = project.join(file);
        wanted += &std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if std::fs::read_to_string(&done).is_ok_and(|built| built == wanted) {
        return Ok(());
    }
    if !has("java") || !has("mvn") {
        return missing(
            context,
            "Java 17 with Maven (for the foreign FHIR server that resources are sent to)",
            "install a JDK 17 or newer and Maven",
        );
    }
    finish(
        Command::new("mvn")
            .args(["-q", "-B", "-f"])
            .arg(project.join("pom.xml"))
            .arg(format!("-Dcauseway.target={}", program.display()))
            .arg("package"),
        "mvn package",
    )?;
    std::fs::write(&done, wanted).map_err(|error| format!("{}: {error}", done.display()))
}

/// The sandbox of the MESH service that messages are exchanged with.
fn mesh_sandbox(context: &Context) -> Result<(), String> {
    let folder = context.root.join("tests").join("mesh-sandbox");
    let venv = folder.join("venv");
    let done = venv.join("installed.txt");
    let wanted = folder.join("requirements.txt");
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    if read(&done).is_some() && read(&done) == read(&wanted) {
        return Ok(());
    }
    if !has("python3") {
        return missing(
            context,
            "Python 3 (for the MESH sandbox)",
            "install Python 3.10 or newer with venv and pip",
        );
    }
    let made = finish(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
        "python3 -m venv",
    )
    .and_then(|()| {
        finish(
            Command::new(venv.join("bin").join("python"))
                .args(["-m", "pip", "install", "--quiet", "--no-input"])
                .args(["--disable-pip-version-check", "--requirement"])
                .arg(&wanted),
            "pip install",
        )
    });
    match made {
        // Only what was installed to the end counts.
        Ok(()) => std::fs::copy(&wanted, &done)
            .map(drop)
            .map_err(|error| format!("{}: {error}", done.display())),
        Err(error) => missing(context, "the MESH sandbox", &error),
    }
}

/// The real OpenID provider that the end-to-end tests sign in with.
fn openid_provider(context: &Context) -> Result<(), String> {
    let folder = context.root.join("tests").join("openid-provider");
    if !has("node") || !has("npm") {
        return missing(
            context,
            "Node.js with npm (for the OpenID provider of the end-to-end tests)",
            "install Node.js 20 or newer",
        );
    }
    if folder.join("node_modules").join("oidc-provider").exists() {
        return Ok(());
    }
    finish(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&folder),
        "npm ci",
    )
}

fn unit(context: &Context) -> Result<(), String> {
    cargo(context, &["test", "--workspace", "--locked"])
}

fn licences(context: &Context) -> Result<(), String> {
    if !has("cargo-deny") {
        // Not a test peer: a release check that needs an advisory database from the network.
        eprintln!("not run: cargo-deny is not installed (cargo install cargo-deny)");
        return Ok(());
    }
    cargo(context, &["deny", "check", "licenses", "bans", "sources"])
}
