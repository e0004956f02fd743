//! Rules: what is known of each before any is compiled, each by itself, and their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::elements::Site;
use super::fragments::Fragments;
use super::naming::lookup_size;
use super::scope::{Scope, Type};
use super::{Compiler, RuleHead};
use crate::codes;
use crate::declare::source::SourceDecl;
use crate::declare::{constant_text, wants_map};
use crate::expr::{Expr, Kind};
use crate::findings::{Findings, nearest, suggest};
use crate::keys;
use crate::program::{GroupKey, Grouping, Meta, Op, Rule, Warning};
use crate::yaml::Node;

/// Reads the heads of all rules.
pub(crate) fn heads(
    make: &Node,
    source: &SourceDecl,
    definitions: &definitions::Definitions,
    fragments: &Fragments,
    findings: &mut Findings,
) -> Vec<RuleHead> {
    let Some(entries) = make.entries() else {
        wants_map(findings, make, "make");
        return Vec::new();
    };
    let mut heads: Vec<RuleHead> = Vec::new();
    for (key, node) in entries {
        let Some(name) = key.text() else { continue };
        if heads.iter().any(|head| head.name == name) {
            findings.error(
                codes::DUPLICATE_RULE,
                key.spot,
                format!("two rules are called '{name}', so their resources would share ids"),
                "give one of them a role: Type.role",
            );
            findings.lose_all(node);
            continue;
        }
        let (mut resource_type, role) = match name.split_once('.') {
            Some((type_name, role)) => (type_name, Some(role)),
            None => (name, None),
        };
        if role.is_some_and(|role| !is_role(role)) {
            findings.error(
                codes::BAD_VALUE,
                key.spot,
                format!("'{name}' is no name of a rule"),
                "a resource type, and where there are several a dot and a role of letters, digits, - and _",
            );
        }
        if !definitions
            .resource_types()
            .any(|known| known == resource_type)
        {
            let near = nearest(resource_type, definitions.resource_types());
            findings.error(
                codes::UNKNOWN_TYPE,
                key.spot,
                format!("'{resource_type}' is no resource type"),
                match near {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => "the names are those of <http://hl7.org/fhir/R4/resourcelist.html>"
                        .to_owned(),
                },
            );
            findings.breaks("rule", name);
            match near {
                // The rule is read on as what was meant, so that all its mistakes are told at once.
                Some(near) => {
                    findings.breaks("rule", &name.replacen(resource_type, near, 1));
                    resource_type = near;
                }
                None => {
                    findings.lose_all(node);
                    continue;
                }
            }
        }
        if node.entries().is_none() {
            wants_map(findings, node, "a rule");
            findings.breaks("rule", name);
            findings.lose_all(node);
            continue;
        }
        if findings.is_full() {
            break;
        }
        let expanded = fragments.expanded(
            node,
            &|target| target == resource_type,
            &format!("a rule for {resource_type}"),
            findings,
        );
        let node = match expanded.as_ref() {
            [one] => one,
            _ => {
                findings.error(
                    codes::FRAGMENT_PLACE,
                    node.spot,
                    "the fragment makes several items, and a rule makes one resource",
                    "use it where an element repeats",
                );
                continue;
            }
        };
        let Some(from) = crate::declare::required_text(
            findings,
            node,
            "from",
            &format!("the rule {name}"),
            key.spot,
        ) else {
            findings.breaks("rule", name);
            findings.lose_all(node);
            continue;
        };
        let found = source.table(from).or_else(|| {
            let spot = node.get("from").map_or(key.spot, |from| from.spot);
            let names = || source.tables.iter().map(|table| table.table.name.as_str());
            if !findings.is_broken("table", from) {
                findings.error(
                    codes::UNKNOWN_TABLE,
                    spot,
                    format!("there is no table '{from}'"),
                    suggest(from, names(), "tables"),
                );
            }
            source.table(nearest(from, names())?)
        });
        let Some(table) = found else {
            findings.breaks("rule", name);
            findings.lose_all(node);
            continue;
        };
        let table_key = source.tables.get(table).map_or(0, |table| table.key.len());
        heads.push(RuleHead {
            name: name.to_owned(),
            resource_type: resource_type.to_owned(),
            table,
            is_person: resource_type == "Patient",
            has_each: node.get("each").is_some(),
            lookup: lookup_size(node, table_key),
            spot: key.spot,
            lets: crate::declare::fragments::lets(node.get("let"), findings),
            // What is said of a rule as a whole is said of its name.
            node: Node {
                spot: key.spot,
                ..node.clone()
            },
        });
    }
    heads
}

