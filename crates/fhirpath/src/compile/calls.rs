//! Functions: their arguments, and what they give.

use regex::{Regex, RegexBuilder};

use crate::ast::{Ast, Kind as AstKind};
use crate::error::{CompileErrorKind, Mistake};
use crate::function::{Arguments, Function};
use crate::item::Item;
use crate::kinds::{Kind, Static, System};
use crate::plan::Op;

use super::{Compiler, Scope, Typed, mistake};

/// The most memory that a compiled regular expression may take.
const REGEX_SIZE: usize = 1 << 21;

/// Compiles the pattern of `matches`: a full stop also stands for a line's end; `matchesFull` wants
/// the whole text.
pub(crate) fn regex(pattern: &str, full: bool, size: usize) -> Result<Regex, String> {
    let anchored;
    let pattern = if full {
        anchored = format!("^(?:{pattern})$");
        &anchored
    } else {
        pattern
    };
    RegexBuilder::new(pattern)
        .dot_matches_new_line(true)
        .size_limit(size)
        .dfa_size_limit(REGEX_SIZE)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
            _ => "the regular expression cannot be read".to_owned(),
        })
}

impl Compiler<'_> {
    pub(super) fn call(
        &self,
        on: Option<&Ast>,
        name: &str,
        arguments: &[Ast],
        at: u32,
        scope: &Scope<'_>,
    ) -> Result<Typed, Mistake> {
        let input = match on {
            Some(on) => self.expression(on, scope)?,
            None => Typed::new(Op::This, at, scope.this.clone()),
        };
        if let ("is" | "as" | "ofType", [argument]) = (name, arguments) {
            let type_name = self.type_argument(argument)?;
            return match name {
                "is" => self.is(input, &type_name, at),
                "as" => self.cast(input, &type_name, at),
                _ => self.of_type(input, &type_name, at),
            };
        }
        let Some((function, least, most)) = Function::named(name) else {
            return Err(mistake(
                CompileErrorKind::UnknownFunction,
                at,
                format!("`{name}()` is not a function that is supported"),
            ));
        };
        if !(least..=most).contains(&arguments.len()) {
            return Err(mistake(
                CompileErrorKind::Arguments,
                at,
                match least == most {
                    true => format!("`{name}()` takes {least} arguments"),
                    false => format!("`{name}()` takes {least} to {most} arguments"),
                },
            ));
        }
        self.check_input(function, name, &input.is, at)?;
        if function == Function::Sort {
            return self.sort(input, arguments, at, scope);
        }
        let compiled = self.arguments(function, &input.is, arguments, scope)?;
        self.check_arguments(function, name, &compiled)?;
        let is = self.result(function, &input.is, &compiled);
        if matches!(function, Function::Matches | Function::MatchesFull)
            && let [pattern] = compiled.as_slice()
            && let Op::Constants(items) = &pattern.expr.op
            && let [Item::String(text)] = items.as_slice()
        {
            let pattern = regex(text, function == Function::MatchesFull, REGEX_SIZE)
                .map_err(|why| mistake(CompileErrorKind::Regex, pattern.expr.at, why))?;
            return Ok(Typed::new(
                Op::Matches(Box::new(input.expr), pattern),
                at,
                is,
            ));
        }
        let arguments = compiled.into_iter().map(|typed| typed.expr).collect();
        Ok(Typed::new(
            Op::Call(function, Box::new(input.expr), arguments),
            at,
            is,
        ))
    }

    fn arguments(
        &self,
        function: Function,
        input: &Static,
        arguments: &[Ast],
        scope: &Scope<'_>,
    ) -> Result<Vec<Typed>, Mistake> {
        let each = |total| Scope {
            this: input,
            total,
            in_loop: scope.in_loop || function != Function::Iif,
            ..*scope
        };
        match function {
            // What is found is looked into again.
            Function::Repeat => {
                let mut known = input.clone();
                let mut compiled = Vec::new();
                for argument in arguments {
                    // Types that come in later rounds; R4's recursive elements need two.
                    let mut typed = self.expression(argument, &each(scope.total))?;
                    for _ in 0..4 {
                        let wider = known.clone().or(&typed.is);
                        if wider == known {
                            break;
                        }
                        let inner = Scope {
                            this: &wider,
                            ..each(scope.total)
                        };
                        match self.expression(argument, &inner) {
                            Ok(again) => typed = again,
                            Err(_) => break,
                        }
                        known = wider;
                    }
                    compiled.push(typed);
                }
                Ok(compiled)
            }
            Function::Aggregate => {
                let mut arguments = arguments.iter();
                let body = arguments.next();
                let first = arguments
                    .next()
                    .map(|first| self.expression(first, scope))
                    .transpose()?;
                let any = Static::any();
                let body = body
                    .map(|body| self.expression(body, &each(Some(&any))))
                    .transpose()?;
                Ok(body.into_iter().chain(first).collect())
            }
            Function::Trace => arguments
                .iter()
                .enumerate()
                .map(|(at, argument)| match at {
                    0 => self.expression(argument, scope),
                    _ => self.expression(argument, &each(scope.total)),
                })
                .collect(),
            _ if function.arguments() == Arguments::EachItem => arguments
                .iter()
                .map(|argument| self.expression(argument, &each(scope.total)))
                .collect(),
            _ => arguments
                .iter()
                .map(|argument| self.expression(argument, scope))
                .collect(),
        }
    }

    fn sort(
        &self,
        input: Typed,
        keys: &[Ast],
        at: u32,
        scope: &Scope<'_>,
    ) -> Result<Typed, Mistake> {
        let inner = Scope {
            this: &input.is,
            in_loop: true,
            ..*scope
        };
        let mut compiled = Vec::new();
        for key in keys {
            // A minus in front means the other way round, of texts too.
            let (key, descending) = match &key.kind {
                AstKind::Sign(true, of) => (&**of, true),
                _ => (key, false),
            };
            compiled.push((self.expression(key, &inner)?.expr, descending));
        }
        let is = Static {
            ordered: true,
            ..input.is.clone()
        };
        Ok(Typed::new(Op::Sort(Box::new(input.expr), compiled), at, is))
    }

    fn check_input(
        &self,
        function: Function,
        name: &str,
        input: &Static,
        at: u32,
    ) -> Result<(), Mistake> {
        if function.needs_order() {
            self.want_order(input, &format!("`{name}()`"), at)?;
        }
        let wrong = |what: &str| {
            Err(mistake(
                CompileErrorKind::Types,
                at,
                format!(
                    "`{name}()` wants {what}, not {}",
                    input.describe(self.model)
                ),
            ))
        };
        if function.takes_text() && !input.can_be(self.model, |system| self.is_text(system, input))
        {
            return wrong("text");
        }
        let is_number = |system: System| system.is_number() || system == System::Quantity;
        if function.takes_number() && !input.can_be(self.model, is_number) {
            return wrong("a number");
        }
        Ok(())
    }

    /// FHIR writes dates as text, so text functions take them too; FHIRPath's own dates are not text.
    fn is_text(&self, system: System, input: &Static) -> bool {
        let of_fhir = input
            .kinds
            .iter()
            .flatten()
            .any(|kind| matches!(kind, Kind::Fhir(_)));
        system == System::String || (of_fhir && (system.is_date() || system == System::Time))
    }

    fn check_arguments(
        &self,
        function: Function,
        name: &str,
        arguments: &[Typed],
    ) -> Result<(), Mistake> {
        let want = |argument: Option<&Typed>, fits: fn(System) -> bool, what: &str| {
            let Some(argument) = argument else {
                return Ok(());
            };
            match argument.is.can_be(self.model, fits) {
                true => Ok(()),
                false => Err(mistake(
                    CompileErrorKind::Types,
                    argument.expr.at,
                    format!("`{name}()` wants {what} here"),
                )),
            }
        };
        let text: fn(System) -> bool = |system| system == System::String;
        let integer: fn(System) -> bool = |system| system == System::Integer;
        match function {
            Function::Iif => want(
                arguments.first(),
                |system| system == System::Boolean,
                "a boolean",
            ),
            Function::Skip
            | Function::Take
            | Function::Substring
            | Function::Round
            | Function::LowBoundary
            | Function::HighBoundary => arguments
                .iter()
                .try_for_each(|argument| want(Some(argument), integer, "an integer")),
            Function::Trace => want(arguments.first(), text, "text"),
            _ if function.takes_text() => arguments
                .iter()
                .try_for_each(|argument| want(Some(argument), text, "text")),
            Function::Extension
            | Function::HasExtension
            | Function::ConformsTo
            | Function::MemberOf => want(arguments.first(), text, "text"),
            Function::Log | Function::Power => {
                want(arguments.first(), System::is_number, "a number")
            }
            _ => Ok(()),
        }
    }

    /// What a function gives.
    fn result(&self, function: Function, input: &Static, arguments: &[Typed]) -> Static {
        use Function as F;
        let argument = |at: usize| {
            arguments
                .get(at)
                .map_or_else(Static::nothing, |typed| typed.is.clone())
        };
        let system = Static::system;
        match function {
            F::Where
            | F::Single
            | F::First
            | F::Last
            | F::Tail
            | F::Skip
            | F::Take
            | F::Exclude
            | F::Trace
            | F::CheckModifiers => input.clone(),
            F::Intersect | F::Distinct => input.clone().unordered(),
            F::Select => Static {
                ordered: input.ordered && argument(0).ordered,
                ..argument(0)
            },
            F::Repeat => argument(0).unordered(),
            F::Combine | F::Union => input.clone().or(&argument(0)).unordered(),
            F::Iif => argument(1).or(&argument(2)),
            F::To(to) => system(to),
            F::Count | F::IndexOf | F::LastIndexOf | F::Length | F::Precision => {
                system(System::Integer)
            }
            F::Substring
            | F::Upper
            | F::Lower
            | F::Replace
            | F::ReplaceMatches
            | F::ToChars
            | F::Encode
            | F::Decode
            | F::Escape
            | F::Unescape
            | F::Trim
            | F::Split
            | F::Join => system(System::String),
            F::Ceiling | F::Floor | F::Truncate => system(System::Integer),
            F::Exp | F::Ln | F::Log | F::Sqrt => system(System::Decimal),
            F::Power => Static::systems(&[System::Integer, System::Decimal]),
            F::Round => system(System::Decimal),
            F::Abs | F::GetValue | F::LowBoundary | F::HighBoundary => {
                match input.as_systems(self.model) {
                    Some(systems) if !systems.is_empty() && function == F::Abs => {
                        Static::systems(&systems)
                    }
                    Some(systems) if !systems.is_empty() && function == F::GetValue => {
                        Static::systems(&systems)
                    }
                    Some(systems) if !systems.is_empty() => {
                        let mut systems = systems;
                        if systems.contains(&System::Integer) {
                            systems.push(System::Decimal);
                        }
                        Static::systems(&systems)
                    }
                    _ => Static::any(),
                }
            }
            F::Children | F::Descendants => Static::any().unordered(),
            F::Now => system(System::DateTime),
            F::Today => system(System::Date),
            F::TimeOfDay => system(System::Time),
            F::Type => system(System::ClassInfo),
            F::Extension => self
                .model
                .type_named("Extension")
                .map_or_else(Static::any, |ty| Static::fhir(&[ty])),
            F::Resolve | F::Aggregate | F::Sort => Static::any(),
            _ => system(System::Boolean),
        }
    }
}
