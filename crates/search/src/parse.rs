//! From a request's parameters to a query for the store.

use definitions::SearchKind;
use diagnostics::{Issue, IssueType};
use fhir::Reference;
use jiff::Timestamp;
use store::{Clause, DateMatch, DateOp, Query, ReferenceMatch, SystemMatch, TextMatch, TokenMatch};

use crate::codes;
use crate::compile::{Indexer, Parameter};
use crate::date::range;
use crate::value::fold;

/// What a request may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Results on a page when the request does not say.
    pub default_count: u32,
    /// The most results on a page; a request for more gets this many, and the self link says so.
    pub max_count: u32,
    /// The most parameters of a request.
    pub max_parameters: usize,
    /// The most alternatives of all parameters together.
    pub max_values: usize,
    /// The longest value, in bytes.
    pub max_length: usize,
    /// This server's own base: absolute references to it are its own resources.
    pub base: Option<String>,
    /// Ignore parameters that are not known, with a warning (`Prefer: handling=lenient`).
    pub lenient: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            default_count: 50,
            max_count: 200,
            max_parameters: 40,
            max_values: 100,
            max_length: 512,
            base: None,
            lenient: false,
        }
    }
}

/// A request that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// What to ask the store.
    pub query: Query,
    /// The parameters that were really applied, for the self link.
    pub applied: Vec<(String, String)>,
    /// What was ignored, when the request allows it.
    pub warnings: Vec<Issue>,
}

/// Parses the parameters of a search for a type. Repeated parameters must all hold; values
/// separated by commas are alternatives.
///
/// # Errors
/// Every parameter that is not understood, each named, with the nearest names where it is unknown.
pub fn parse(
    indexer: &Indexer,
    resource_type: &str,
    parameters: &[(String, String)],
    limits: &Limits,
) -> Result<Parsed, Vec<Issue>> {
    let mut query = Query::new(resource_type);
    query.count = limits.default_count;
    let mut request = Request {
        limits,
        query,
        applied: Vec::new(),
        warnings: Vec::new(),
        errors: Vec::new(),
        values: 0,
        counted: false,
    };
    if parameters.len() > limits.max_parameters {
        return Err(vec![too_much(format!(
            "a search may have at most {} parameters",
            limits.max_parameters
        ))]);
    }
    let of_type = indexer.of_type(resource_type);
    for (name, value) in parameters {
        request.parameter(&of_type.parameters, &of_type.unsupported, name, value);
    }
    if request.values > limits.max_values {
        request.errors.push(too_much(format!(
            "a search may have at most {} values",
            limits.max_values
        )));
    }
    if !request.errors.is_empty() {
        return Err(request.errors);
    }
    if !request.counted {
        let count = request.query.count.to_string();
        request.applied.push(("_count".to_owned(), count));
    }
    Ok(Parsed {
        query: request.query,
        applied: request.applied,
        warnings: request.warnings,
    })
}

fn too_much(message: String) -> Issue {
    Issue::error(codes::TOO_MUCH, IssueType::TooLong, message)
        .help("split the request into several")
}

fn unsupported(message: String) -> Issue {
    Issue::error(codes::UNSUPPORTED, IssueType::NotSupported, message)
}

fn malformed(name: &str, wanted: &str, value: &str) -> Box<Issue> {
    Issue::error(
        codes::MALFORMED_VALUE,
        IssueType::Value,
        format!("the value of `{name}` is not {wanted}"),
    )
    .with_value(value)
    .into()
}

struct Request<'l> {
    limits: &'l Limits,
    query: Query,
    applied: Vec<(String, String)>,
    warnings: Vec<Issue>,
    errors: Vec<Issue>,
    values: usize,
    counted: bool,
}

