//! The codes of a value set, and how far they are known.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::reason::Reason;
use crate::rest::Rest;

/// Whether a code is in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Membership {
    /// It is.
    In,
    /// It is not.
    Out,
    /// What is here does not tell: nothing is decided.
    Unknown,
}

impl Membership {
    /// In either of two sets.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::In, _) | (_, Self::In) => Self::In,
            (Self::Out, Self::Out) => Self::Out,
            _ => Self::Unknown,
        }
    }

    /// In both of two sets.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Out, _) | (_, Self::Out) => Self::Out,
            (Self::In, Self::In) => Self::In,
            _ => Self::Unknown,
        }
    }

    /// Not in a set.
    pub(crate) fn not(self) -> Self {
        match self {
            Self::In => Self::Out,
            Self::Out => Self::In,
            Self::Unknown => Self::Unknown,
        }
    }

    pub(crate) fn of(is_in: bool) -> Self {
        if is_in { Self::In } else { Self::Out }
    }
}

/// How far the codes that a value set takes from one code system are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// All are listed.
    Listed,
    /// Codes are told by their form or looked up in a release: every code is decided, none listed.
    Grammar,
    /// Some may be listed, others need a terminology server.
    Open,
}

/// A code that a value set says something about by name.
#[derive(Debug, Clone)]
struct Named {
    /// The code as its system writes it, where the key is folded.
    written: Option<Box<str>>,
    /// Its place in the order of definition.
    place: usize,
    membership: Membership,
    /// Why it is not known.
    why: Option<Reason>,
}

/// The codes that a value set takes from one code system.
#[derive(Debug, Clone)]
pub struct Part {
    pub system: Box<str>,
    /// What is said of codes by name; the rest goes for all others. Keys are folded where the
    /// system ignores case.
    named: HashMap<Box<str>, Named>,
    pub rest: Rest,
    pub ignores_case: bool,
}

impl Part {
    pub fn new(system: &str, rest: Rest) -> Self {
        Self {
            system: system.into(),
            named: HashMap::new(),
            rest,
            ignores_case: false,
        }
    }

    /// A part that lists codes of a system.
    pub fn listing<'c>(
        system: &str,
        ignores_case: bool,
        rest: Rest,
        codes: impl IntoIterator<Item = &'c str>,
    ) -> Self {
        let mut part = Self::new(system, rest);
        part.ignores_case = ignores_case;
        for code in codes {
            part.name(code, Membership::In, None);
        }
        part
    }

    fn name(&mut self, code: &str, membership: Membership, why: Option<Reason>) {
        let place = self.named.len();
        let key = self.key(code);
        let written = (*key != *code).then(|| code.into());
        let key: Box<str> = key.into();
        self.named.entry(key).or_insert(Named {
            written,
            place,
            membership,
            why,
        });
    }

    fn key<'c>(&self, code: &'c str) -> Cow<'c, str> {
        if self.ignores_case && code.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(code.to_ascii_lowercase())
        } else {
            Cow::Borrowed(code)
        }
    }

    pub fn holds(&self, code: &str) -> Membership {
        match self.named.get(&*self.key(code)) {
            Some(named) => named.membership,
            None => self.rest.holds(code),
        }
    }

    pub fn why(&self, code: &str) -> Option<Reason> {
        match self.named.get(&*self.key(code)) {
            Some(named) => named.why.clone(),
            None => self.rest.why(code),
        }
    }

    /// The codes that are certainly in it by name, in the order of definition.
    pub fn in_order(&self) -> Vec<&str> {
        let mut codes: Vec<(&str, usize)> = self
            .named
            .iter()
            .filter(|(_, named)| named.membership == Membership::In)
            .map(|(key, named)| (named.written.as_deref().unwrap_or(key), named.place))
            .collect();
        codes.sort_by_key(|&(_, at)| at);
        codes.into_iter().map(|(code, _)| code).collect()
    }

    pub fn extent(&self) -> Extent {
        let is_named_decided = self
            .named
            .values()
            .all(|named| named.membership != Membership::Unknown);
        match (&self.rest, is_named_decided) {
            (Rest::Nothing, true) => Extent::Listed,
            (rest, true) if rest.is_decided() => Extent::Grammar,
            _ => Extent::Open,
        }
    }

    /// Lays another part of the same system against this one: `join` says what a code is that the
    /// two say something of, `rest` what all others are.
    fn with(
        self,
        other: &Part,
        join: fn(Membership, Membership) -> Membership,
        rest: fn(Rest, Rest) -> Rest,
    ) -> Part {
        let mut joined = Part::new(&self.system, Rest::Nothing);
        joined.ignores_case = self.ignores_case || other.ignores_case;
        let mut names = self.all_names();
        names.extend(other.all_names());
        joined.rest = rest(self.rest.clone(), other.rest.clone());
        for name in names {
            let membership = join(self.holds(name), other.holds(name));
            // What is said by name of a code that nothing else speaks of need not be said.
            if membership != Membership::Out || !matches!(joined.rest, Rest::Nothing) {
                let why = (membership == Membership::Unknown)
                    .then(|| self.why(name).or_else(|| other.why(name)))
                    .flatten();
                joined.name(name, membership, why);
            }
        }
        joined
    }

    fn all_names(&self) -> Vec<&str> {
        let mut names: Vec<(&str, usize)> = self
            .named
            .iter()
            .map(|(key, named)| (named.written.as_deref().unwrap_or(key), named.place))
            .collect();
        names.sort_by_key(|&(_, at)| at);
        names.into_iter().map(|(name, _)| name).collect()
    }

    fn is_empty(&self) -> bool {
        matches!(self.rest, Rest::Nothing)
            && self
                .named
                .values()
                .all(|named| named.membership == Membership::Out)
    }
}

