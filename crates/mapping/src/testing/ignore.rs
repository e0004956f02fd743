//! What a case does not look at: FHIR paths whose difference does not count.

use std::cell::Cell;

use json::Value;

/// Paths with, for each, whether it met anything.
#[derive(Debug, Default)]
pub(super) struct Ignored(Vec<Path>);

#[derive(Debug)]
struct Path {
    text: String,
    steps: Vec<Step>,
    met: Cell<bool>,
}

/// A step of a path; without an index it stands for every item.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    name: String,
    index: Option<usize>,
}

impl Ignored {
    /// Reads a list of paths: `Patient.name.family`, `Task.output[1]`.
    pub fn read(paths: &Value) -> Option<Self> {
        let paths: Option<Vec<Path>> = paths
            .as_array()?
            .iter()
            .map(|path| {
                let text = path.as_str()?;
                let steps = steps(text)?;
                (steps.len() > 1).then(|| Path {
                    text: text.to_owned(),
                    steps,
                    met: Cell::new(false),
                })
            })
            .collect();
        paths.map(Self)
    }

    /// A resource without what is ignored.
    pub fn strip(&self, resource: &Value) -> Value {
        let mut stripped = resource.clone();
        let resource_type = resource.text("resourceType").unwrap_or_default();
        for path in &self.0 {
            if let Some((first, rest)) = path.steps.split_first()
                && first.name == resource_type
                && remove(&mut stripped, rest)
            {
                path.met.set(true);
            }
        }
        stripped
    }

    /// The paths that met nothing.
    pub fn idle(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|path| !path.met.get())
            .map(|path| path.text.as_str())
    }
}

fn steps(path: &str) -> Option<Vec<Step>> {
    path.split('.')
        .map(|step| {
            let (name, index) = match step.split_once('[') {
                None => (step, None),
                Some((name, index)) => {
                    (name, Some(index.strip_suffix(']')?.parse::<usize>().ok()?))
                }
            };
            (!name.is_empty()).then(|| Step {
                name: name.to_owned(),
                index,
            })
        })
        .collect()
}

/// Takes what a path names out. An item of a list becomes null, so that the others keep their places.
fn remove(value: &mut Value, path: &[Step]) -> bool {
    let Some((step, rest)) = path.split_first() else {
        return false;
    };
    let Some(object) = value.as_object_mut() else {
        return false;
    };
    let mut met = false;
    for name in [step.name.clone(), format!("_{}", step.name)] {
        let whole = rest.is_empty() && step.index.is_none();
        if whole {
            met |= object.remove(&name).is_some();
            continue;
        }
        match object.get_mut(&name) {
            Some(Value::Array(items)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    if step.index.is_none_or(|wanted| wanted == index) {
                        if rest.is_empty() {
                            *item = Value::Null;
                            met = true;
                        } else {
                            met |= remove(item, rest);
                        }
                    }
                }
            }
            Some(one) if step.index.is_none_or(|wanted| wanted == 0) => {
                met |= remove(one, rest);
            }
            _ => {}
        }
    }
    met
}