impl Request<'_> {
    fn parameter(
        &mut self,
        known: &[Parameter],
        unsupported_ones: &[(String, String)],
        name: &str,
        value: &str,
    ) {
        if value.len() > self.limits.max_length {
            self.errors.push(too_much(format!(
                "the value of `{}` is longer than {} bytes",
                shown(name),
                self.limits.max_length
            )));
            return;
        }
        match name {
            "_count" => return self.count(value),
            "_total" => return self.total(value),
            _ => {}
        }
        let (code, modifier) = match name.split_once(':') {
            Some((code, modifier)) => (code, Some(modifier)),
            None => (name, None),
        };
        if code.contains('.') {
            self.errors.push(
                unsupported(format!(
                    "`{}` follows a reference, which this server does not support",
                    shown(name)
                ))
                .help("search the referred resources first"),
            );
            return;
        }
        let Some(parameter) = known.iter().find(|parameter| parameter.code == code) else {
            self.unknown(known, unsupported_ones, code);
            return;
        };
        if value.is_empty() {
            self.errors.push(
                malformed(code, "there", value).help("give a value, or leave the parameter out"),
            );
            return;
        }
        match self.clause(parameter, modifier, value) {
            Ok(clause) => {
                self.query.clauses.push(clause);
                self.applied.push((name.to_owned(), value.to_owned()));
            }
            Err(issue) => self.errors.push(*issue),
        }
    }

    fn count(&mut self, value: &str) {
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            self.errors
                .push(*malformed("_count", "a whole number", value));
            return;
        }
        // More digits than a number holds is more than the most there is.
        let count = value.parse().unwrap_or(u32::MAX).min(self.limits.max_count);
        if self.counted {
            self.errors.push(
                Issue::error(
                    codes::MALFORMED_VALUE,
                    IssueType::Value,
                    "`_count` is given more than once",
                )
                .help("give it once"),
            );
            return;
        }
        self.query.count = count;
        self.counted = true;
        self.applied.push(("_count".to_owned(), count.to_string()));
    }

    fn total(&mut self, value: &str) {
        match value {
            "accurate" | "estimate" => self.query.total = true,
            "none" => self.query.total = false,
            _ => {
                self.errors.push(*malformed(
                    "_total",
                    "`none`, `estimate` or `accurate`",
                    value,
                ));
                return;
            }
        }
        self.applied.push(("_total".to_owned(), value.to_owned()));
    }

    fn unknown(&mut self, known: &[Parameter], unsupported_ones: &[(String, String)], code: &str) {
        let resource_type = &self.query.rtype;
        let why = unsupported_ones.iter().find(|(name, _)| name == code);
        let message = match why {
            Some((_, why)) => format!("`{code}` is not supported for {resource_type}: {why}"),
            None => format!("{resource_type} has no search parameter `{}`", shown(code)),
        };
        let mut near: Vec<(usize, &str)> = known
            .iter()
            .map(|parameter| parameter.code.as_str())
            .chain(["_count", "_total"])
            .map(|name| (strsim::damerau_levenshtein(name, code), name))
            .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
            .collect();
        near.sort_unstable();
        let near: Vec<String> = near
            .into_iter()
            .take(3)
            .map(|(_, name)| format!("`{name}`"))
            .collect();
        let help = if near.is_empty() {
            "the CapabilityStatement at /metadata lists what can be searched".to_owned()
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        let mut issue =
            Issue::error(codes::UNKNOWN_PARAMETER, IssueType::NotSupported, message).help(help);
        if self.limits.lenient {
            issue.severity = diagnostics::Severity::Warning;
            self.warnings.push(issue);
        } else {
            self.errors.push(issue);
        }
    }

    fn clause(
        &mut self,
        parameter: &Parameter,
        modifier: Option<&str>,
        value: &str,
    ) -> Result<Clause, Box<Issue>> {
        let code = parameter.code.as_str();
        let reference = parameter.kind == SearchKind::Reference;
        // The one modifier that is known: the type of a reference's target.
        let target = match modifier {
            None => None,
            Some(name)
                if reference
                    && (parameter.targets.is_empty()
                        || parameter.targets.iter().any(|target| target == name))
                    && name.starts_with(|c: char| c.is_ascii_uppercase()) =>
            {
                Some(name)
            }
            Some(name) => {
                return Err(unsupported(format!(
                    "the modifier `:{}` of `{code}` is not supported",
                    shown(name)
                ))
                .help("search without the modifier")
                .into());
            }
        };
        let values = split(value, ',');
        self.values += values.len();
        if values.iter().any(String::is_empty) {
            return Err(malformed(
                code,
                "complete: one of its alternatives is empty",
                value,
            ));
        }
        let param = code.to_owned();
        match code {
            "_id" => {
                return Ok(Clause::Id(values.iter().map(|v| unescape(v)).collect()));
            }
            "_lastUpdated" => {
                let dates: Result<_, Box<Issue>> = values.iter().map(|v| date(code, v)).collect();
                return Ok(Clause::LastUpdated(dates?));
            }
            _ => {}
        }
        Ok(match parameter.kind {
            SearchKind::Token => Clause::Token {
                any: values
                    .iter()
                    .map(|v| token(code, v))
                    .collect::<Result<_, _>>()?,
                param,
            },
            SearchKind::Reference => Clause::Reference {
                any: values
                    .iter()
                    .map(|v| self.reference(parameter, target, v))
                    .collect::<Result<_, _>>()?,
                param,
            },
            SearchKind::Date => Clause::Date {
                any: values
                    .iter()
                    .map(|v| date(code, v))
                    .collect::<Result<_, _>>()?,
                param,
            },
            _ => Clause::Text {
                any: values
                    .iter()
                    .map(|v| {
                        let folded = fold(&unescape(v));
                        if folded.is_empty() {
                            Err(malformed(code, "a text with a letter or a digit in it", v))
                        } else {
                            Ok(TextMatch::StartsWith(folded))
                        }
                    })
                    .collect::<Result<_, _>>()?,
                param,
            },
        })
    }

    fn reference(
        &self,
        parameter: &Parameter,
        target: Option<&str>,
        value: &str,
    ) -> Result<ReferenceMatch, Box<Issue>> {
        let code = parameter.code.as_str();
        let text = unescape(value);
        let text = match &self.limits.base {
            Some(base) => text
                .strip_prefix(base.trim_end_matches('/'))
                .and_then(|rest| rest.strip_prefix('/'))
                .unwrap_or(&text),
            None => &text,
        };
        let wrong = || malformed(code, "a reference of the form `Type/id` or `id`", value);
        let (type_name, id) = match text.split_once('/') {
            None => {
                let only = match parameter.targets.as_slice() {
                    [only] => Some(only.as_str()),
                    _ if code == "patient" => Some("Patient"),
                    _ => None,
                };
                (target.or(only), text)
            }
            Some(_) => match Reference::parse(text) {
                Some(Reference::Local {
                    type_name,
                    id,
                    version: None,
                }) => (Some(type_name), id),
                Some(Reference::Remote { .. }) => {
                    return Err(unsupported(format!(
                        "`{code}` refers to another server, whose resources are not indexed"
                    ))
                    .into());
                }
                _ => return Err(wrong()),
            },
        };
        let is_id = !id.is_empty()
            && id.len() <= 64
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        let allowed = match (type_name, target) {
            (Some(type_name), Some(target)) => type_name == target,
            (Some(type_name), None) if code == "patient" => type_name == "Patient",
            _ => true,
        };
        if !is_id || !allowed {
            return Err(wrong());
        }
        Ok(ReferenceMatch {
            rtype: type_name.map(str::to_owned),
            id: id.to_owned(),
        })
    }
}

