//! Where in a resource the walk is. Nothing is written out unless an issue is raised.

use fhir::Primitive;

/// One step from the root.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Segment<'v> {
    /// A member, as JSON names it.
    Member(&'v str),
    /// A member of a choice: its JSON name, and how much of it is the element's own.
    Choice(&'v str, usize),
    /// An item of an array.
    Index(usize),
}

/// The path as FHIRPath: `Patient.name[0].given[1]`, `Observation.value.ofType(Quantity).unit`.
pub(crate) fn render(root: &str, segments: &[Segment<'_>]) -> String {
    let mut out = String::with_capacity(64);
    out.push_str(root);
    for segment in segments {
        match segment {
            Segment::Member(name) => {
                out.push('.');
                out.push_str(name);
            }
            Segment::Index(index) => {
                out.push('[');
                out.push_str(&index.to_string());
                out.push(']');
            }
            Segment::Choice(name, own) => {
                let (element, of_type) = name.split_at_checked(*own).unwrap_or((name, ""));
                let mut chars = of_type.chars();
                let small: String = chars
                    .next()
                    .map(|first| first.to_ascii_lowercase())
                    .into_iter()
                    .chain(chars)
                    .collect();
                let of_type = if Primitive::named(&small).is_some() {
                    small.as_str()
                } else {
                    of_type
                };
                out.push('.');
                out.push_str(element);
                out.push_str(".ofType(");
                out.push_str(of_type);
                out.push(')');
            }
        }
    }
    out
}
