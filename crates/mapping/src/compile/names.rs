//! Names that stand for values: variables, named expressions, parameters of fragments.

use super::Compiler;
use super::expression::{Compiled, shift};
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::declare::fragments::{Parameter, ParameterType};
use crate::expr::{Expr, Kind};
use crate::findings::suggest;
use crate::program::{Concept, Op, Policy};
use crate::yaml::{Data, Node, Spot};

/// What a name stands for, beside variables.
pub(super) enum Bound {
    /// A named expression; of the top level, where there is no record.
    Let { key: Node, value: Node, top: bool },
    /// A parameter with the value that a use gives it.
    Given(Parameter, Node),
    /// A parameter without a value: at the definition, or where a use leaves it out.
    Open(Parameter),
}

/// Names that one mapping may stand for, all their uses together.
const MAX_NAMES: usize = 50_000;

impl Compiler<'_> {
    /// What a name that stands at a spot is bound to.
    pub(super) fn bound_name(&self, name: &str, spot: Spot, scope: &Scope) -> Option<Bound> {
        let find = |lets: &[(Node, Node)], top: bool| {
            lets.iter()
                .find(|(key, _)| key.text() == Some(name))
                .map(|(key, value)| Bound::Let {
                    key: key.clone(),
                    value: value.clone(),
                    top,
                })
        };
        let Some(frame) = self.fragments.frame(spot.origin) else {
            let own = if scope.whole_file {
                None
            } else {
                let rule = scope.rule.and_then(|rule| self.heads.get(rule));
                let table = scope.table.and_then(|table| self.source.tables.get(table));
                rule.and_then(|rule| find(&rule.lets, false))
                    .or_else(|| table.and_then(|table| find(&table.lets, false)))
            };
            return own.or_else(|| find(self.lets, true));
        };
        let decl = self.fragments.decls.get(frame.fragment)?;
        let position = decl.parameters.iter().position(|one| one.name == name);
        match position {
            None => find(&decl.lets, false).map(|bound| match bound {
                Bound::Let { key, value, top } => Bound::Let {
                    key,
                    value: value.with_origin(spot.origin),
                    top,
                },
                other => other,
            }),
            Some(position) => {
                let parameter = decl.parameters.get(position)?.clone();
                let value = frame
                    .arguments
                    .as_ref()
                    .and_then(|given| given.get(position)?.clone());
                Some(match value {
                    Some(value) => Bound::Given(parameter, value),
                    None => Bound::Open(parameter),
                })
            }
        }
    }

    /// The variable that a name at a spot stands for.
    pub(super) fn variable_named(&self, name: &str, spot: Spot, scope: &Scope) -> Option<usize> {
        if scope.whole_file {
            return None;
        }
        scope
            .variables
            .iter()
            .rposition(|variable| variable.name == name && variable.origin == spot.origin)
    }

    /// Compiles what a name stands for; nothing where it stands for nothing.
    pub(super) fn name(
        &mut self,
        name: &str,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Option<Compiled> {
        let bound = self.bound_name(name, spot, scope)?;
        let key = match &bound {
            Bound::Let { key, .. } => key.spot,
            Bound::Given(parameter, _) | Bound::Open(parameter) => parameter.spot,
        };
        // A use counts for the definition, whichever use of the fragment it stands in.
        self.named.insert((key.origin, key.line, key.column));
        let node = match &bound {
            Bound::Open(parameter) => {
                return Some(Some((Op::Coalesce(Vec::new(), spot), parameter.typing())));
            }
            Bound::Let { value, .. } | Bound::Given(_, value) => value.clone(),
        };
        let at = (node.spot.origin, node.spot.line, node.spot.column);
        if self.resolving.contains(&at) {
            self.findings.error(
                codes::NAME_CIRCLE,
                spot,
                format!("'{name}' stands for itself, by way of others or directly"),
                "write one of them out",
            );
            return Some(None);
        }
        self.expanded += 1;
        if self.expanded > MAX_NAMES || self.resolving.len() > 32 {
            self.findings.error(
                codes::EXPANDS,
                spot,
                "names stand for names that stand for names: more than any mapping needs",
                "write some of them out",
            );
            return Some(None);
        }
        self.resolving.push(at);
        let compiled = match &bound {
            Bound::Let { top: true, .. } => {
                let outer = (scope.table.take(), scope.whole_file);
                scope.whole_file = true;
                let compiled = self.named_value(&node, scope, policy);
                (scope.table, scope.whole_file) = outer;
                compiled
            }
            Bound::Given(parameter, _) => {
                self.argument_value(parameter, &node, spot, scope, policy)
            }
            _ => self.named_value(&node, scope, policy),
        };
        self.resolving.pop();
        Some(compiled)
    }

    fn named_value(&mut self, node: &Node, scope: &mut Scope, policy: Option<&Policy>) -> Compiled {
        match node.expression() {
            Some((text, lead)) => {
                let base = shift(node.spot, lead);
                let expr = self.parsed(text, base)?;
                self.compile(&expr, base, scope, policy)
            }
            None => Some((Op::Text(node.constant()?.into()), Typing::new(Type::Text))),
        }
    }

    /// The value that a use gives a parameter.
    fn argument_value(
        &mut self,
        parameter: &Parameter,
        node: &Node,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let (op, typing) = match node.expression() {
            Some(_) => self.named_value(node, scope, policy)?,
            None => self.argument_constant(parameter, node)?,
        };
        let fits = match &parameter.of {
            ParameterType::Any => true,
            ParameterType::Codes => false,
            ParameterType::Value(wanted) => takes(wanted, &typing.of),
        };
        if fits && (parameter.list || !typing.list) {
            return Some((op, typing));
        }
        if parameter.of == ParameterType::Codes {
            self.findings.error(
                codes::FRAGMENT_ARGUMENT,
                spot,
                format!(
                    "'{}' is the name of a code table, and no value",
                    parameter.name
                ),
                "use it in code(x, …) or lookup(x, …)",
            );
            return None;
        }
        self.findings.error(
            codes::FRAGMENT_ARGUMENT,
            node.spot,
            format!(
                "the parameter '{}' takes {}, and this is {}",
                parameter.name,
                parameter.typing().of.name(),
                if typing.list {
                    "a list"
                } else {
                    typing.of.name()
                }
            ),
            "convert it, or give another value",
        );
        None
    }

    /// A constant as the type of a parameter.
    fn argument_constant(&mut self, parameter: &Parameter, node: &Node) -> Compiled {
        let text = node.constant()?;
        let number = || json::Number::from_text(text).map(|_| Op::Number(text.into()));
        let found = match &parameter.of {
            ParameterType::Value(Type::Integer) if text.parse::<i64>().is_ok() => {
                number().map(|op| (op, Type::Integer))
            }
            ParameterType::Value(Type::Decimal) => number().map(|op| (op, Type::Decimal)),
            ParameterType::Value(Type::Boolean) => match text {
                "true" => Some((Op::Boolean(true), Type::Boolean)),
                "false" => Some((Op::Boolean(false), Type::Boolean)),
                _ => None,
            },
            ParameterType::Value(Type::Concept) => {
                let coding = self.coding_constant(text, node.spot)?;
                let concept = Concept {
                    text: coding.display.clone(),
                    codings: vec![coding],
                };
                Some((Op::Concept(std::sync::Arc::new(concept)), Type::Concept))
            }
            ParameterType::Value(Type::Text) | ParameterType::Any => {
                Some((Op::Text(text.into()), Type::Text))
            }
            ParameterType::Codes => Some((Op::Text(text.into()), Type::Text)),
            ParameterType::Value(_) => None,
        };
        if found.is_none() {
            self.findings.error(
                codes::FRAGMENT_ARGUMENT,
                node.spot,
                format!(
                    "the parameter '{}' takes {}, which this constant is not",
                    parameter.name,
                    parameter.typing().of.name()
                ),
                "write an expression, or a constant of that type",
            );
        }
        found.map(|(op, of)| (op, Typing::new(of)))
    }

    /// The code table that a name at a spot stands for.
    pub(super) fn code_table_named(&mut self, name: &str, spot: Spot) -> Option<usize> {
        let mut name = name.to_owned();
        let mut at = spot;
        // A parameter may hand on the parameter of the fragment round it.
        while let Some(frame) = self.fragments.frame(at.origin) {
            let decl = self.fragments.decls.get(frame.fragment)?;
            let Some(position) = decl.parameters.iter().position(|one| one.name == name) else {
                break;
            };
            let parameter = decl.parameters.get(position)?;
            self.named.insert((
                parameter.spot.origin,
                parameter.spot.line,
                parameter.spot.column,
            ));
            let given = frame
                .arguments
                .as_ref()
                .and_then(|given| given.get(position)?.clone());
            match given {
                // At the definition, or left out: nothing is known to look in.
                None => return Some(usize::MAX),
                Some(node) => {
                    name = node
                        .constant()
                        .or_else(|| node.expression().map(|(text, _)| text.trim()))?
                        .to_owned();
                    at = node.spot;
                }
            }
        }
        let owner = self.fragments.frame(at.origin).map(|frame| frame.fragment);
        let codes = self.codes;
        let table = codes
            .iter()
            .position(|table| table.owner == owner && table.name == name)
            // A parameter may also name a table that the fragment brings.
            .or_else(|| {
                let (fragment, _) = self.fragments.decl(spot.origin)?;
                codes
                    .iter()
                    .position(|table| table.owner == Some(fragment) && table.name == name)
            });
        if table.is_none() && self.findings.is_broken("code table", &name) {
            return None;
        }
        if table.is_none() {
            let near = crate::findings::nearest(
                &name,
                codes
                    .iter()
                    .filter(|table| table.owner == owner)
                    .map(|table| table.name.as_str()),
            );
            if let Some(near) = near {
                self.findings.lose(near);
            }
            self.findings.error(
                codes::UNKNOWN_NAME,
                at,
                format!("there is no code table '{name}'"),
                suggest(
                    &name,
                    codes
                        .iter()
                        .filter(|table| table.owner == owner)
                        .map(|table| table.name.as_str()),
                    "code tables",
                ),
            );
        }
        table
    }

    /// What an expression is once its name is followed, and where that stands.
    pub(super) fn followed(&self, expr: &Expr, spot: Spot, scope: &Scope) -> (Kind, Spot) {
        let mut kind = expr.kind.clone();
        let mut at = spot;
        for _ in 0..64 {
            let Kind::Name { name, field: None } = &kind else {
                break;
            };
            if self.variable_named(name, at, scope).is_some() {
                break;
            }
            let node = match self.bound_name(name, at, scope) {
                Some(Bound::Let { value, .. } | Bound::Given(_, value)) => value,
                _ => break,
            };
            let Some(inner) = parsed_quietly(&node) else {
                break;
            };
            kind = inner.kind;
            at = node.spot;
        }
        if let Kind::Name { name, field } = &kind
            && at.origin > 0
        {
            // Two uses may call different things by one name.
            kind = Kind::Name {
                name: format!("{name}@{}", at.origin),
                field: field.clone(),
            };
        }
        (kind, at)
    }
}