/// A name of the caller's own making, short enough for a message and without surprises.
fn shown(name: &str) -> String {
    name.chars()
        .take(40)
        .map(|c| if c.is_control() || c == '`' { '?' } else { c })
        .collect()
}

fn token(code: &str, value: &str) -> Result<TokenMatch, Box<Issue>> {
    let parts = split(value, '|');
    let (system, token) = match parts.as_slice() {
        [only] => (SystemMatch::Any, unescape(only)),
        [system, token] if system.is_empty() => (SystemMatch::None, unescape(token)),
        [system, token] => (SystemMatch::Is(unescape(system)), unescape(token)),
        _ => {
            return Err(malformed(
                code,
                "`code`, `system|code`, `|code` or `system|`",
                value,
            ));
        }
    };
    let is_nhs_number =
        matches!(&system, SystemMatch::Is(system) if system == identity::NHS_NUMBER_SYSTEM);
    if is_nhs_number && !token.is_empty() {
        let number: identity::NhsNumber = token.parse().map_err(|_| -> Box<Issue> {
            Issue::error(
                codes::NHS_NUMBER,
                IssueType::Value,
                format!("the value of `{code}` is not an NHS number"),
            )
            .help("an NHS number has ten digits, of which the last is a check digit")
            .with_value(value)
            .into()
        })?;
        return Ok(TokenMatch {
            system,
            code: Some(number.as_str().to_owned()),
        });
    }
    if token.is_empty() && !matches!(system, SystemMatch::Is(_)) {
        return Err(malformed(code, "a code", value));
    }
    Ok(TokenMatch {
        system,
        code: (!token.is_empty()).then_some(token),
    })
}

fn date(code: &str, value: &str) -> Result<DateMatch, Box<Issue>> {
    const PREFIXES: [(&str, DateOp); 8] = [
        ("eq", DateOp::Eq),
        ("ne", DateOp::Ne),
        ("gt", DateOp::Gt),
        ("lt", DateOp::Lt),
        ("ge", DateOp::Ge),
        ("le", DateOp::Le),
        ("sa", DateOp::Sa),
        ("eb", DateOp::Eb),
    ];
    let text = unescape(value);
    if text.starts_with("ap") {
        return Err(
            unsupported(format!("the prefix `ap` of `{code}` is not supported"))
                .help("give the first and the last date, with `ge` and `le`")
                .into(),
        );
    }
    let (op, rest) = PREFIXES
        .iter()
        .find_map(|(prefix, op)| Some((*op, text.strip_prefix(prefix)?)))
        .unwrap_or((DateOp::Eq, &text));
    // A plus sign that was not escaped in a URL has become a space.
    let (lo, hi): (Timestamp, Timestamp) = range(&rest.replace(' ', "+")).ok_or_else(|| {
        malformed(
            code,
            "a date such as `2026-02`, `ge2026-02-14` or `lt2026-02-14T09:30Z`",
            value,
        )
    })?;
    Ok(DateMatch { op, lo, hi })
}

/// Splits at a sign that is not escaped by a backslash; escapes stay.
fn split(value: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in value.chars() {
        if c == at && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

/// Takes the backslash from `\,`, `\|`, `\$` and `\\` (FHIR R4 search, section 3.1.1.4.2).
fn unescape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\'
            && let Some(next) = chars.next_if(|next| matches!(next, ',' | '|' | '$' | '\\'))
        {
            out.push(next);
        } else {
            out.push(c);
        }
    }
    out
}
