//! The codes of a value set, and how far they are known.

use std::collections::{HashMap, HashSet};

use crate::grammar::Grammar;

/// Whether a code is in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Membership {
    /// It is.
    In,
    /// It is not.
    Out,
    /// The set cannot be listed offline (a SNOMED CT filter, say): nothing is decided.
    Unknown,
}

/// How far the codes that a value set takes from one code system are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// All are listed.
    Listed,
    /// Codes are told by their form: language tags, media types, units, currencies.
    Grammar,
    /// Some may be listed, others need a terminology server.
    Open,
}

/// What is in a value set besides the codes that are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    Nothing,
    Grammar(Grammar),
    Open,
}

/// The codes that a value set takes from one code system.
#[derive(Debug, Clone)]
pub struct Part {
    pub system: Box<str>,
    /// The codes, with their place in the order of definition.
    pub codes: HashMap<Box<str>, usize>,
    /// Codes that are taken out of an open rest.
    pub without: HashSet<Box<str>>,
    pub rest: Rest,
    pub ignores_case: bool,
}

impl Part {
    pub fn new(system: &str, rest: Rest) -> Self {
        Self {
            system: system.into(),
            codes: HashMap::new(),
            without: HashSet::new(),
            rest,
            ignores_case: false,
        }
    }

    pub fn add(&mut self, code: &str) {
        let place = self.codes.len();
        self.codes.entry(code.into()).or_insert(place);
    }

    pub fn holds(&self, code: &str) -> Membership {
        if self.codes.contains_key(code) {
            return Membership::In;
        }
        if self.ignores_case
            && self
                .codes
                .keys()
                .any(|known| known.eq_ignore_ascii_case(code))
        {
            return Membership::In;
        }
        if self.without.contains(code) {
            return Membership::Out;
        }
        match self.rest {
            Rest::Nothing => Membership::Out,
            Rest::Grammar(grammar) => grammar.accepts(code),
            Rest::Open => Membership::Unknown,
        }
    }

    /// The codes in the order of definition.
    pub fn in_order(&self) -> Vec<&str> {
        let mut codes: Vec<(&str, usize)> =
            self.codes.iter().map(|(code, &at)| (&**code, at)).collect();
        codes.sort_by_key(|&(_, at)| at);
        codes.into_iter().map(|(code, _)| code).collect()
    }

    fn unite(&mut self, other: Part) {
        for code in other.in_order() {
            self.add(code);
        }
        self.without
            .retain(|code| other.without.contains(code) || other.rest == Rest::Nothing);
        self.without.retain(|code| !self.codes.contains_key(code));
        self.ignores_case |= other.ignores_case;
        self.rest = match (self.rest, other.rest) {
            (Rest::Nothing, rest) => {
                self.without = other.without;
                self.without.retain(|code| !self.codes.contains_key(code));
                rest
            }
            (rest, Rest::Nothing) => rest,
            (one, two) if one == two => one,
            _ => Rest::Open,
        };
    }

    /// What is in both. A code that one of the two cannot decide stays undecided.
    fn meet(&mut self, other: &Part) {
        let listed: Vec<Box<str>> = self
            .in_order()
            .into_iter()
            .chain(other.in_order())
            .map(Box::from)
            .collect();
        let mut undecided = false;
        let mut codes: HashMap<Box<str>, usize> = HashMap::new();
        for code in listed {
            match (self.holds(&code), other.holds(&code)) {
                (Membership::In, Membership::In) => {
                    let place = codes.len();
                    codes.entry(code).or_insert(place);
                }
                (Membership::Out, _) | (_, Membership::Out) => {}
                _ => undecided = true,
            }
        }
        self.rest = match (self.rest, other.rest) {
            _ if undecided => Rest::Open,
            (Rest::Nothing, _) | (_, Rest::Nothing) => Rest::Nothing,
            (one, two) if one == two => one,
            _ => Rest::Open,
        };
        self.without.extend(other.without.iter().cloned());
        self.codes = codes;
    }

    fn subtract(&mut self, other: &Part) {
        let mut undecided = false;
        self.codes.retain(|code, _| match other.holds(code) {
            Membership::Out => true,
            Membership::In => false,
            Membership::Unknown => {
                undecided = true;
                false
            }
        });
        if self.rest != Rest::Nothing {
            self.without.extend(other.codes.keys().cloned());
            if other.rest != Rest::Nothing {
                undecided = true;
            }
        }
        if undecided {
            self.rest = Rest::Open;
        }
    }
}

/// The codes of a value set.
#[derive(Debug, Clone, Default)]
pub struct Set {
    pub parts: Vec<Part>,
    /// Whether it takes in something that is not there, so that any system may be meant.
    pub any: bool,
}

impl Set {
    /// A set of which nothing is known.
    pub fn unknown() -> Self {
        Self {
            parts: Vec::new(),
            any: true,
        }
    }

    pub fn of(part: Part) -> Self {
        Self {
            parts: vec![part],
            any: false,
        }
    }

    pub fn part(&self, system: &str) -> Option<&Part> {
        self.parts.iter().find(|part| *part.system == *system)
    }

    /// Whether all of its codes are listed.
    pub fn is_listed(&self) -> bool {
        !self.any && self.parts.iter().all(|part| part.rest == Rest::Nothing)
    }

    pub fn holds(&self, system: Option<&str>, code: &str) -> Membership {
        let otherwise = if self.any {
            Membership::Unknown
        } else {
            Membership::Out
        };
        match system {
            Some(system) => match self.part(system) {
                Some(part) => match part.holds(code) {
                    Membership::Out => otherwise,
                    decided => decided,
                },
                None => otherwise,
            },
            None => {
                let mut best = otherwise;
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

    pub fn unite(&mut self, other: Set) {
        self.any |= other.any;
        for part in other.parts {
            match self.parts.iter_mut().find(|own| own.system == part.system) {
                Some(own) => own.unite(part),
                None => self.parts.push(part),
            }
        }
    }

    pub fn meet(&mut self, other: &Set) {
        let any = self.any && other.any;
        let mut parts = Vec::new();
        for mut part in std::mem::take(&mut self.parts) {
            match other.part(&part.system) {
                Some(met) => {
                    part.meet(met);
                    parts.push(part);
                }
                None if other.any => parts.push(opened(part)),
                None => {}
            }
        }
        if self.any {
            for part in &other.parts {
                if !parts.iter().any(|known| known.system == part.system) {
                    parts.push(opened(part.clone()));
                }
            }
        }
        self.parts = parts;
        self.any = any;
    }

    pub fn subtract(&mut self, other: &Set) {
        for part in &mut self.parts {
            if let Some(less) = other.part(&part.system) {
                part.subtract(less);
            }
            if other.any {
                *part = opened(part.clone());
            }
        }
        // A whole part is taken out when it is in the other as a whole.
        self.parts
            .retain(|part| !part.codes.is_empty() || part.rest != Rest::Nothing);
    }
}

/// The same part when it is not decided which of its codes are meant.
fn opened(mut part: Part) -> Part {
    part.codes.clear();
    part.rest = Rest::Open;
    part
}
