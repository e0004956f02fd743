//! What puts an item into a slice, read from the slice's own definition
//! (<http://hl7.org/fhir/R4/profiling.html#discriminator>).

use definitions::{Definitions, Discriminator, DiscriminatorKind, ElementId, Shape, Strength};
use json::Value;

use super::{ByText, Slice, Step, Test, Wanted};

/// The tests of a slice; `None` when the definition does not say what tells the slice apart. A
/// discriminator of which the slice says nothing is left out where another says something.
pub(super) fn tests(
    definitions: &Definitions,
    shape: &Shape,
    slice: ElementId,
    discriminators: &[Discriminator],
) -> Option<Box<[Test]>> {
    let tests: Box<[Test]> = discriminators
        .iter()
        .filter_map(|discriminator| test(definitions, shape, slice, discriminator))
        .collect();
    (!tests.is_empty()).then_some(tests)
}

/// Where the slices are told apart by different fixed texts of one and the same child that does not
/// repeat, as extensions are by their url: the child and the texts.
pub(super) fn by_text(slices: &[Slice]) -> Option<ByText> {
    let mut child: Option<&str> = None;
    let mut texts: Vec<Box<str>> = Vec::with_capacity(slices.len());
    for slice in slices {
        let [Test::Value(steps, wanted)] = slice.tests.as_deref()? else {
            return None;
        };
        let ([Step::Child(name)], [Wanted::Fixed(Value::String(text))]) = (&**steps, &**wanted)
        else {
            return None;
        };
        let single = matches!(&**name, "url" | "system" | "code" | "use" | "relation");
        let same = child.is_none_or(|child| *child == **name);
        let new = texts.iter().all(|known| **known != *text.as_str());
        if !(single && same && new) {
            return None;
        }
        child = Some(name);
        texts.push(text.as_str().into());
    }
    Some(ByText {
        child: child?.into(),
        texts: texts.into(),
    })
}

fn test(
    definitions: &Definitions,
    shape: &Shape,
    slice: ElementId,
    discriminator: &Discriminator,
) -> Option<Test> {
    let steps = steps(&discriminator.path)?;
    let places = places(definitions, shape, slice, &steps);
    if places.first().is_some_and(Place::is_forbidden) {
        return Some(Test::Exists(steps.into(), false));
    }
    match discriminator.kind {
        DiscriminatorKind::Value | DiscriminatorKind::Pattern => {
            let wanted: Vec<Wanted> = places.iter().flat_map(Place::wanted).collect();
            (!wanted.is_empty()).then(|| Test::Value(steps.into(), wanted.into()))
        }
        DiscriminatorKind::Exists => {
            let place = places.first()?;
            let (shape, id) = place.element.as_ref()?;
            (shape.element(*id).min >= 1).then(|| Test::Exists(steps.into(), true))
        }
        DiscriminatorKind::Type => {
            let types: Vec<Box<str>> = places.iter().flat_map(Place::types).collect();
            (!types.is_empty()).then(|| Test::Type(steps.into(), types.into()))
        }
        DiscriminatorKind::Profile => {
            let profiles: Vec<Box<str>> = places.iter().flat_map(Place::profiles).collect();
            (!profiles.is_empty()).then(|| Test::Profile(steps.into(), profiles.into()))
        }
    }
}

/// Where a path leads in a definition: an element, or a part of a fixed or pattern value above it.
struct Place {
    element: Option<(Shape, ElementId)>,
    implied: Option<(Value, bool)>,
}

impl Place {
    fn wanted(&self) -> Vec<Wanted> {
        if let Some((value, exactly)) = &self.implied {
            return vec![if *exactly {
                Wanted::Fixed(value.clone())
            } else {
                Wanted::Pattern(value.clone())
            }];
        }
        let Some((shape, id)) = &self.element else {
            return Vec::new();
        };
        let element = shape.element(*id);
        if let Some(fixed) = &element.fixed {
            return vec![Wanted::Fixed(fixed.clone())];
        }
        if let Some(pattern) = &element.pattern {
            return vec![Wanted::Pattern(pattern.clone())];
        }
        element
            .binding
            .iter()
            .filter(|binding| binding.strength == Strength::Required)
            .filter_map(|binding| binding.value_set.clone())
            .map(Wanted::In)
            .collect()
    }

    /// Whether nothing may be there.
    fn is_forbidden(&self) -> bool {
        self.element
            .as_ref()
            .is_some_and(|(shape, id)| shape.element(*id).max == Some(0))
    }

    fn types(&self) -> Vec<Box<str>> {
        let Some((shape, id)) = &self.element else {
            return Vec::new();
        };
        if *id == shape.root() {
            return vec![shape.type_name().into()];
        }
        let types = &shape.element(*id).types;
        types.iter().map(|entry| entry.code.clone()).collect()
    }

    fn profiles(&self) -> Vec<Box<str>> {
        let Some((shape, id)) = &self.element else {
            return Vec::new();
        };
        if *id == shape.root() {
            return vec![shape.url().into()];
        }
        shape
            .element(*id)
            .types
            .iter()
            .flat_map(|entry| entry.profiles.iter().cloned())
            .collect()
    }
}

