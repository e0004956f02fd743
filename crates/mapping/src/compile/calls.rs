//! The functions of the language: their arguments and what they give.

use std::sync::Arc;

use source::DatePattern;

use super::Compiler;
use super::expression::{Compiled, shift};
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::declare::policy::REASONS;
use crate::expr::{Expr, Kind};
use crate::findings::suggest;
use crate::program::{Case, CodeOp, Concept, Function, Op, Policy, Unit};
use crate::yaml::Spot;

/// The name of each function, and how many arguments it takes at least and at most.
const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("upper", 1, 1),
    ("lower", 1, 1),
    ("trim", 1, 1),
    ("concat", 1, MANY),
    ("join", 2, MANY),
    ("replace", 3, 3),
    ("text", 1, 1),
    ("contains", 2, 2),
    ("startsWith", 2, 2),
    ("split", 2, 2),
    ("list", 1, MANY),
    ("first", 1, 1),
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
    ("integer", 1, 1),
    ("decimal", 1, 1),
    ("nhsNumber", 1, 1),
    ("negates", 1, 1),
    ("doubts", 1, 1),
    ("is", 2, 2),
    ("mentions", 2, 2),
    ("absent", 1, 1),
    ("onBad", 2, 2),
    ("onMissing", 2, 2),
];

const MANY: usize = 256;

/// A call while it is compiled.
struct Call<'e> {
    name: &'e str,
    arguments: &'e [Expr],
    base: Spot,
    spot: Spot,
    policy: Option<&'e Policy>,
}