/// The codes of a value set.
#[derive(Debug, Clone, Default)]
pub struct Set {
    pub parts: Vec<Part>,
    /// Why codes of any system may be in it: it takes in something that is not here.
    pub any: Option<Reason>,
}

impl Set {
    /// A set of which nothing is known.
    pub fn unknown(why: Reason) -> Self {
        Self {
            parts: Vec::new(),
            any: Some(why),
        }
    }

    pub fn of(part: Part) -> Self {
        Self {
            parts: vec![part],
            any: None,
        }
    }

    pub fn part(&self, system: &str) -> Option<&Part> {
        self.parts.iter().find(|part| *part.system == *system)
    }

    /// Whether all of its codes are listed.
    pub fn is_listed(&self) -> bool {
        self.any.is_none()
            && self
                .parts
                .iter()
                .all(|part| part.extent() == Extent::Listed)
    }

    /// What it says of the codes of a system that it has no part for.
    fn otherwise(&self) -> Membership {
        if self.any.is_some() {
            Membership::Unknown
        } else {
            Membership::Out
        }
    }

    pub fn holds(&self, system: Option<&str>, code: &str) -> Membership {
        match system {
            Some(system) => self
                .part(system)
                .map_or(self.otherwise(), |part| part.holds(code)),
            None => {
                let mut best = self.otherwise();
                for part in &self.parts {
                    match part.holds(code) {
                        Membership::In => return Membership::In,
                        Membership::Unknown => best = Membership::Unknown,
                        Membership::Out => {}
                    }
                }
                best
            }
        }
    }

    pub fn why(&self, system: Option<&str>, code: &str) -> Option<Reason> {
        let found = match system {
            Some(system) => match self.part(system) {
                Some(part) => return part.why(code),
                None => None,
            },
            None => self.parts.iter().find_map(|part| part.why(code)),
        };
        found.or_else(|| self.any.clone())
    }

    pub fn unite(&mut self, other: &Set) {
        self.with(other, Membership::or, Rest::or);
        self.any = self.any.take().or_else(|| other.any.clone());
    }

    pub fn meet(&mut self, other: &Set) {
        self.with(other, Membership::and, Rest::and);
        self.any = self.any.take().filter(|_| other.any.is_some());
    }

    pub fn subtract(&mut self, other: &Set) {
        self.with(other, |one, two| one.and(two.not()), Rest::minus);
    }

    /// Lays another set against this one, part by part; a system that one of the two has no part
    /// for is there what that set says of all other systems.
    fn with(
        &mut self,
        other: &Set,
        join: fn(Membership, Membership) -> Membership,
        rest: fn(Rest, Rest) -> Rest,
    ) {
        let missing = |set: &Set, system: &str| {
            Part::new(system, set.any.clone().map_or(Rest::Nothing, Rest::Open))
        };
        let mut parts = Vec::with_capacity(self.parts.len());
        for part in std::mem::take(&mut self.parts) {
            let joined = match other.part(&part.system) {
                Some(theirs) => part.with(theirs, join, rest),
                None => {
                    let theirs = missing(other, &part.system);
                    part.with(&theirs, join, rest)
                }
            };
            parts.push(joined);
        }
        for theirs in &other.parts {
            if !parts.iter().any(|known| known.system == theirs.system) {
                parts.push(missing(self, &theirs.system).with(theirs, join, rest));
            }
        }
        // A part of an open set says that none of its codes is in, and must stay.
        let any = self.any.is_some() || other.any.is_some();
        parts.retain(|part| any || !part.is_empty());
        self.parts = parts;
    }
}