/// Whether a text can tell a rule from others of its type.
fn is_role(text: &str) -> bool {
    text.chars().next().is_some_and(char::is_alphabetic)
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

impl Compiler<'_> {
    /// Compiles one rule. Its level is set when all are known.
    pub fn rule_program(&mut self, index: usize) -> Option<Rule> {
        let heads = self.heads;
        let head = heads.get(index)?;
        let node = &head.node;
        let mut scope = Scope {
            table: Some(head.table),
            rule: Some(index),
            ..Scope::default()
        };
        // Whatever the table says of its records holds in all its rules.
        let mut of_table = Scope {
            table: Some(head.table),
            facts: self.declared_facts(head.table),
            ..Scope::default()
        };
        let source = self.source;
        if let Some(only) = source
            .tables
            .get(head.table)
            .and_then(|table| table.only.as_ref())
        {
            self.condition(only, &mut of_table);
        }
        scope.facts = of_table.facts;
        scope.known = of_table.known;
        let only = node
            .get("only")
            .and_then(|only| self.condition(only, &mut scope));
        let each = node
            .get("each")
            .filter(|each| !self.repeats_records(each))
            .and_then(|each| self.each(each, &mut scope));
        let when = self.conditions(node, "when", &mut scope);
        let profile = self.profile(node, head);
        let shape = match &profile {
            Some(shape) => shape.clone(),
            None => self.definitions.shape_of_type(&head.resource_type)?,
        };
        let site = Site {
            element: shape.root(),
            shape,
            path: head.resource_type.clone(),
            is_root: true,
        };
        self.shadowed(node, &site);
        let (mut body, _) = self.object(node, &site, keys::RULE, &mut scope)?;
        body.spot = head.spot;
        let deleted = self.deleted(node, head, &site, &body, &mut scope);
        self.use_of_deletion(head.table, &mut scope);
        let meta = self.meta(
            node,
            profile.as_ref().map(definitions::Shape::url),
            &mut scope,
        );
        let warnings = self.warnings(node, &mut scope);
        let group = self.grouping(node, &mut scope);
        let naming = self.naming(
            node,
            head,
            &body,
            group.as_ref().map(|(key, ..)| key),
            &mut scope,
        );
        self.tested(node, head, &scope);
        for cell in naming
            .identity
            .iter()
            .flatten()
            .flat_map(|entry| &entry.columns)
        {
            scope.uses.insert((cell.up, cell.column));
        }
        let mut named = Vec::new();
        for part in naming.parts.iter().chain(&naming.lookup) {
            super::parts::collect_cells(part, &mut named);
        }
        scope.uses.extend(named);
        let uses: Vec<usize> = scope
            .uses
            .iter()
            .filter(|(up, _)| *up == 0)
            .map(|(_, column)| *column)
            .collect();
        let volatile = |column: &usize| {
            self.source
                .tables
                .get(head.table)
                .and_then(|table| table.columns.get(*column))
                .is_some_and(|column| column.volatile)
        };
        let group = group.map(|(key, latest, own)| {
            let free: Vec<usize> = uses
                .iter()
                .copied()
                .filter(|column| !own.contains(&(0, *column)) && !volatile(column))
                .collect();
            let per_item = matches!(&key, GroupKey::Parts(parts) if parts.iter().any(has_variable));
            Grouping {
                key,
                latest,
                per_item,
                columns: free,
            }
        });
        Some(Rule {
            name: Arc::from(head.name.as_str()),
            resource_type: head.resource_type.as_str().into(),
            table: head.table,
            level: 0,
            only,
            each,
            when,
            naming,
            group,
            is_person: head.is_person,
            referred: false,
            warnings,
            meta,
            body,
            deleted,
            content: uses
                .iter()
                .copied()
                .filter(|column| !volatile(column))
                .filter(|column| {
                    !scope
                        .variables
                        .iter()
                        .any(|variable| variable.columns.contains(&(0, *column)))
                })
                .collect(),
            uses_above: scope
                .uses
                .iter()
                .copied()
                .filter(|(up, _)| *up > 0)
                .collect(),
            uses,
            spot: head.spot,
        })
    }

    /// A key of the rule's own that hides an element of the resource would lose that element
    /// without a word.
    fn shadowed(&mut self, node: &Node, site: &Site) {
        for (key, _) in node.entries().unwrap_or_default() {
            let Some(name) = key
                .text()
                .filter(|name| *name != "meta" && keys::RULE.contains(name))
            else {
                continue;
            };
            if site.shape.child(site.element, name).is_some() {
                self.findings.error(
                    codes::RESERVED_ELEMENT,
                    key.spot,
                    format!(
                        "'{name}' is a key of the rule, and {} has an element of that name, which the language cannot write",
                        site.path
                    ),
                    "take it out",
                );
            }
        }
    }

    pub(super) fn profile(&mut self, node: &Node, head: &RuleHead) -> Option<definitions::Shape> {
        let value = node.get("profile")?;
        let name = constant_text(self.findings, value, "profile")?;
        let definitions = self.definitions;
        let Some(shape) = definitions
            .profile(name)
            .or_else(|| definitions.shape(name))
        else {
            self.findings.error(
                codes::UNKNOWN_TYPE,
                value.spot,
                format!("the profile '{name}' is not known"),
                suggest(name, definitions.profile_names(), "profiles"),
            );
            return None;
        };
        if shape.type_name() != head.resource_type {
            self.findings.error(
                codes::UNKNOWN_TYPE,
                value.spot,
                format!(
                    "'{name}' is a profile of {}, and the rule makes a {}",
                    shape.type_name(),
                    head.resource_type
                ),
                "use a profile of the same type",
            );
            return None;
        }
        Some(shape)
    }

    fn meta(&mut self, node: &Node, profile: Option<&str>, scope: &mut Scope) -> Meta {
        let mut meta = Meta {
            profile: profile.map(Into::into),
            ..Meta::default()
        };
        let Some(value) = node.get("meta") else {
            return meta;
        };
        self.findings.unknown_keys(value, keys::META, "meta");
        let Some(shape) = self.definitions.shape_of_type("Meta") else {
            return meta;
        };
        let site = Site {
            element: shape.root(),
            shape,
            path: "meta".to_owned(),
            is_root: false,
        };
        let Some((object, _)) = self.object(value, &site, &[], scope) else {
            return meta;
        };
        for field in object.fields {
            match &*field.name {
                "security" => meta.security = field.items,
                "tag" => meta.tag = field.items,
                _ => {}
            }
        }
        meta
    }

    pub(super) fn warnings(&mut self, node: &Node, scope: &mut Scope) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let written = node
            .entries()
            .unwrap_or_default()
            .iter()
            .filter(|(key, _)| key.text() == Some("warn"))
            .flat_map(|(_, value)| value.items());
        for item in written {
            if item.entries().is_none() {
                if let Some(text) = constant_text(self.findings, item, "warn") {
                    warnings.push(Warning {
                        when: None,
                        say: text.to_owned(),
                        spot: item.spot,
                    });
                }
                continue;
            }
            self.findings.unknown_keys(item, keys::WARNING, "a warning");
            let before = (scope.known.clone(), scope.facts.clone(), scope.unsure);
            let when = item
                .get("when")
                .and_then(|when| self.condition(when, scope));
            (scope.known, scope.facts, scope.unsure) = before;
            let say =
                crate::declare::required_text(self.findings, item, "say", "a warning", item.spot);
            if let Some(say) = say {
                warnings.push(Warning {
                    when,
                    say: say.to_owned(),
                    spot: item.spot,
                });
            }
        }
        warnings
    }

    /// `group` and `latest`, with the cells that are their own.
    #[allow(clippy::type_complexity)]
    fn grouping(
        &mut self,
        node: &Node,
        scope: &mut Scope,
    ) -> Option<(GroupKey, Option<Op>, BTreeSet<(u8, usize)>)> {
        let before = std::mem::take(&mut scope.uses);
        let result = self.grouping_inner(node, scope);
        let own = std::mem::replace(&mut scope.uses, before);
        scope.uses.extend(own.iter().copied());
        let (key, latest) = result?;
        Some((key, latest, own))
    }

    fn grouping_inner(&mut self, node: &Node, scope: &mut Scope) -> Option<(GroupKey, Option<Op>)> {
        let Some(group) = node.get("group") else {
            if let Some(latest) = node.get("latest") {
                self.findings.error(
                    codes::MISSING_KEY,
                    latest.spot,
                    "latest says which record of a group wins, and there is no group",
                    "add group:",
                );
            }
            return None;
        };
        let key = if group.text() == Some("identity") {
            let head = scope.rule.and_then(|rule| self.heads.get(rule))?;
            let entries = match (node.get("identity"), self.source.tables.get(head.table)) {
                (Some(own), Some(table)) => {
                    crate::declare::source::identity(table, Some(own), self.findings)
                }
                (None, Some(table)) => table.identity.clone(),
                _ => Vec::new(),
            };
            if entries.is_empty() {
                self.findings.error(
                    codes::MISSING_KEY,
                    group.spot,
                    "the table has no identity to group by",
                    "add identity: to the table, or group by columns",
                );
            }
            scope.uses.extend(
                entries
                    .iter()
                    .flat_map(|entry| entry.columns.iter().map(|&column| (0, column))),
            );
            GroupKey::Identity(self.identity_entries(&entries, head))
        } else {
            GroupKey::Parts(
                self.key_parts(group, scope)
                    .into_iter()
                    .map(|(op, _)| op)
                    .collect(),
            )
        };
        let latest = node.get("latest").and_then(|latest| {
            let (op, typing) = self.expression(latest, scope)?;
            let orders = matches!(
                typing.of,
                Type::Date | Type::DateTime | Type::Integer | Type::Decimal
            );
            if !orders || typing.list {
                self.findings.error(
                    codes::WRONG_TYPE,
                    latest.spot,
                    format!(
                        "latest wants a date or a number, and this is {}",
                        typing.of.name()
                    ),
                    "use a column that orders the records",
                );
                return None;
            }
            Some(op)
        });
        Some((key, latest))
    }

    /// CS-10: free text that becomes an allergy or a condition must have been asked whether it
    /// denies or doubts.
    fn tested(&mut self, node: &Node, head: &RuleHead, scope: &Scope) {
        if !matches!(
            head.resource_type.as_str(),
            "AllergyIntolerance" | "Condition"
        ) || scope.unsure
        {
            return;
        }
        let Some(code) = node.get("code") else { return };
        // The variables of maps inside the code are out of scope by now, and still free text.
        let mut inner = scope.clone();
        self.variables_inside(code, &mut inner);
        let scope = &inner;
        let mut open = vec![code];
        while let Some(node) = open.pop() {
            if let Some((text, lead)) = node.expression()
                && let Ok(expr) = crate::expr::parse(text)
            {
                let base = super::expression::shift(node.spot, lead);
                let mut leaves = Vec::new();
                self.leaves_of(&expr, base, scope, &mut leaves, 0);
                let untested = leaves.into_iter().find(|(leaf, free)| {
                    *free
                        && !(scope.tested_denial.contains(leaf)
                            && scope.tested_doubt.contains(leaf))
                });
                if untested.is_some() {
                    self.findings.error(
                        codes::UNTESTED_TEXT,
                        node.spot,
                        "free text is coded here without asking whether it denies or doubts",
                        "test it in when: =not (negates(x) or doubts(x)), and carry what is left in a rule of its own (CS-10)",
                    );
                }
                continue;
            }
            match &node.data {
                crate::yaml::Data::List(items) => open.extend(items),
                crate::yaml::Data::Map(entries) => {
                    open.extend(entries.iter().map(|(_, value)| value))
                }
                _ => {}
            }
        }
    }

    /// Names the variables of all `each` inside a node.
    fn variables_inside(&self, node: &Node, scope: &mut Scope) {
        match &node.data {
            crate::yaml::Data::List(items) => {
                items
                    .iter()
                    .for_each(|item| self.variables_inside(item, scope));
            }
            crate::yaml::Data::Map(entries) => {
                for (key, value) in entries {
                    if key.text() == Some("each") {
                        let records =
                            value.get("from").and_then(Node::constant).and_then(
                                |from| match from {
                                    "group" => scope.table,
                                    name => self.source.table(name),
                                },
                            );
                        let name = match value.get("as") {
                            Some(name) => name.constant(),
                            None => value
                                .text()
                                .and_then(|text| text.rsplit_once(" as "))
                                .map(|(_, name)| name.trim()),
                        };
                        scope.variables.push(super::scope::Variable {
                            name: name.unwrap_or_default().to_owned(),
                            origin: value.spot.origin,
                            typing: super::scope::Typing::new(Type::Text).free(true),
                            records: records.map(|table| (0, table)),
                            of_columns: false,
                            columns: Vec::new(),
                        });
                    }
                    self.variables_inside(value, scope);
                }
            }
            _ => {}
        }
    }

    /// The columns and variables that an expression reads, its table names left out, and whether
    /// each is free text.
    fn leaves_of(
        &self,
        expr: &Expr,
        base: crate::yaml::Spot,
        scope: &Scope,
        out: &mut Vec<(Kind, bool)>,
        depth: u32,
    ) {
        match &expr.kind {
            _ if depth > 64 => {}
            Kind::Column(name) => {
                let free = scope
                    .table
                    .and_then(|table| self.source.tables.get(table))
                    .and_then(|table| table.columns.get(table.column(name)?))
                    .is_some_and(|column| column.typing().free);
                out.push((expr.kind.clone(), free));
            }
            Kind::Name { name, .. } => match self.unfolded(expr, base, scope) {
                Some((inner, base)) => self.leaves_of(&inner, base, scope, out, depth + 1),
                None => {
                    let free = self
                        .variable_named(name, base, scope)
                        .and_then(|index| scope.variables.get(index))
                        .is_some_and(|variable| variable.typing.free);
                    out.push((self.followed(expr, base, scope).0, free));
                }
            },
            Kind::Cell {
                table,
                keys: None,
                column,
            } => {
                let records = self
                    .variable_named(table, base, scope)
                    .and_then(|variable| scope.variables.get(variable)?.records);
                let free = records
                    .and_then(|(_, table)| self.source.tables.get(table))
                    .and_then(|table| table.columns.get(table.column(column)?))
                    .is_some_and(|column| column.typing().free);
                out.push((expr.kind.clone(), free));
            }
            Kind::Call { arguments, .. } => arguments
                .iter()
                .for_each(|argument| self.leaves_of(argument, base, scope, out, depth + 1)),
            _ => {}
        }
    }
}

