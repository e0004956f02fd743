//! Paths into a document: `subjectOfCare.name.family`, `alerts[]`, `carePlans[].goals[]`.

use std::fmt::Write as _;

/// One step of a path: a member, and whether each item of it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub name: String,
    pub each: bool,
}

/// A path of members; empty for the record itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Path {
    pub steps: Vec<Step>,
}

impl Path {
    /// Reads a path. `.` and the empty text are the record itself.
    ///
    /// # Errors
    /// When a step has no name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text == "." {
            return Ok(Self::default());
        }
        let steps = text
            .split('.')
            .map(|step| {
                let (name, each) = match step.strip_suffix("[]") {
                    Some(name) => (name, true),
                    None => (step, false),
                };
                if name.is_empty() && !each {
                    return Err(format!("the path \"{text}\" has a step without a name"));
                }
                if name.contains(['[', ']']) {
                    return Err(format!(
                        "the path \"{text}\" has brackets that are not [] at the end of a step"
                    ));
                }
                Ok(Step {
                    name: name.to_owned(),
                    each,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { steps })
    }

    /// Whether an array stands before the path's end: then it leads to several values, which only a
    /// table can have.
    pub(crate) fn passes_array(&self) -> bool {
        self.steps
            .split_last()
            .is_some_and(|(_, before)| before.iter().any(|step| step.each))
    }

    /// The value it leads to from a record.
    pub(crate) fn find<'v>(&self, record: &'v json::Value) -> Option<&'v json::Value> {
        self.steps.iter().try_fold(record, |value, step| {
            if step.name.is_empty() {
                Some(value)
            } else {
                value.get(&step.name)
            }
        })
    }

    /// Appends it to a JSON pointer (RFC 6901).
    pub(crate) fn append_to(&self, pointer: &mut String) {
        for step in &self.steps {
            if !step.name.is_empty() {
                append(pointer, &step.name);
            }
        }
    }
}

/// Appends a member's name to a JSON pointer.
pub(crate) fn append(pointer: &mut String, name: &str) {
    pointer.push('/');
    if name.contains(['~', '/']) {
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(name);
    }
}

/// Appends an index to a JSON pointer.
pub(crate) fn append_index(pointer: &mut String, index: usize) {
    let _ = write!(pointer, "/{index}");
}
