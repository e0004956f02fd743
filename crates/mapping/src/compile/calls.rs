//! The functions of the language: their arguments and what they give.

use std::sync::Arc;

use source::DatePattern;

use super::Compiler;
use super::expression::{Compiled, shift};
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::expr::{Expr, Kind};
use crate::findings::suggest;
use crate::program::{Function, Op, Policy};
use crate::yaml::Spot;

/// The name of each function, and how many arguments it takes at least and at most.
pub(crate) const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("upper", 1, 1),
    ("lower", 1, 1),
    ("trim", 1, 1),
    ("concat", 1, MANY),
    ("join", 2, MANY),
    ("replace", 3, 3),
    ("text", 1, 1),
    ("contains", 2, 2),
    ("startsWith", 2, 2),
    ("endsWith", 2, 2),
    ("matches", 2, 2),
    ("before", 2, 2),
    ("after", 2, 2),
    ("split", 2, 2),
    ("list", 1, MANY),
    ("first", 1, 1),
    ("last", 1, 1),
    ("count", 1, 1),
    ("distinct", 1, 1),
    ("if", 2, 3),
    ("case", 3, MANY),
    ("coalesce", 2, MANY),
    ("present", 1, 1),
    ("missing", 1, 1),
    ("in", 2, MANY),
    ("concept", 1, 1),
    ("textOnly", 1, 1),
    ("code", 2, 2),
    ("lookup", 3, 3),
    ("quantity", 2, 3),
    ("date", 2, MANY),
    ("dateOf", 1, 1),
    ("time", 1, MANY),
    ("dateTime", 2, 2),
    ("between", 3, 3),
    ("period", 2, 2),
    ("range", 2, 2),
    ("ratio", 2, 2),
    ("integer", 1, 1),
    ("decimal", 1, 1),
    ("nhsNumber", 1, 1),
    ("negates", 1, 1),
    ("doubts", 1, 1),
    ("is", 2, 2),
    ("mentions", 2, 2),
    ("absent", 1, 1),
    ("refuse", 0, 0),
    ("onBad", 2, 2),
    ("onMissing", 2, 2),
];

const MANY: usize = 256;

/// A call while it is compiled.
pub(super) struct Call<'e> {
    pub name: &'e str,
    pub arguments: &'e [Expr],
    pub base: Spot,
    pub spot: Spot,
    pub policy: Option<&'e Policy>,
}

impl Call<'_> {
    pub(super) fn spot_of(&self, index: usize) -> Spot {
        self.arguments
            .get(index)
            .map_or(self.spot, |argument| Spot {
                length: argument.length,
                ..shift(self.base, argument.at)
            })
    }
}