fn has_variable(op: &Op) -> bool {
    match op {
        Op::Variable(_) | Op::VariableColumn(_) => true,
        Op::Call(_, ops) | Op::Coalesce(ops, _) => ops.iter().any(has_variable),
        Op::OnMissing { value, .. } => has_variable(value),
        _ => false,
    }
}

/// Orders rules so that whatever one refers to is made before it.
pub(crate) fn levels(
    rules: &mut [Rule],
    edges: &BTreeSet<(usize, usize)>,
    findings: &mut Findings,
) -> usize {
    let count = rules.len();
    for _ in 0..=count {
        let mut changed = false;
        for &(from, to) in edges {
            let wanted = rules.get(to).map_or(0, |rule| rule.level + 1);
            if let Some(rule) = rules.get_mut(from)
                && rule.level < wanted
            {
                rule.level = wanted;
                changed = true;
            }
        }
        if !changed {
            return rules.iter().map(|rule| rule.level + 1).max().unwrap_or(0);
        }
    }
    let circle = circle(count, edges);
    if let Some(rule) = circle.first().and_then(|first| rules.get(*first)) {
        let names: Vec<&str> = circle
            .iter()
            .chain(circle.first())
            .filter_map(|index| rules.get(*index))
            .map(|rule| &*rule.name)
            .collect();
        findings.error(
            codes::REFERENCE_KEY,
            rule.spot,
            format!(
                "rules refer to each other in a circle: {}",
                names.join(" → ")
            ),
            "one of the references must go",
        );
    }
    0
}

/// The rules of one circle of references, the first of the mapping first.
fn circle(count: usize, edges: &BTreeSet<(usize, usize)>) -> Vec<usize> {
    for start in 0..count {
        // The way by which each rule is first reached from the start.
        let mut from: BTreeMap<usize, usize> = BTreeMap::new();
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            for &(_, to) in edges.range((at, 0)..(at + 1, 0)) {
                if to == start {
                    let mut way = vec![at];
                    while let Some(&last) = way.last()
                        && last != start
                        && let Some(&before) = from.get(&last)
                    {
                        way.push(before);
                    }
                    way.reverse();
                    return way;
                }
                if let std::collections::btree_map::Entry::Vacant(entry) = from.entry(to) {
                    entry.insert(at);
                    open.push(to);
                }
            }
        }
    }
    Vec::new()
}