impl Call<'_> {
    fn spot_of(&self, index: usize) -> Spot {
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
            "negates" => self.predicate(Function::Negates, &call, scope),
            "doubts" => self.predicate(Function::Doubts, &call, scope),
            "is" | "mentions" => self.phrase_test(&call, scope),
            "list" => self.list(&call, scope),
            "first" | "distinct" => {
                let (op, typing) = self.argument(&call, 0, scope)?;
                let (function, list) = if call.name == "first" {
                    (Function::First, false)
                } else {
                    (Function::Distinct, true)
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
                self.check_labels(&call, &ops, scope)?;
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
                    hush(&mut op);
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

    fn argument(&mut self, call: &Call<'_>, index: usize, scope: &mut Scope) -> Compiled {
        self.compile(call.arguments.get(index)?, call.base, scope, call.policy)
    }

    /// An argument that can be written as text.
    fn texts(&mut self, call: &Call<'_>, index: usize, scope: &mut Scope) -> Compiled {
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

    fn wants(
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
    fn literal<'e>(&mut self, call: &Call<'e>, index: usize, what: &str) -> Option<&'e str> {
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

    fn call_policy(&self, call: &Call<'_>) -> Policy {
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
        let Some(list) = phrases.iter().position(|list| list.name == name) else {
            self.findings.error(
                codes::UNKNOWN_NAME,
                call.spot_of(1),
                format!("there are no phrases '{name}'"),
                suggest(
                    name,
                    phrases.iter().map(|list| list.name.as_str()),
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

    fn list(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let mut ops = Vec::with_capacity(call.arguments.len());
        let mut typing: Option<Typing> = None;
        for index in 0..call.arguments.len() {
            let (op, next) = self.argument(call, index, scope)?;
            typing = Some(match typing {
                None => next,
                Some(known) => self.unify(call, index, known, next)?,
            });
            ops.push(op);
        }
        let typing = typing?.list(true);
        Some((Op::Call(Function::List, ops), typing))
    }

    /// The type that two alternatives have in common.
    fn unify(&mut self, call: &Call<'_>, index: usize, a: Typing, b: Typing) -> Option<Typing> {
        let of = match (a.of, b.of) {
            (a, b) if a == b => a,
            (Type::Absent, other) | (other, Type::Absent) => other,
            (Type::Integer, Type::Decimal) | (Type::Decimal, Type::Integer) => Type::Decimal,
            (Type::Date, Type::DateTime) | (Type::DateTime, Type::Date) => Type::DateTime,
            (Type::Reference(mut a), Type::Reference(b)) => {
                a.extend(b);
                a.dedup();
                Type::Reference(a)
            }
            (a, b) => {
                self.findings.error(
                    codes::ARGUMENTS,
                    call.spot_of(index),
                    format!(
                        "the alternatives of {} differ: {} and {}",
                        call.name,
                        a.name(),
                        b.name()
                    ),
                    "make them one type, for example with text(…) or textOnly(…)",
                );
                return None;
            }
        };
        Some(Typing {
            of,
            list: a.list || b.list,
            nullable: a.nullable || b.nullable,
            free: a.free || b.free,
            label: a.label || b.label,
        })
    }

    fn choice(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (condition, typing) = self.argument(call, 0, scope)?;
        self.wants(call, 0, &typing, &[Type::Boolean])?;
        let (then, mut typing) = self.argument(call, 1, scope)?;
        let otherwise = match call.arguments.get(2) {
            Some(_) => {
                let (op, other) = self.argument(call, 2, scope)?;
                typing = self.unify(call, 2, typing, other)?;
                op
            }
            None => {
                typing.nullable = true;
                Op::Coalesce(Vec::new())
            }
        };
        Some((Op::If(Box::new((condition, then, otherwise))), typing))
    }

    fn case(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (value, value_typing) = self.argument(call, 0, scope)?;
        let otherwise = call
            .arguments
            .len()
            .is_multiple_of(2)
            .then(|| call.arguments.len() - 1);
        let mut branches = Vec::new();
        let mut typing: Option<Typing> = None;
        let mut index = 1;
        while index + 1 < call.arguments.len() && Some(index) != otherwise {
            let (test, test_typing) = self.argument(call, index, scope)?;
            if std::mem::discriminant(&test_typing.of) != std::mem::discriminant(&value_typing.of) {
                self.findings.error(
                    codes::ARGUMENTS,
                    call.spot_of(index),
                    format!(
                        "case compares {} with {}",
                        value_typing.of.name(),
                        test_typing.of.name()
                    ),
                    "compare values of one type",
                );
                return None;
            }
            self.check_labels(call, &[value.clone(), test.clone()], scope)?;
            let (result, next) = self.argument(call, index + 1, scope)?;
            typing = Some(match typing {
                None => next,
                Some(known) => self.unify(call, index + 1, known, next)?,
            });
            branches.push((test, result));
            index += 2;
        }
        let mut typing = typing?;
        let otherwise = match otherwise {
            Some(index) => {
                let (op, other) = self.argument(call, index, scope)?;
                typing = self.unify(call, index, typing, other)?;
                Some(op)
            }
            None => {
                typing.nullable = true;
                None
            }
        };
        let case = Case {
            value,
            branches,
            otherwise,
        };
        Some((Op::Case(Box::new(case)), typing))
    }

    /// Literals that a cell of a list is compared with must be in that list.
    fn check_labels(&mut self, call: &Call<'_>, ops: &[Op], scope: &Scope) -> Option<()> {
        let Some((first, rest)) = ops.split_first() else {
            return Some(());
        };
        let Some(Some(list)) = self.label_list(first, scope) else {
            return Some(());
        };
        let labels: Vec<String> = list.labels().to_vec();
        let unknown: Vec<String> = rest
            .iter()
            .filter_map(|op| match op {
                Op::Text(text) if list.find(text).is_none() => Some(text.to_string()),
                _ => None,
            })
            .collect();
        let clean = unknown.is_empty();
        for text in unknown {
            self.findings.error(
                codes::NOT_IN_LIST,
                call.spot,
                format!("'{text}' is not in the list of the column"),
                suggest(&text, labels.iter().map(String::as_str), "labels"),
            );
        }
        clean.then_some(())
    }

    fn coalesce(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let mut ops = Vec::with_capacity(call.arguments.len());
        let mut typing: Option<Typing> = None;
        let mut nullable = true;
        for index in 0..call.arguments.len() {
            let (op, next) = self.argument(call, index, scope)?;
            nullable &= next.nullable;
            typing = Some(match typing {
                None => next,
                Some(known) => self.unify(call, index, known, next)?,
            });
            ops.push(op);
        }
        Some((Op::Coalesce(ops), typing?.nullable(nullable)))
    }

    fn concept(&mut self, call: &Call<'_>) -> Compiled {
        let text = self.literal(call, 0, "system|code|display")?.to_owned();
        let coding = self.coding_constant(&text, call.spot_of(0))?;
        let concept = Concept {
            text: coding.display.clone(),
            codings: vec![coding],
        };
        Some((Op::Concept(Arc::new(concept)), Typing::new(Type::Concept)))
    }

    fn code_table(&mut self, call: &Call<'_>) -> Option<usize> {
        let name = self.literal(call, 1, "the name of a code table")?;
        let codes = self.codes;
        let table = codes.iter().position(|table| table.name == name);
        if table.is_none() {
            self.findings.error(
                codes::UNKNOWN_NAME,
                call.spot_of(1),
                format!("there is no code table '{name}'"),
                suggest(
                    name,
                    codes.iter().map(|table| table.name.as_str()),
                    "code tables",
                ),
            );
        }
        table
    }

    /// What the labels of a listed column find in a table; texts without a list may find any row.
    fn reach(
        &mut self,
        op: &Op,
        table: usize,
        scope: &Scope,
        spot: Spot,
    ) -> Option<Vec<Option<usize>>> {
        let codes = self.codes;
        let code_table = codes.get(table)?;
        let labels: Option<Vec<String>> = self
            .label_list(op, scope)
            .flatten()
            .map(|list| list.labels().to_vec());
        let usage = self.table_use.entry(table).or_default();
        let Some(labels) = labels else {
            usage.open = true;
            return None;
        };
        let rows: Vec<Option<usize>> = labels.iter().map(|label| code_table.find(label)).collect();
        usage.reached.extend(rows.iter().flatten());
        let lacking: Vec<&str> = labels
            .iter()
            .zip(&rows)
            .filter(|(_, row)| row.is_none())
            .map(|(label, _)| label.as_str())
            .collect();
        if !lacking.is_empty() {
            self.findings.error(
                codes::INCOMPLETE_TABLE,
                spot,
                format!(
                    "the code table '{}' has no row for: {}",
                    code_table.name,
                    lacking.join(", ")
                ),
                "add a row for each; a row with a blank code says that there is none",
            );
        }
        Some(rows)
    }

    fn code(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, typing) = self.texts(call, 0, scope)?;
        let table = self.code_table(call)?;
        let policy = call
            .policy
            .cloned()
            .or_else(|| Some(self.codes.get(table)?.unmapped.clone()))
            .unwrap_or(Policy::Text);
        let rows = self.reach(&op, table, scope, call.spot_of(1));
        let nullable = typing.nullable || policy == Policy::Drop;
        let op = Op::Code(Box::new(CodeOp {
            value: op,
            table,
            policy,
            rows,
            spot: call.spot,
        }));
        let typing = Typing {
            of: Type::Concept,
            ..typing
        };
        Some((op, typing.nullable(nullable)))
    }

    fn lookup(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, typing) = self.texts(call, 0, scope)?;
        let table = self.code_table(call)?;
        let name = self
            .literal(call, 2, "the name of a column of the code table")?
            .to_owned();
        let codes = self.codes;
        let columns = &codes.get(table)?.columns;
        let Some(column) = columns.iter().position(|column| *column == name) else {
            self.findings.error(
                codes::UNKNOWN_COLUMN,
                call.spot_of(2),
                format!("the code table has no column '{name}'"),
                suggest(&name, columns.iter().map(String::as_str), "columns"),
            );
            return None;
        };
        self.reach(&op, table, scope, call.spot_of(1));
        let op = Op::Row {
            value: Box::new(op),
            table,
            column,
        };
        Some((op, Typing::new(Type::Text).list(typing.list).nullable(true)))
    }

    fn quantity(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, typing) = self.argument(call, 0, scope)?;
        self.wants(call, 0, &typing, &[Type::Integer, Type::Decimal])?;
        let code = self.literal(call, 1, "a UCUM unit")?;
        let unit = match call.arguments.get(2) {
            Some(_) => self.literal(call, 2, "the unit as it is shown")?,
            None => code,
        };
        let op = Op::Quantity {
            value: Box::new(op),
            unit: Arc::new(Unit {
                code: code.into(),
                unit: unit.into(),
            }),
        };
        let typing = Typing {
            of: Type::Quantity,
            ..typing
        };
        Some((op, typing))
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

    fn policy_argument(&mut self, call: &Call<'_>, index: usize) -> Option<Policy> {
        match call.arguments.get(index).map(|argument| &argument.kind) {
            Some(Kind::Name { name, field: None }) if name == "quarantine" => {
                Some(Policy::Quarantine)
            }
            Some(Kind::Name { name, field: None }) if name == "drop" => Some(Policy::Drop),
            Some(Kind::Name { name, field: None }) if name == "text" => Some(Policy::Text),
            Some(Kind::Call { name, arguments }) if name == "absent" => {
                let inner = Call {
                    name: "absent",
                    arguments,
                    base: call.base,
                    spot: call.spot_of(index),
                    policy: None,
                };
                self.policy_reason(&inner, 0)
                    .map(|reason| Policy::Absent(reason.as_str().into()))
            }
            _ => {
                self.findings.error(
                    codes::ARGUMENTS,
                    call.spot_of(index),
                    "this is no policy",
                    "one of quarantine, drop, text, absent(\"reason\")",
                );
                None
            }
        }
    }

    fn policy_reason(&mut self, call: &Call<'_>, index: usize) -> Option<String> {
        let reason = self.literal(call, index, "a reason")?;
        if crate::declare::policy::is_reason(reason) {
            return Some(reason.to_owned());
        }
        self.findings.error(
            codes::ARGUMENTS,
            call.spot_of(index),
            format!("'{reason}' is no reason for absence"),
            suggest(reason, REASONS, "reasons"),
        );
        None
    }
}

/// The mapping has said what a missing partner means: it is no surprise any more.
fn hush(op: &mut Op) {
    match op {
        Op::Partner(partner) => partner.expected = false,
        Op::Call(_, ops) | Op::Coalesce(ops) => ops.iter_mut().for_each(hush),
        Op::ReadDate { value, .. }
        | Op::ReadNumber { value, .. }
        | Op::ReadNhsNumber { value, .. }
        | Op::Row { value, .. }
        | Op::Quantity { value, .. } => hush(value),
        Op::Code(code) => hush(&mut code.value),
        _ => {}
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
        (1, 1) => "1 argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (least, MANY) => format!("at least {least} arguments"),
        (least, most) => format!("{least} to {most} arguments"),
    }
}
