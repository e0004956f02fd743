//! SMART scopes.

use std::collections::BTreeSet;

/// What a caller does to a type, as the SMART scope letters have it
/// (<https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interaction {
    /// `c`.
    Create,
    /// `r`: read, vread, and history of one resource.
    Read,
    /// `u`.
    Update,
    /// `d`.
    Delete,
    /// `s`: search, and history of a type.
    Search,
}

/// The letters in the one order that SMART allows.
const LETTERS: [(char, Interaction); 5] = [
    ('c', Interaction::Create),
    ('r', Interaction::Read),
    ('u', Interaction::Update),
    ('d', Interaction::Delete),
    ('s', Interaction::Search),
];

/// The scopes of a token that grant something here.
///
/// - `system/` and `user/` scopes count; `patient/` scopes grant nothing, because they are for one
///   patient in a launch context, and Causeway has none: to read them as wider would let their
///   holder see everyone.
/// - A scope with a restriction (`?category=…`) grants nothing: the restriction cannot be kept.
/// - Version 1 scopes count as `rs` for `read`, `cud` for `write` and `cruds` for `*`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes {
    grants: Vec<Grant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Grant {
    /// `None` for all types.
    rtype: Option<String>,
    interactions: BTreeSet<Interaction>,
}

/// The types that an interaction is granted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantedTypes {
    /// All of them.
    All,
    /// These.
    Only(BTreeSet<String>),
}

impl Scopes {
    /// Reads a scope string. What is not a SMART resource scope grants nothing.
    pub fn parse(text: &str) -> Self {
        Self {
            grants: text.split_ascii_whitespace().filter_map(grant).collect(),
        }
    }

    /// Whether nothing is granted at all.
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// Whether an interaction with a type is granted.
    pub fn allows(&self, rtype: &str, interaction: Interaction) -> bool {
        self.grants.iter().any(|grant| {
            grant.interactions.contains(&interaction)
                && grant
                    .rtype
                    .as_deref()
                    .is_none_or(|granted| granted == rtype)
        })
    }

    /// Whether an interaction with every type is granted, by one scope for all types.
    pub fn allows_all(&self, interaction: Interaction) -> bool {
        self.granted(interaction) == GrantedTypes::All
    }

    /// The types that an interaction is granted for.
    pub fn granted(&self, interaction: Interaction) -> GrantedTypes {
        let mut types = BTreeSet::new();
        for grant in &self.grants {
            if !grant.interactions.contains(&interaction) {
                continue;
            }
            match &grant.rtype {
                None => return GrantedTypes::All,
                Some(rtype) => types.insert(rtype.clone()),
            };
        }
        GrantedTypes::Only(types)
    }
}

fn grant(scope: &str) -> Option<Grant> {
    let (context, rest) = scope.split_once('/')?;
    if context != "system" && context != "user" {
        return None;
    }
    let (rtype, permissions) = rest.split_once('.')?;
    let rtype = match rtype {
        "*" => None,
        name => {
            let capital = name.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
            let letters = name.bytes().all(|b| b.is_ascii_alphabetic());
            (capital && letters).then(|| Some(name.to_owned()))?
        }
    };
    let letters = match permissions {
        "read" => "rs",
        "write" => "cud",
        "*" => "cruds",
        letters => letters,
    };
    let mut left = letters;
    let mut interactions = BTreeSet::new();
    for (letter, interaction) in LETTERS {
        if let Some(rest) = left.strip_prefix(letter) {
            interactions.insert(interaction);
            left = rest;
        }
    }
    // Something left over is out of order, unknown, or a restriction.
    (left.is_empty() && !interactions.is_empty()).then_some(Grant {
        rtype,
        interactions,
    })
}