impl Compiler<'_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        arguments: &[Expr],
        base: Spot,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let Some((name, least, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            let help = if matches!(name, "today" | "now") {
                "there is no clock: the same file must always give the same result; use asOf or a column".to_owned()
            } else {
                suggest(name, FUNCTIONS.iter().map(|(name, ..)| *name), "functions")
            };
            self.findings.error(
                codes::UNKNOWN_FUNCTION,
                spot,
                format!("there is no function '{name}'"),
                help,
            );
            return None;
        };
        if arguments.len() < *least || arguments.len() > *most {
            self.findings.error(
                codes::ARGUMENTS,
                spot,
                format!(
                    "{name} takes {}, and {} were given",
                    arity(*least, *most),
                    arguments.len()
                ),
                "what stands before | is the first argument",
            );
            return None;
        }
        let call = Call {
            name,
            arguments,
            base,
            spot,
            policy,
        };
        match *name {
            "upper" => self.mapped(Function::Upper, &call, scope),
            "lower" => self.mapped(Function::Lower, &call, scope),
            "trim" => self.mapped(Function::Trim, &call, scope),
            "text" => self.mapped(Function::Text, &call, scope),
            "concat" => self.joined(Function::Concat, &call, scope),
            "join" => self.joined(Function::Join, &call, scope),
            "replace" => {
                let (op, typing) = self.texts(&call, 0, scope)?;
                let from = self.texts(&call, 1, scope)?.0;
                let to = self.texts(&call, 2, scope)?.0;
                Some((
                    Op::Call(Function::Replace, vec![op, from, to]),
                    text_like(&typing),
                ))
            }
            "split" => {
                let (op, typing) = self.texts(&call, 0, scope)?;
                let separator = self.texts(&call, 1, scope)?.0;
                let typing = Typing {
                    list: true,
                    ..text_like(&typing)
                };
                Some((Op::Call(Function::Split, vec![op, separator]), typing))
            }
            "contains" => self.predicate(Function::Contains, &call, scope),
            "startsWith" => self.predicate(Function::StartsWith, &call, scope),
            "endsWith" => self.predicate(Function::EndsWith, &call, scope),
            "matches" => self.matches(&call, scope),
            "before" | "after" => {
                let (op, typing) = self.texts(&call, 0, scope)?;
                let separator = self.texts(&call, 1, scope)?.0;
                let (function, nullable) = match call.name {
                    "before" => (Function::Before, typing.nullable),
                    _ => (Function::After, true),
                };
                Some((
                    Op::Call(function, vec![op, separator]),
                    text_like(&typing).nullable(nullable),
                ))
            }
            "time" => self.time(&call, scope),
            "dateTime" => self.date_time(&call, scope),
            "between" => self.between(&call, scope),
            "period" | "range" | "ratio" => self.pair(&call, scope),
            "negates" => self.predicate(Function::Negates, &call, scope),
            "doubts" => self.predicate(Function::Doubts, &call, scope),
            "is" | "mentions" => self.phrase_test(&call, scope),
            "list" => self.list(&call, scope),
            "first" | "last" | "distinct" => {
                let (op, typing) = self.argument(&call, 0, scope)?;
                let (function, list) = match call.name {
                    "first" => (Function::First, false),
                    "last" => (Function::Last, false),
                    _ => (Function::Distinct, true),
                };
                Some((Op::Call(function, vec![op]), typing.list(list)))
            }
            "count" => {
                let (op, _) = self.argument(&call, 0, scope)?;
                Some((
                    Op::Call(Function::Count, vec![op]),
                    Typing::new(Type::Integer),
                ))
            }
            "present" | "missing" => {
                let (op, _) = self.argument(&call, 0, scope)?;
                let function = if call.name == "present" {
                    Function::Present
                } else {
                    Function::Missing
                };
                Some((Op::Call(function, vec![op]), Typing::new(Type::Boolean)))
            }
            "in" => {
                let mut ops = Vec::with_capacity(arguments.len());
                for index in 0..arguments.len() {
                    ops.push(self.texts(&call, index, scope)?.0);
                }
                self.check_labels(&call, 1, &ops, scope)?;
                Some((Op::Call(Function::In, ops), Typing::new(Type::Boolean)))
            }
            "if" => self.choice(&call, scope),
            "case" => self.case(&call, scope),
            "coalesce" => self.coalesce(&call, scope),
            "concept" => self.concept(&call),
            "textOnly" => {
                let (op, typing) = self.texts(&call, 0, scope)?;
                let typing = Typing {
                    of: Type::Concept,
                    ..typing
                };
                Some((Op::Call(Function::TextOnly, vec![op]), typing))
            }
            "code" => self.code(&call, scope),
            "lookup" => self.lookup(&call, scope),
            "quantity" => self.quantity(&call, scope),
            "date" => self.date(&call, scope),
            "dateOf" => {
                let (op, typing) = self.argument(&call, 0, scope)?;
                self.wants(&call, 0, &typing, &[Type::Date, Type::DateTime])?;
                let typing = Typing {
                    of: Type::Date,
                    ..typing
                };
                Some((Op::Call(Function::DateOf, vec![op]), typing))
            }
            "integer" | "decimal" => {
                let (op, typing) = self.texts(&call, 0, scope)?;
                let integer = call.name == "integer";
                let of = if integer {
                    Type::Integer
                } else {
                    Type::Decimal
                };
                let op = Op::ReadNumber {
                    value: Box::new(op),
                    integer,
                    policy: self.call_policy(&call),
                    spot,
                };
                Some((op, Typing::new(of).list(typing.list).nullable(true)))
            }
            "nhsNumber" => {
                let (op, typing) = self.texts(&call, 0, scope)?;
                let op = Op::ReadNhsNumber {
                    value: Box::new(op),
                    policy: self.call_policy(&call),
                    spot,
                };
                Some((op, Typing::new(Type::Text).list(typing.list).nullable(true)))
            }
            "refuse" => {
                let op = Op::OnMissing {
                    value: Box::new(Op::Coalesce(Vec::new(), spot)),
                    policy: Policy::Quarantine,
                    spot,
                };
                Some((op, Typing::new(Type::Absent)))
            }
            "absent" => self.policy_reason(&call, 0).map(|reason| {
                (
                    Op::Absent(reason.as_str().into()),
                    Typing::new(Type::Absent),
                )
            }),
            "onBad" => {
                let policy = self.policy_argument(&call, 1)?;
                let inner = call.arguments.first()?;
                let (op, typing) = self.compile(inner, base, scope, Some(&policy))?;
                let nullable = typing.nullable;
                Some((op, typing.nullable(nullable || policy == Policy::Drop)))
            }
            _ => {
                let policy = self.policy_argument(&call, 1)?;
                let (op, typing) = self.argument(&call, 0, scope)?;
                if policy == Policy::Text {
                    self.findings.error(
                        codes::ARGUMENTS,
                        call.spot_of(1),
                        "nothing cannot be kept as text",
                        "one of quarantine, drop, absent(reason)",
                    );
                    return None;
                }
                let mut op = op;
                if policy != Policy::Quarantine {
                    super::policies::hush(&mut op);
                }
                let op = Op::OnMissing {
                    value: Box::new(op),
                    policy,
                    spot,
                };
                Some((op, typing.nullable(false)))
            }
        }
    }

    pub(super) fn argument(
        &mut self,
        call: &Call<'_>,
        index: usize,
        scope: &mut Scope,
    ) -> Compiled {
        self.compile(call.arguments.get(index)?, call.base, scope, call.policy)
    }

    /// An argument that can be written as text.
    pub(super) fn texts(&mut self, call: &Call<'_>, index: usize, scope: &mut Scope) -> Compiled {
        let (op, typing) = self.argument(call, index, scope)?;
        if typing.of.is_plain() {
            return Some((op, typing));
        }
        self.findings.error(
            codes::ARGUMENTS,
            call.spot_of(index),
            format!(
                "{} wants a plain value here, and this is {}",
                call.name,
                typing.of.name()
            ),
            "a text, a number, a date or a boolean",
        );
        None
    }

    pub(super) fn wants(
        &mut self,
        call: &Call<'_>,
        index: usize,
        typing: &Typing,
        types: &[Type],
    ) -> Option<()> {
        if types.contains(&typing.of) || typing.of == Type::Absent {
            return Some(());
        }
        let names: Vec<&str> = types.iter().map(Type::name).collect();
        self.findings.error(
            codes::ARGUMENTS,
            call.spot_of(index),
            format!(
                "{} wants {} here, and this is {}",
                call.name,
                names.join(" or "),
                typing.of.name()
            ),
            "convert it first, or use another column",
        );
        None
    }

    /// A constant text.
    pub(super) fn literal<'e>(
        &mut self,
        call: &Call<'e>,
        index: usize,
        what: &str,
    ) -> Option<&'e str> {
        match call.arguments.get(index).map(|argument| &argument.kind) {
            Some(Kind::Text(text)) => Some(text),
            Some(Kind::Name { name, field: None }) => Some(name),
            _ => {
                self.findings.error(
                    codes::ARGUMENTS,
                    call.spot_of(index),
                    format!("{} wants {what} here, as a constant", call.name),
                    "write it in quotes",
                );
                None
            }
        }
    }

    pub(super) fn call_policy(&self, call: &Call<'_>) -> Policy {
        call.policy.cloned().unwrap_or(Policy::Drop)
    }

    fn mapped(&mut self, function: Function, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, typing) = self.texts(call, 0, scope)?;
        Some((Op::Call(function, vec![op]), text_like(&typing)))
    }

    fn joined(&mut self, function: Function, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let mut ops = Vec::with_capacity(call.arguments.len());
        let mut nullable = function == Function::Join;
        let mut all = true;
        let mut free = false;
        for index in 0..call.arguments.len() {
            let (op, typing) = self.texts(call, index, scope)?;
            if function == Function::Concat && typing.list {
                self.findings.error(
                    codes::ARGUMENTS,
                    call.spot_of(index),
                    "concat wants single values, and this is a list",
                    "use join(separator, …)",
                );
                return None;
            }
            if index > 0 || function == Function::Concat {
                all &= typing.nullable;
                nullable |= typing.nullable;
                free |= typing.free;
            }
            ops.push(op);
        }
        if function == Function::Join {
            nullable = all;
        }
        Some((
            Op::Call(function, ops),
            Typing::new(Type::Text).nullable(nullable).free(free),
        ))
    }

    fn predicate(&mut self, function: Function, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let mut ops = Vec::with_capacity(2);
        for index in 0..call.arguments.len() {
            ops.push(self.texts(call, index, scope)?.0);
        }
        Some((Op::Call(function, ops), Typing::new(Type::Boolean)))
    }

    fn phrase_test(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, _) = self.texts(call, 0, scope)?;
        let name = self.literal(call, 1, "the name of a list of phrases")?;
        let phrases = self.phrases;
        let owner = self
            .fragments
            .decl(call.spot.origin)
            .map(|(index, _)| index);
        let Some(list) = phrases
            .iter()
            .position(|list| list.owner == owner && list.name == name)
        else {
            self.findings.error(
                codes::UNKNOWN_NAME,
                call.spot_of(1),
                format!("there are no phrases '{name}'"),
                suggest(
                    name,
                    phrases
                        .iter()
                        .filter(|list| list.owner == owner)
                        .map(|list| list.name.as_str()),
                    "lists of phrases",
                ),
            );
            return None;
        };
        let op = Op::Phrases {
            value: Box::new(op),
            list,
            whole: call.name == "is",
        };
        Some((op, Typing::new(Type::Boolean)))
    }

    fn date(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, typing) = self.texts(call, 0, scope)?;
        let mut formats = Vec::new();
        let mut time = false;
        for index in 1..call.arguments.len() {
            let text = self.literal(call, index, "a date format")?;
            match DatePattern::parse(text) {
                Ok(pattern) => {
                    time |= pattern.has_time() && text != "iso" && text != "excel";
                    formats.push(pattern);
                }
                Err(error) => {
                    self.findings.error(
                        codes::DATE_FORMAT,
                        call.spot_of(index),
                        format!("'{text}' is no date format: {error}"),
                        "letters: yyyy MM M MMM MMMM dd d HH mm ss; or the name iso",
                    );
                    return None;
                }
            }
        }
        // What FHIR writes is never ambiguous: also how a real date in a text column reads.
        formats.extend(DatePattern::parse("iso").ok());
        let of = if time { Type::DateTime } else { Type::Date };
        let op = Op::ReadDate {
            value: Box::new(op),
            formats: Arc::new(formats),
            time,
            policy: self.call_policy(call),
            spot: call.spot,
        };
        Some((op, Typing::new(of).list(typing.list).nullable(true)))
    }
}

fn text_like(typing: &Typing) -> Typing {
    Typing {
        of: Type::Text,
        label: false,
        ..typing.clone()
    }
}

fn arity(least: usize, most: usize) -> String {
    match (least, most) {
        (0, 0) => "no arguments".to_owned(),
        (1, 1) => "1 argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (least, MANY) => format!("at least {least} arguments"),
        (least, most) => format!("{least} to {most} arguments"),
    }
}
