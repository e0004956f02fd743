//! The filters of value sets on the code systems that are here: R4, ValueSet.compose.include.filter
//! and the FilterOperator codes.

use std::collections::{HashMap, HashSet};

use definitions::form::{Concept, Filter};

use crate::system::System;

/// The size that a regular expression of a value set may grow to.
const MAX_PATTERN: usize = 1 << 20;

impl System {
    /// The codes that meet a filter, or `None` when it asks for something that is not kept.
    pub fn filter<'s>(&'s self, filter: &Filter) -> Option<HashSet<&'s str>> {
        let value = &*filter.value;
        match (&*filter.property, &*filter.op) {
            ("concept" | "code", "is-a") => Some(self.below(value, true)),
            ("concept" | "code", "descendent-of") => Some(self.below(value, false)),
            ("concept" | "code", "is-not-a") => {
                let below = self.below(value, true);
                Some(self.that(|concept| !below.contains(&*concept.code)))
            }
            ("concept" | "code", "generalizes") => Some(self.above(value)),
            ("concept" | "code", "child-of") => {
                Some(self.that(|concept| concept.parents.iter().any(|one| **one == *value)))
            }
            ("concept" | "code", "descendent-leaf") => {
                let parents: HashSet<&str> = self
                    .concepts
                    .iter()
                    .flat_map(|concept| concept.parents.iter().map(|parent| &**parent))
                    .collect();
                let mut below = self.below(value, false);
                below.retain(|code| !parents.contains(code));
                Some(below)
            }
            ("concept" | "code", op) => {
                let meets = condition(op, value)?;
                Some(self.that(|concept| meets(&[&concept.code])))
            }
            ("display", op) => {
                if self
                    .concepts
                    .iter()
                    .all(|concept| concept.display.is_none())
                {
                    return None;
                }
                let meets = condition(op, value)?;
                Some(self.that(|concept| {
                    let names: Vec<&str> = concept.display.as_deref().into_iter().collect();
                    meets(&names)
                }))
            }
            ("parent", op) => {
                let meets = condition(op, value)?;
                Some(self.that(|concept| {
                    let parents: Vec<&str> = concept.parents.iter().map(|one| &**one).collect();
                    meets(&parents)
                }))
            }
            ("child", "=") => {
                let parents: HashSet<&str> = self
                    .concept(value)?
                    .parents
                    .iter()
                    .map(|parent| &**parent)
                    .collect();
                Some(self.that(|concept| parents.contains(&*concept.code)))
            }
            ("notSelectable" | "abstract" | "not-selectable", op) => {
                self.truth(op, value, |concept| concept.is_abstract)
            }
            ("inactive", op) => self.truth(op, value, |concept| concept.is_inactive),
            (property, op) => {
                // What no concept has may have been left out of the definition as it is here.
                if self
                    .concepts
                    .iter()
                    .all(|concept| values(concept, property).is_empty())
                {
                    return None;
                }
                let meets = condition(op, value)?;
                Some(self.that(|concept| meets(&values(concept, property))))
            }
        }
    }

    fn that(&self, keep: impl Fn(&Concept) -> bool) -> HashSet<&str> {
        self.concepts
            .iter()
            .filter(|concept| keep(concept))
            .map(|concept| &*concept.code)
            .collect()
    }

    fn truth(&self, op: &str, value: &str, is: impl Fn(&Concept) -> bool) -> Option<HashSet<&str>> {
        let meets = condition(op, value)?;
        Some(self.that(|concept| meets(&[if is(concept) { "true" } else { "false" }])))
    }

    /// A code with everything under it, or only what is under it.
    fn below<'s>(&'s self, code: &str, with_itself: bool) -> HashSet<&'s str> {
        let Some(top) = self.concept(code).map(|top| &*top.code) else {
            return HashSet::new();
        };
        let mut children: HashMap<&str, Vec<&'s str>> = HashMap::new();
        for concept in &self.concepts {
            for parent in &concept.parents {
                children.entry(parent).or_default().push(&concept.code);
            }
        }
        let mut found = HashSet::new();
        let mut waiting = vec![top];
        while let Some(next) = waiting.pop() {
            for &child in children.get(next).into_iter().flatten() {
                if found.insert(child) {
                    waiting.push(child);
                }
            }
        }
        if with_itself {
            found.insert(top);
        } else {
            found.remove(top);
        }
        found
    }

    /// A code and everything that it stands under.
    fn above<'s>(&'s self, code: &str) -> HashSet<&'s str> {
        let mut found = HashSet::new();
        let mut waiting: Vec<&Concept> = self.concept(code).into_iter().collect();
        while let Some(concept) = waiting.pop() {
            if found.insert(&*concept.code) {
                waiting.extend(concept.parents.iter().filter_map(|one| self.concept(one)));
            }
        }
        found
    }
}

/// The values of a property.
fn values<'c>(concept: &'c Concept, property: &str) -> Vec<&'c str> {
    let all = concept.properties.iter();
    all.filter(|(name, _)| **name == *property)
        .map(|(_, value)| &**value)
        .collect()
}

type Condition = Box<dyn Fn(&[&str]) -> bool>;

/// What the values of a property must be: `None` when the operator or its value is not understood.
fn condition(op: &str, value: &str) -> Option<Condition> {
    let list = || -> HashSet<Box<str>> { value.split(',').map(|one| one.trim().into()).collect() };
    Some(match op {
        "=" => {
            let wanted: Box<str> = value.into();
            Box::new(move |values| values.iter().any(|one| **one == *wanted))
        }
        "in" => {
            let listed = list();
            Box::new(move |values| values.iter().any(|one| listed.contains(*one)))
        }
        "not-in" => {
            let listed = list();
            Box::new(move |values| !values.iter().any(|one| listed.contains(*one)))
        }
        "exists" => match value {
            "true" => Box::new(|values| !values.is_empty()),
            "false" => Box::new(|values: &[&str]| values.is_empty()),
            _ => return None,
        },
        "regex" => {
            // The whole value must match.
            let pattern = regex::RegexBuilder::new(&format!("^(?:{value})$"))
                .size_limit(MAX_PATTERN)
                .dfa_size_limit(MAX_PATTERN)
                .build()
                .ok()?;
            Box::new(move |values| values.iter().any(|one| pattern.is_match(one)))
        }
        _ => return None,
    })
}