/// Follows a path through a slice's definition, into the slices of what it passes where the unsliced
/// element says nothing.
fn places(
    definitions: &Definitions,
    shape: &Shape,
    slice: ElementId,
    steps: &[Step],
) -> Vec<Place> {
    let mut places = vec![Place {
        element: Some((shape.clone(), slice)),
        implied: None,
    }];
    for step in steps {
        places = places
            .iter()
            .flat_map(|place| follow(definitions, place, step))
            .collect();
    }
    places
}

fn follow(definitions: &Definitions, place: &Place, step: &Step) -> Vec<Place> {
    if let Some((value, exactly)) = &place.implied {
        return match step {
            Step::Child(name) => value
                .each(name)
                .map(|part| Place {
                    element: None,
                    implied: Some((part.clone(), *exactly)),
                })
                .collect(),
            _ => Vec::new(),
        };
    }
    let Some((shape, id)) = &place.element else {
        return Vec::new();
    };
    let element = shape.element(*id);
    if let Step::Child(name) = step {
        let above = element
            .fixed
            .as_ref()
            .map(|value| (value, true))
            .or_else(|| element.pattern.as_ref().map(|value| (value, false)));
        if let Some((value, exactly)) = above {
            return value
                .each(name)
                .map(|part| Place {
                    element: None,
                    implied: Some((part.clone(), exactly)),
                })
                .collect();
        }
    }
    let here = |element| {
        vec![Place {
            element: Some(element),
            implied: None,
        }]
    };
    match step {
        Step::Resolve => element
            .types
            .iter()
            .flat_map(|entry| entry.target_profiles.iter())
            .filter_map(|profile| definitions.shape(profile))
            .map(|shape| Place {
                element: Some((shape.clone(), shape.root())),
                implied: None,
            })
            .collect(),
        // The element stays; the type slice of that type says more, where there is one.
        Step::OfType(wanted) => {
            let typed = element.slices.iter().copied().find(|slice| {
                let types = &shape.element(*slice).types;
                types.len() == 1 && types.iter().any(|entry| entry.code == *wanted)
            });
            here((shape.clone(), typed.unwrap_or(*id)))
        }
        Step::Child(name) => children(definitions, shape, *id)
            .into_iter()
            .flat_map(|(shape, parent)| {
                let child = shape.child(parent, name);
                child.map_or_else(Vec::new, |child| with_slices(&shape, child))
            })
            .map(|element| Place {
                element: Some(element),
                implied: None,
            })
            .collect(),
        Step::Extension(url) => children(definitions, shape, *id)
            .into_iter()
            .filter_map(|(shape, parent)| {
                let child = shape.child(parent, "extension")?;
                let slice = shape.element(child).slices.iter().copied().find(|slice| {
                    shape
                        .element(*slice)
                        .types
                        .iter()
                        .any(|entry| entry.profiles.iter().any(|profile| profile == url))
                })?;
                Some(Place {
                    element: Some((shape, slice)),
                    implied: None,
                })
            })
            .collect(),
    }
}

/// The scopes of an element over its types.
fn children(definitions: &Definitions, shape: &Shape, id: ElementId) -> Vec<(Shape, ElementId)> {
    let element = shape.element(id);
    if element.types.is_empty() {
        return definitions.scope(shape, id, "").into_iter().collect();
    }
    element
        .types
        .iter()
        .filter_map(|entry| definitions.scope(shape, id, &entry.code))
        .collect()
}

/// An element, and those of its slices that must be there: any of them may tell.
fn with_slices(shape: &Shape, id: ElementId) -> Vec<(Shape, ElementId)> {
    let element = shape.element(id);
    let required = element
        .slices
        .iter()
        .copied()
        .filter(|slice| shape.element(*slice).min > 0);
    std::iter::once(id)
        .chain(required)
        .map(|id| (shape.clone(), id))
        .collect()
}

/// A discriminator's path: the restricted FHIRPath of R4's discriminators.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    while !rest.is_empty() {
        let end = end_of_step(rest)?;
        let (step, tail) = rest.split_at_checked(end)?;
        rest = tail.strip_prefix('.').unwrap_or(tail);
        let argument = |function: &str| {
            step.strip_prefix(function)?
                .strip_prefix('(')?
                .strip_suffix(')')
                .map(str::trim)
        };
        if step == "$this" {
            continue;
        }
        if step == "resolve()" {
            steps.push(Step::Resolve);
        } else if let Some(url) = argument("extension") {
            steps.push(Step::Extension(url.trim_matches(['\'', '"']).into()));
        } else if let Some(name) = argument("ofType") {
            steps.push(Step::OfType(name.trim_start_matches("FHIR.").into()));
        } else if let Some((name, of_type)) = argument("").and_then(|cast| cast.split_once(" as "))
        {
            steps.push(Step::Child(name.trim().into()));
            steps.push(Step::OfType(of_type.trim().into()));
        } else if step.bytes().all(|b| b.is_ascii_alphanumeric()) {
            steps.push(Step::Child(step.into()));
        } else {
            return None;
        }
    }
    Some(steps)
}

/// The end of the first step: the next full stop outside brackets and quotes.
fn end_of_step(path: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut quoted = false;
    for (at, c) in path.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.checked_sub(1)?,
            '.' if !quoted && depth == 0 => return Some(at),
            _ => {}
        }
    }
    (depth == 0 && !quoted).then_some(path.len())
}
