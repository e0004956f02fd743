//! The FHIRPath of an element, taken apart.

/// A step from one element to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'p> {
    /// A child; of a choice, with the type that is meant.
    Child(&'p str, Option<&'p str>),
    /// One of the repetitions, from 0.
    Index(usize),
}

/// The steps from the root of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ElementPath<'p>(pub Vec<Step<'p>>);

impl<'p> ElementPath<'p> {
    /// Takes a path apart as far as it can be followed in a text: up to a function other than
    /// `ofType`.
    pub fn parse(path: &'p str) -> Self {
        let mut steps = Vec::new();
        let mut parts = path.split('.');
        // The first part names the type of the root.
        let mut first = true;
        for part in parts.by_ref() {
            let (name, mut rest) = match part.find('[') {
                Some(at) => part.split_at(at),
                None => (part, ""),
            };
            let of_type = name
                .strip_prefix("ofType(")
                .and_then(|name| name.strip_suffix(')'));
            match (of_type, steps.last_mut()) {
                (Some(of_type), Some(Step::Child(_, choice))) => *choice = Some(of_type),
                _ if name.contains('(') => break,
                _ if first => {}
                _ => steps.push(Step::Child(name.trim_matches('`'), None)),
            }
            first = false;
            while let Some(index) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                let (number, behind) = index;
                match number.parse() {
                    Ok(number) => steps.push(Step::Index(number)),
                    Err(_) => return Self(steps),
                }
                rest = behind;
            }
        }
        Self(steps)
    }
}

/// How well a name fits that is exactly the one that is meant.
pub(super) const BEST_FIT: u8 = 3;

impl Step<'_> {
    /// How well a member of JSON, or an element of XML, is the child that is meant: 0 when it is not.
    pub fn fits(self, name: &str) -> u8 {
        let Self::Child(child, of_type) = self else {
            return 0;
        };
        let (own, is_shadow) = match name.strip_prefix('_') {
            Some(own) => (own, true),
            None => (name, false),
        };
        let whole = if is_shadow { 2 } else { BEST_FIT };
        let Some(rest) = own.strip_prefix(child) else {
            return 0;
        };
        match of_type {
            _ if rest.is_empty() => whole,
            Some(of_type) if capitalised_is(of_type, rest) => whole,
            Some(_) => 0,
            // `value` for `valueQuantity`, where the path does not say the type.
            None if rest.starts_with(|c: char| c.is_ascii_uppercase()) => 1,
            None => 0,
        }
    }
}

/// Whether a type's name with a capital is this.
fn capitalised_is(of_type: &str, capitalised: &str) -> bool {
    let mut chars = of_type.chars();
    match (chars.next(), capitalised.chars().next()) {
        (Some(first), Some(capital)) => {
            first.to_ascii_uppercase() == capital
                && capitalised.get(capital.len_utf8()..) == Some(chars.as_str())
        }
        _ => false,
    }
}
