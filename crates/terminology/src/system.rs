//! A code system, ready for asking.

use std::collections::HashMap;

use definitions::form::{CodeSystem, Concept};

use crate::set::Membership;

/// A code system with its codes findable.
#[derive(Debug)]
pub struct System {
    pub version: Option<Box<str>>,
    pub is_complete: bool,
    pub is_case_sensitive: bool,
    pub concepts: Vec<Concept>,
    /// Where the concepts are, by code; by folded code where case is ignored.
    places: HashMap<Box<str>, usize>,
}

impl System {
    /// Takes a code system with the supplements that add names to its codes.
    pub fn new(system: CodeSystem, supplements: Vec<CodeSystem>) -> Self {
        let is_case_sensitive = system.is_case_sensitive;
        let mut concepts = system.concepts;
        let mut places: HashMap<Box<str>, usize> = HashMap::with_capacity(concepts.len());
        for (at, concept) in concepts.iter().enumerate() {
            places
                .entry(fold(&concept.code, is_case_sensitive).into())
                .or_insert(at);
        }
        for added in supplements.into_iter().flat_map(|one| one.concepts) {
            if let Some(concept) = places
                .get(&*fold(&added.code, is_case_sensitive))
                .and_then(|&at| concepts.get_mut(at))
            {
                concept.designations.extend(added.display);
                concept.designations.extend(added.designations);
                concept.properties.extend(added.properties);
            }
        }
        Self {
            version: system.version,
            is_complete: system.is_complete,
            is_case_sensitive,
            concepts,
            places,
        }
    }

    pub fn concept(&self, code: &str) -> Option<&Concept> {
        let at = self.places.get(&*fold(code, self.is_case_sensitive))?;
        self.concepts.get(*at)
    }
}

fn fold(code: &str, is_case_sensitive: bool) -> std::borrow::Cow<'_, str> {
    if is_case_sensitive || !code.bytes().any(|byte| byte.is_ascii_uppercase()) {
        code.into()
    } else {
        code.to_ascii_lowercase().into()
    }
}

/// Whether a text is one of a concept's names; unknown when it has none here.
pub fn is_named(concept: &Concept, text: &str) -> Membership {
    let mut names = concept
        .display
        .iter()
        .chain(&concept.designations)
        .peekable();
    if names.peek().is_none() {
        return Membership::Unknown;
    }
    Membership::of(
        names.any(|name| **name == *text) || {
            let folded = fold_name(text);
            concept
                .display
                .iter()
                .chain(&concept.designations)
                .any(|name| fold_name(name) == folded)
        },
    )
}

/// A name as it is compared: small letters, one space between words.
pub fn fold_name(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}
