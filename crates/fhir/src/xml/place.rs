//! Where in the tree the reader is, for its messages. Nothing is written out unless one is needed.

use std::fmt::Write as _;

use json::CompactString;

use crate::Primitive;

/// A step from the root.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The element's name.
    pub name: CompactString,
    /// Of a choice, how much of the name is the element's own.
    pub choice: Option<usize>,
    /// Which of the repetitions, where it may repeat.
    pub index: Option<usize>,
    /// Whether it is the resource inside `contained` or `resource`, which FHIRPath does not name.
    pub is_silent: bool,
}

impl Step {
    /// A step of a name alone.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            choice: None,
            index: None,
            is_silent: false,
        }
    }
}

/// The steps as FHIRPath: `Patient.name[0].given[1]`, `Observation.value.ofType(Quantity)`.
pub(super) fn render(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps.iter().filter(|step| !step.is_silent) {
        if !out.is_empty() {
            out.push('.');
        }
        match step.choice.and_then(|own| step.name.split_at_checked(own)) {
            Some((own, of_type)) => {
                let small = uncapitalised(of_type);
                let of_type = match Primitive::named(&small) {
                    Some(_) => small.as_str(),
                    None => of_type,
                };
                let _ = write!(out, "{own}.ofType({of_type})");
            }
            None => out.push_str(&step.name),
        }
        if let Some(index) = step.index {
            let _ = write!(out, "[{index}]");
        }
    }
    out
}

fn uncapitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(chars)
        .collect()
}
