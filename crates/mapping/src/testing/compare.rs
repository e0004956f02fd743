//! Compares resources: which belong together, and where they differ.

use json::Value;

use super::difference::Difference;
use super::ignore::Ignored;

/// Above this many leftovers of a type no likeness is looked for: their number alone says enough.
const MAX_LEFT: usize = 200;

/// Above this many pairs of items lists are compared place by place.
const MAX_PAIRS: usize = 250_000;

/// Compares two lists of resources: by type and id, and what is left by type and likeness.
pub(super) fn compare(expected: &[Value], made: &[Value], ignored: &Ignored) -> Vec<Difference> {
    let expected: Vec<Value> = expected.iter().map(|it| ignored.strip(it)).collect();
    let made: Vec<Value> = made.iter().map(|it| ignored.strip(it)).collect();
    let mut differences: Vec<Difference> = ignored
        .idle()
        .map(|path| Difference::IdleIgnore {
            path: path.to_owned(),
        })
        .collect();
    let pairs = pair(&expected, &made);
    for (wanted, partner) in expected.iter().zip(&pairs) {
        let resource = name(wanted);
        let Some(found) = partner.and_then(|index| made.get(index)) else {
            differences.push(Difference::MissingResource {
                resource,
                content: wanted.to_string(),
            });
            continue;
        };
        let other = name(found);
        if other != resource {
            differences.push(Difference::OtherId {
                resource: resource.clone(),
                made: other,
            });
        }
        let mut comparison = Comparison {
            resource: &resource,
            out: &mut differences,
        };
        let root = wanted.text("resourceType").unwrap_or_default();
        comparison.members(root, wanted, found, &["id"]);
    }
    for (index, found) in made.iter().enumerate() {
        if !pairs.contains(&Some(index)) {
            differences.push(Difference::UnexpectedResource {
                resource: name(found),
                content: found.to_string(),
            });
        }
    }
    if differences.is_empty() {
        differences.extend(order(&made, &pairs));
    }
    differences
}

/// The first resource that is made earlier than expected.
fn order(made: &[Value], pairs: &[Option<usize>]) -> Option<Difference> {
    let mut last = None;
    for index in pairs.iter().flatten() {
        if last.is_some_and(|last| *index < last) {
            return Some(Difference::Order {
                resource: name(made.get(*index)?),
            });
        }
        last = Some(*index);
    }
    None
}

fn name(resource: &Value) -> String {
    format!(
        "{}/{}",
        resource.text("resourceType").unwrap_or("?"),
        resource.text("id").unwrap_or("?")
    )
}

/// For each resource that is expected, the one that is made for it.
fn pair(expected: &[Value], made: &[Value]) -> Vec<Option<usize>> {
    let mut taken = vec![false; made.len()];
    let mut take = |index: Option<usize>| {
        if let Some(taken) = index.and_then(|index| taken.get_mut(index)) {
            *taken = true;
        }
        index
    };
    let mut by_name: std::collections::HashMap<String, Vec<usize>> =
        std::collections::HashMap::new();
    for (index, found) in made.iter().enumerate().rev() {
        by_name.entry(name(found)).or_default().push(index);
    }
    let mut pairs: Vec<Option<usize>> = expected
        .iter()
        .map(|wanted| take(by_name.get_mut(&name(wanted)).and_then(Vec::pop)))
        .collect();
    for (position, wanted) in expected.iter().enumerate() {
        if pairs.get(position).is_none_or(Option::is_some) {
            continue;
        }
        let same_kind = |found: &Value| {
            found.text("resourceType") == wanted.text("resourceType")
                && found.get("meta").and_then(|meta| meta.get("profile"))
                    == wanted.get("meta").and_then(|meta| meta.get("profile"))
        };
        let left: Vec<usize> = made
            .iter()
            .enumerate()
            .filter(|(index, found)| taken.get(*index) == Some(&false) && same_kind(found))
            .map(|(index, _)| index)
            .collect();
        if left.len() > MAX_LEFT {
            continue;
        }
        let best = left
            .into_iter()
            .filter_map(|index| Some((likeness(wanted, made.get(index)?), index)))
            // Of two that are alike the earlier, so that a test says the same each time.
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        if let Some((likeness, index)) = best
            && likeness >= 0.5
        {
            if let Some(pair) = pairs.get_mut(position) {
                *pair = Some(index);
            }
            if let Some(taken) = taken.get_mut(index) {
                *taken = true;
            }
        }
    }
    pairs
}

/// Which part of the values of two trees is the same, from 0 to 1.
fn likeness(left: &Value, right: &Value) -> f64 {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    leaves("", left, &mut first);
    leaves("", right, &mut second);
    let total = first.len().max(second.len());
    if total == 0 {
        return 1.0;
    }
    first.sort();
    second.sort();
    let (mut same, mut other) = (0_u32, second.iter().peekable());
    for leaf in &first {
        while other.peek().is_some_and(|next| *next < leaf) {
            other.next();
        }
        if other.peek() == Some(&leaf) {
            other.next();
            same += 1;
        }
    }
    f64::from(same) / f64::from(u32::try_from(total).unwrap_or(u32::MAX))
}

