//! Versions of packages and definitions: which is newer, and which is asked for.

use std::cmp::Ordering;
use std::fmt;

/// Compares two versions: numbers as numbers, a pre-release before its release, anything after `+`
/// left aside (<https://semver.org>, section 11). A version that is not one (a date, a word) is
/// compared part by part in the same way, so that every pair has an order.
pub fn newer(one: &str, other: &str) -> Ordering {
    let (one, other) = (Parts::of(one), Parts::of(other));
    compare(one.release, other.release, "0").then_with(|| {
        match (one.pre_release, other.pre_release) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => compare(one, other, ""),
        }
    })
}

struct Parts<'v> {
    release: &'v str,
    pre_release: Option<&'v str>,
}

impl<'v> Parts<'v> {
    fn of(version: &'v str) -> Self {
        let version = version.split('+').next().unwrap_or(version);
        match version.split_once('-') {
            Some((release, pre_release)) => Self {
                release,
                pre_release: Some(pre_release),
            },
            None => Self {
                release: version,
                pre_release: None,
            },
        }
    }
}

/// Compares dotted parts; a missing part counts as `missing`.
fn compare(one: &str, other: &str, missing: &str) -> Ordering {
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        let (left, right) = (one.next(), other.next());
        if left.is_none() && right.is_none() {
            return Ordering::Equal;
        }
        let order = part(left.unwrap_or(missing), right.unwrap_or(missing));
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Numbers come before words, and in the order of their size however long they are.
fn part(one: &str, other: &str) -> Ordering {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match (digits(one), digits(other)) {
        (true, true) => {
            let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
            one.len().cmp(&other.len()).then_with(|| one.cmp(other))
        }
        (true, false) if other.is_empty() => Ordering::Greater,
        (false, true) if one.is_empty() => Ordering::Less,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => one.cmp(other),
    }
}

/// Which version of a package is asked for
/// (<https://confluence.hl7.org/display/FHIR/NPM+Package+Specification>, versions).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The newest that is not a pre-release, or what the registry calls `latest`.
    Latest,
    /// A version's name as it stands: `2.0.0`, but also `current`, `dev` and other tags.
    Exact(String),
    /// Any patch of a release: `4.0.x` is held as `4.0.`.
    Within(String),
}

impl Wanted {
    /// Reads what a manifest or a person asks for. `None` when it is nothing that a FHIR package can
    /// be asked for by (a range such as `^1.0.0`, a path, a URL).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if matches!(text, "" | "*" | "x" | "latest") {
            return Some(Self::Latest);
        }
        for wildcard in [".x", ".X", ".*"] {
            if let Some(release) = text.strip_suffix(wildcard) {
                let release = release.strip_suffix(wildcard).unwrap_or(release);
                return is_version(release).then(|| Self::Within(format!("{release}.")));
            }
        }
        is_version(text).then(|| Self::Exact(text.to_owned()))
    }

    /// Whether a version is one of those asked for.
    pub fn takes(&self, version: &str) -> bool {
        match self {
            Self::Latest => true,
            Self::Exact(exact) => exact == version,
            Self::Within(release) => version.starts_with(release.as_str()),
        }
    }

    /// The one to take of those that are there: the newest that fits, a release before any
    /// pre-release.
    pub fn choose<'v>(&self, there: impl Iterator<Item = &'v str>) -> Option<&'v str> {
        there
            .filter(|version| self.takes(version))
            .max_by(|one, other| {
                let released = |version: &str| !version.contains('-');
                released(one)
                    .cmp(&released(other))
                    .then_with(|| newer(one, other))
            })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Exact(exact) => f.write_str(exact),
            Self::Within(release) => write!(f, "{release}x"),
        }
    }
}

/// Whether a text can stand in a file name as a package's version.
pub fn is_version(text: &str) -> bool {
    is_word(text, b".-+_")
}

/// Whether a text is a package's name: lower and upper case letters, digits, and `.`, `-`, `_`
/// inside it.
pub fn is_name(text: &str) -> bool {
    is_word(text, b".-_")
}

fn is_word(text: &str, also: &[u8]) -> bool {
    text.len() <= 128
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !text.contains("..")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_an_order() {
        let ordered = [
            "0.0.3-pre-release",
            "0.0.8-pre-release",
            "0.27.0-pre-release",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0",
            "1.0.1",
            "1.9.0",
            "1.10.0",
            "2.0.0-currentbuild.20250620",
            "2.0.0",
            "2018-08-12",
        ];
        for (at, one) in ordered.iter().enumerate() {
            for (beside, other) in ordered.iter().enumerate() {
                assert_eq!(newer(one, other), at.cmp(&beside), "{one} {other}");
            }
        }
        assert_eq!(newer("2.0", "2.0.0"), Ordering::Equal);
        assert_eq!(newer("1.0.0+a", "1.0.0+b"), Ordering::Equal);
        assert_eq!(newer("99999999999999999999999.0", "9.0"), Ordering::Greater);
    }

    #[test]
    fn wildcards_take_the_newest_release() {
        let there = ["4.0.0", "4.0.1", "4.0.2-ballot", "4.1.0"];
        let choose = |text: &str| Wanted::parse(text).unwrap().choose(there.into_iter());
        assert_eq!(choose("4.0.x"), Some("4.0.1"));
        assert_eq!(choose("4.x.x"), Some("4.1.0"));
        assert_eq!(choose("4.0.2-ballot"), Some("4.0.2-ballot"));
        assert_eq!(choose("latest"), Some("4.1.0"));
        assert_eq!(choose("5.0.x"), None);
        assert_eq!(choose("current"), None);
        for not_a_version in ["^1.0.0", ">=1", "../x", "a/b", "..", "1..2", "x y"] {
            assert_eq!(Wanted::parse(not_a_version), None, "{not_a_version}");
        }
    }
}
