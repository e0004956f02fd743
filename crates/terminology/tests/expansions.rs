//! Value sets against expansions made by another tool.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use definitions::Definitions;
use terminology::Terminology;

#[test]
fn explore() {
    let file = PathBuf::from("/work/shared/data/oracle/ukcore-expansions.json");
    let _ = Path::new("x");
    let text = std::fs::read(file).unwrap();
    let all = json::parse(&text).unwrap();
    let t = Terminology::new(Definitions::embedded());
    let (mut same, mut other) = (0, 0);
    for (url, expansion) in all.as_object().unwrap().iter() {
        let theirs: BTreeSet<(String, String)> = expansion
            .each("codes")
            .map(|c| {
                (
                    c.text("system").unwrap().to_owned(),
                    c.text("code").unwrap().to_owned(),
                )
            })
            .collect();
        match t.codes(url) {
            Some(codes) => {
                let ours: BTreeSet<(String, String)> = codes
                    .into_iter()
                    .map(|(s, c)| (s.to_owned(), c.to_owned()))
                    .collect();
                if ours == theirs {
                    same += 1
                } else {
                    other += 1;
                    eprintln!(
                        "{url}: theirs {} ours {} only theirs {:?} only ours {:?}",
                        theirs.len(),
                        ours.len(),
                        theirs.difference(&ours).take(3).collect::<Vec<_>>(),
                        ours.difference(&theirs).take(3).collect::<Vec<_>>()
                    );
                }
            }
            None => {
                other += 1;
                eprintln!(
                    "{url}: not listed: {:?} theirs {}",
                    t.extent(url),
                    theirs.len()
                )
            }
        }
    }
    eprintln!("same {same} other {other}");
    let mut listed = 0;
    let mut rest = Vec::new();
    for url in Definitions::embedded().value_set_urls() {
        if t.codes(url).is_some() {
            listed += 1
        } else {
            rest.push(format!("{url} {:?}", t.extent(url)))
        }
    }
    eprintln!("listed {listed} not {}", rest.len());
    std::fs::write("/tmp/not-listed.txt", rest.join("\n")).unwrap();
}
