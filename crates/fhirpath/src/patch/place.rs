//! From a path to the places in the tree that it leads to.

use json::Value;

use crate::{Environment, Item, Model, Plan, Ty};

/// One step down the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Member(String),
    Item(usize),
}

/// A place that a path leads to.
pub(super) struct Place {
    pub steps: Vec<Step>,
    /// What stands there.
    pub ty: Ty,
    /// The type of what it is a child of; `None` for the resource itself.
    pub owner: Option<Ty>,
    /// Its name as a child.
    pub name: Option<String>,
}

/// The one place that a path leads to.
pub(super) fn find(resource: &Value, path: &str, model: &Model) -> Result<Place, String> {
    let mut places = find_all(resource, path, model)?;
    match (places.pop(), places.is_empty()) {
        (Some(place), true) => Ok(place),
        (None, _) => Err("its `path` leads to nothing".to_owned()),
        (Some(_), false) => Err("its `path` leads to several elements".to_owned()),
    }
}

/// The places that a path leads to.
pub(super) fn find_all(resource: &Value, path: &str, model: &Model) -> Result<Vec<Place>, String> {
    let root = resource.text("resourceType").unwrap_or("Resource");
    let plan = Plan::compile(path, root, model)
        .map_err(|error| format!("its `path` cannot be used: {error}"))?;
    let node = model.resource_node(resource);
    let items = plan
        .evaluate(node, &Environment::new(node))
        .map_err(|error| format!("its `path` cannot be followed: {error}"))?;
    items
        .iter()
        .map(|item| {
            let Item::Node(node) = item else {
                return Err("its `path` leads to no element of the resource".to_owned());
            };
            let target = node.value().or(node.shadow());
            let mut steps = Vec::new();
            match target.is_some_and(|target| locate(resource, target, &mut steps)) {
                true => Ok(place(resource, steps, model)),
                false => Err("its `path` leads to no element of the resource".to_owned()),
            }
        })
        .collect()
}

/// Finds a value by where it is in memory, and notes the steps to it.
fn locate(here: &Value, target: &Value, steps: &mut Vec<Step>) -> bool {
    if std::ptr::eq(here, target) {
        return true;
    }
    let mut try_below = |step: Step, below: &Value| {
        steps.push(step);
        let found = locate(below, target, steps);
        if !found {
            steps.pop();
        }
        found
    };
    match here {
        Value::Object(object) => object
            .iter()
            .any(|(name, below)| try_below(Step::Member(name.to_owned()), below)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .any(|(index, below)| try_below(Step::Item(index), below)),
        _ => false,
    }
}

/// What the definitions say of a place.
fn place(resource: &Value, mut steps: Vec<Step>, model: &Model) -> Place {
    let mut ty = model.resource_node(resource).ty();
    let (mut owner, mut name) = (None, None);
    let mut here = Some(resource);
    let last = steps.len();
    let is_item_last = matches!(steps.last(), Some(Step::Item(_)));
    for (index, step) in steps.iter_mut().enumerate() {
        match step {
            Step::Member(key) => {
                here = here.and_then(|here| here.get(key));
                // A primitive without a value stands where its value would; on the way down the
                // member beside a value holds an id and extensions.
                let bare = key.strip_prefix('_').map(str::to_owned);
                let known = bare.as_deref().unwrap_or(key);
                owner = Some(ty);
                name = None;
                if let Some((member, choice)) = model.key(ty, known) {
                    name = Some(member.name.to_string());
                    ty = choice.ty;
                } else {
                    ty = Ty::UNKNOWN;
                }
                // Of the steps that lead to a primitive itself, not to what is in the member beside.
                let ends = index + 1 == last || (index + 2 == last && is_item_last);
                if let (Some(bare), true) = (bare, ends) {
                    *key = bare;
                }
            }
            Step::Item(index) => here = here.and_then(|here| here.item(*index)),
        }
        if let Some(here) = here {
            ty = model.refine(ty, here);
        }
    }
    Place {
        steps,
        ty,
        owner,
        name,
    }
}

/// The list that an item is in.
pub(super) fn list_of(steps: &[Step]) -> Option<&[Step]> {
    match steps {
        [list @ .., Step::Item(_)] => Some(list),
        _ => None,
    }
}

/// A path without its last name, and that name.
pub(super) fn parent(path: &str) -> Option<(&str, &str)> {
    let (above, name) = path.trim().rsplit_once('.')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some((above, name))
}