impl Compiler<'_> {
    /// The expression that a name stands for, and where it begins; nothing for a variable.
    pub(super) fn unfolded(&self, expr: &Expr, base: Spot, scope: &Scope) -> Option<(Expr, Spot)> {
        let Kind::Name { name, field: None } = &expr.kind else {
            return None;
        };
        if self.variable_named(name, base, scope).is_some() {
            return None;
        }
        let node = match self.bound_name(name, base, scope)? {
            Bound::Let { value, .. } | Bound::Given(_, value) => value,
            Bound::Open(_) => return None,
        };
        let (_, lead) = node.expression()?;
        Some((parsed_quietly(&node)?, shift(node.spot, lead)))
    }

    /// The constant that a use gives a parameter, where a node of a fragment is nothing but that
    /// parameter: it is written as if it stood there.
    pub(super) fn constant_given(&mut self, node: &Node, scope: &Scope) -> Option<Node> {
        let mut node = node.clone();
        for _ in 0..64 {
            if node.spot.origin == 0 {
                return None;
            }
            let Kind::Name { name, field: None } = parsed_quietly(&node)?.kind else {
                return None;
            };
            if self.variable_named(&name, node.spot, scope).is_some() {
                return None;
            }
            let Some(Bound::Given(parameter, value)) = self.bound_name(&name, node.spot, scope)
            else {
                return None;
            };
            let spot = parameter.spot;
            self.named.insert((spot.origin, spot.line, spot.column));
            if value.constant().is_some() {
                return Some(value);
            }
            node = value;
        }
        None
    }

    /// An expression that is nothing but a name, as what it stands for.
    pub fn alone(&mut self, expr: Expr, base: Spot, scope: &Scope) -> (Expr, Spot) {
        let (mut expr, mut base) = (expr, base);
        for _ in 0..32 {
            if let Kind::Name { name, field: None } = &expr.kind
                && let Some(Bound::Let { key, .. }) = self.bound_name(name, base, scope)
            {
                self.named
                    .insert((key.spot.origin, key.spot.line, key.spot.column));
            }
            match self.unfolded(&expr, base, scope) {
                Some((inner, at)) => (expr, base) = (inner, at),
                None => break,
            }
        }
        (expr, base)
    }

    /// The systems that names at a spot stand for.
    pub(super) fn systems_at(&self, spot: Spot) -> &crate::declare::Systems {
        self.fragments
            .decl(spot.origin)
            .map_or(self.systems, |(_, decl)| &decl.systems)
    }
}

/// The expression that a node holds, where it can be read.
pub(super) fn parsed_quietly(node: &Node) -> Option<Expr> {
    match &node.data {
        Data::Scalar { .. } => crate::expr::parse(node.expression()?.0).ok(),
        _ => None,
    }
}

/// Whether a parameter of one type takes a value of another.
fn takes(wanted: &Type, of: &Type) -> bool {
    match (wanted, of) {
        (_, Type::Absent) => true,
        (Type::Decimal, Type::Integer) | (Type::DateTime, Type::Date) => true,
        (Type::Reference(_), Type::Reference(_)) => true,
        (wanted, of) => wanted == of,
    }
}