/// The values of a tree with their names; where an item stands in a list does not matter.
fn leaves(path: &str, value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter().filter(|(name, _)| *name != "id") {
                leaves(&format!("{path}.{name}"), value, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(path, item, out)),
        Value::Null => {}
        plain => out.push(format!("{path}={plain}")),
    }
}

/// Tells where two resources differ.
struct Comparison<'c> {
    resource: &'c str,
    out: &'c mut Vec<Difference>,
}

impl Comparison<'_> {
    fn values(&mut self, path: &str, expected: Option<&Value>, made: Option<&Value>) {
        match (expected, made) {
            (Some(Value::Object(_)), Some(Value::Object(_))) => {
                if let (Some(expected), Some(made)) = (expected, made) {
                    self.members(path, expected, made, &[]);
                }
            }
            (Some(Value::Array(expected)), Some(Value::Array(made))) => {
                self.items(path, expected, made);
            }
            (expected, made) if expected == made => {}
            // What is ignored is null on one side where the other has nothing there.
            (None, Some(Value::Null)) | (Some(Value::Null), None) => {}
            (expected, made) => self.out.push(Difference::Element {
                resource: self.resource.to_owned(),
                path: path.to_owned(),
                expected: expected.map(Value::to_string),
                actual: made.map(Value::to_string),
            }),
        }
    }

    fn members(&mut self, path: &str, expected: &Value, made: &Value, besides: &[&str]) {
        let members = |value| {
            Value::as_object(value)
                .into_iter()
                .flat_map(json::Object::iter)
        };
        for (name, value) in members(expected).filter(|(name, _)| !besides.contains(name)) {
            self.values(&format!("{path}.{name}"), Some(value), made.get(name));
        }
        for (name, value) in members(made).filter(|(name, _)| !besides.contains(name)) {
            if expected.get(name).is_none() {
                self.values(&format!("{path}.{name}"), None, Some(value));
            }
        }
    }

    /// Items that are the same stand for each other, wherever they are; of the others those that
    /// come in the same order.
    fn items(&mut self, path: &str, expected: &[Value], made: &[Value]) {
        if expected.len().saturating_mul(made.len()) > MAX_PAIRS {
            for index in 0..expected.len().max(made.len()) {
                let path = format!("{path}[{index}]");
                self.values(&path, expected.get(index), made.get(index));
            }
            return;
        }
        let mut partner: Vec<Option<usize>> = common(expected, made);
        let mut taken: Vec<bool> = (0..made.len())
            .map(|index| partner.contains(&Some(index)))
            .collect();
        for (from, wanted) in expected.iter().enumerate() {
            let moved = made
                .iter()
                .enumerate()
                .find(|(to, found)| taken.get(*to) == Some(&false) && *found == wanted)
                .map(|(to, _)| to);
            if let (Some(None), Some(to)) = (partner.get(from), moved) {
                if let (Some(partner), Some(taken)) = (partner.get_mut(from), taken.get_mut(to)) {
                    *partner = Some(to);
                    *taken = true;
                }
                self.out.push(Difference::Moved {
                    resource: self.resource.to_owned(),
                    path: path.to_owned(),
                    from,
                    to,
                });
            }
        }
        let mut rest = (0..made.len()).filter(|index| taken.get(*index) == Some(&false));
        for (from, wanted) in expected.iter().enumerate() {
            if partner.get(from) != Some(&None) {
                continue;
            }
            match rest.next() {
                Some(to) => {
                    self.values(&format!("{path}[{to}]"), Some(wanted), made.get(to));
                }
                None => self.values(&format!("{path}[{from}]"), Some(wanted), None),
            }
        }
        for to in rest {
            self.values(&format!("{path}[{to}]"), None, made.get(to));
        }
    }
}

/// For each item of the first list its place in the second, of the longest sequence that both have.
fn common(first: &[Value], second: &[Value]) -> Vec<Option<usize>> {
    let width = second.len() + 1;
    let mut lengths = vec![0_u32; (first.len() + 1) * width];
    let at = |lengths: &[u32], row: usize, column: usize| {
        lengths.get(row * width + column).copied().unwrap_or(0)
    };
    for (row, left) in first.iter().enumerate().rev() {
        for (column, right) in second.iter().enumerate().rev() {
            let length = if left == right {
                at(&lengths, row + 1, column + 1) + 1
            } else {
                at(&lengths, row + 1, column).max(at(&lengths, row, column + 1))
            };
            if let Some(cell) = lengths.get_mut(row * width + column) {
                *cell = length;
            }
        }
    }
    let mut partner = vec![None; first.len()];
    let (mut row, mut column) = (0, 0);
    while let (Some(left), Some(right)) = (first.get(row), second.get(column)) {
        if left == right {
            if let Some(partner) = partner.get_mut(row) {
                *partner = Some(column);
            }
            row += 1;
            column += 1;
        } else if at(&lengths, row + 1, column) >= at(&lengths, row, column + 1) {
            row += 1;
        } else {
            column += 1;
        }
    }
    partner
}
