//! The tutorial, followed literally: its files are written, its commands are run, and what they
//! print is what the page shows.
//!
//! `CAUSEWAY_TUTORIAL=accept cargo test -p causeway --test tutorial` writes what the commands print
//! today into the page where it differs; read the difference before it is committed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/tutorial-first-mapping.md"
);

/// A fenced block: its info string, its lines, and the number of its first line.
struct Block {
    info: String,
    lines: Vec<String>,
    start: usize,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Block {
                    info: info.to_owned(),
                    lines: Vec::new(),
                    start: number + 1,
                });
            }
            (Some(_), Some(_)) => out.extend(open.take()),
            (Some(block), None) => block.lines.push(line.to_owned()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    out
}

/// The value of `name=` in an info string, with or without quotes.
fn option<'i>(info: &'i str, name: &str) -> Option<&'i str> {
    let rest = info.split_once(&format!("{name}="))?.1;
    match rest.strip_prefix('"') {
        Some(quoted) => Some(quoted.split('"').next().unwrap()),
        None => Some(rest.split(' ').next().unwrap()),
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn path(&self, file: &str) -> PathBuf {
        assert!(!file.starts_with('/') && !file.contains(".."), "{file}");
        self.0.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// What a command prints, to both outputs in their order.
    fn run(&self, command: &str) -> String {
        let program = Path::new(env!("CARGO_BIN_EXE_causeway")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("{{ {command}\n}} 2>&1"))
            .current_dir(self.0.path())
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Applies a block of `-`, `+` and context lines to a file.
fn patch(folder: &Folder, file: &str, block: &Block) {
    let text = folder.read(file);
    let part = |sign: char| -> String {
        let lines: Vec<&str> = block
            .lines
            .iter()
            .filter(|line| line.starts_with(' ') || line.starts_with(sign))
            .map(|line| &line[1..])
            .collect();
        format!("{}\n", lines.join("\n"))
    };
    let (old, new) = (part('-'), part('+'));
    assert_eq!(
        text.matches(&old).count(),
        1,
        "line {}: not once in {file}:\n{old}\n---\n{text}",
        block.start
    );
    folder.write(file, &text.replacen(&old, &new, 1));
}

/// Replaces what follows a line that begins with `from`, that line included.
fn rewrite(folder: &Folder, file: &str, from: &str, block: &Block) {
    let text = folder.read(file);
    let kept: Vec<&str> = text
        .lines()
        .take_while(|line| !line.trim_start().starts_with(from))
        .collect();
    assert!(
        kept.len() < text.lines().count(),
        "line {}: no line {from} in {file}",
        block.start
    );
    folder.write(
        file,
        &format!("{}\n{}\n", kept.join("\n"), block.lines.join("\n")),
    );
}

/// Whether printed lines are what is shown: `…` alone stands for any lines, inside a line for any
/// characters.
fn fits(shown: &[String], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "…" => {
            (0..=printed.len()).any(|skipped| fits(rest, &printed[skipped..]))
        }
        Some((first, rest)) => printed
            .split_first()
            .is_some_and(|(line, below)| line_fits(first, line) && fits(rest, below)),
    }
}

fn line_fits(shown: &str, printed: &str) -> bool {
    let mut parts = shown.trim_end().split('…');
    let first = parts.next().unwrap();
    let Some(mut rest) = printed.trim_end().strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

/// Runs the commands of a block; what the block should look like where it is not so.
fn console(folder: &Folder, block: &Block) -> Option<Vec<String>> {
    let mut now: Vec<String> = Vec::new();
    let mut differs = false;
    let mut lines = block.lines.iter().peekable();
    while let Some(line) = lines.next() {
        let command = line
            .strip_prefix("$ ")
            .unwrap_or_else(|| panic!("line {}: output without a command: {line}", block.start));
        let mut shown = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            shown.push(line.clone());
        }
        let output = folder.run(command);
        let printed: Vec<&str> = output.lines().collect();
        now.push(line.clone());
        if fits(&shown, &printed) {
            now.extend(shown);
        } else {
            differs = true;
            now.extend(printed.iter().map(|line| line.trim_end().to_owned()));
        }
    }
    differs.then_some(now)
}

#[test]
fn the_tutorial_is_true() {
    let page = fs::read_to_string(PAGE).unwrap();
    let folder = Folder(tempfile::tempdir().unwrap());
    let mut replaced: Vec<(usize, usize, Vec<String>)> = Vec::new();
    let mut commands = 0;
    for block in blocks(&page) {
        let file = option(&block.info, "file");
        match (block.info.split(' ').next().unwrap(), file) {
            ("console", None) => {
                commands += 1;
                if let Some(now) = console(&folder, &block) {
                    replaced.push((block.start, block.lines.len(), now));
                }
            }
            ("diff", Some(file)) => patch(&folder, file, &block),
            (_, Some(file)) => match option(&block.info, "from") {
                Some(from) => rewrite(&folder, file, from, &block),
                None => folder.write(file, &format!("{}\n", block.lines.join("\n"))),
            },
            (other, None) => panic!(
                "line {}: a block {other:?} that nothing is done with",
                block.start
            ),
        }
    }
    assert!(
        commands > 8,
        "the tutorial runs {commands} blocks of commands"
    );
    if replaced.is_empty() {
        return;
    }
    if std::env::var("CAUSEWAY_TUTORIAL").is_ok_and(|word| word == "accept") {
        let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
        for (start, length, now) in replaced.into_iter().rev() {
            lines.splice(start..start + length, now);
        }
        fs::write(PAGE, format!("{}\n", lines.join("\n"))).unwrap();
        return;
    }
    let told: Vec<String> = replaced
        .iter()
        .map(|(start, _, now)| format!("line {start} of the page should be:\n{}", now.join("\n")))
        .collect();
    panic!("{}", told.join("\n\n"));
}

#[test]
fn an_ellipsis_stands_for_something_and_nothing_else_does() {
    let shown = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let printed = ["one 1", "two 2", "three 3"];
    assert!(fits(&shown("one 1\n…\nthree 3"), &printed));
    assert!(fits(&shown("one …\ntwo 2\nth…ee …"), &printed));
    assert!(!fits(&shown("one 1\nthree 3"), &printed));
    assert!(!fits(&shown("one 2\n…"), &printed));
    assert!(!fits(&shown(""), &printed));
    assert!(!fits(&shown("one 1\ntwo 2\nthree 3\nfour"), &printed));
}
