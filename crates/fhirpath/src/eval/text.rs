//! Functions of texts.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use regex::Regex;

use crate::compile::regex;
use crate::error::Fault;
use crate::eval::{Call, ENOUGH, Flow, MORE, Run, Scope, Sink};
use crate::function::Function;
use crate::item::{Item, Text};

/// What compiling a pattern counts for.
const PATTERN_STEPS: u64 = 10_000;

/// The most memory that a pattern made at run time may take.
const PATTERN_SIZE: usize = 1 << 18;

impl<'v> Run<'_, '_, 'v> {
    /// The text of an argument; `None` for nothing.
    fn text_argument(
        &self,
        call: &Call<'_>,
        at: usize,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Text<'v>>, Fault> {
        match call.argument(at) {
            Some(argument) => self.one_text(argument, scope),
            None => Ok(None),
        }
    }

    pub(super) fn text_test(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<bool>, Fault> {
        let (Some(text), Some(other)) = (
            self.one_text(call.input, scope)?,
            self.text_argument(call, 0, scope)?,
        ) else {
            return Ok(None);
        };
        Ok(Some(match call.function {
            Function::StartsWith => text.starts_with(&*other),
            Function::EndsWith => text.ends_with(&*other),
            Function::ContainsText => text.contains(&*other),
            function => {
                let full = function == Function::MatchesFull;
                self.pattern(&other, full, call.at)?.is_match(&text)
            }
        }))
    }

    /// `indexOf`, `lastIndexOf` and `length`, in characters.
    pub(super) fn text_measure(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<i64>, Fault> {
        let Some(text) = self.one_text(call.input, scope)? else {
            return Ok(None);
        };
        let characters = |part: &str| i64::try_from(part.chars().count()).unwrap_or(i64::MAX);
        if call.function == Function::Length {
            return Ok(Some(characters(&text)));
        }
        let Some(other) = self.text_argument(call, 0, scope)? else {
            return Ok(None);
        };
        let found = match call.function {
            Function::IndexOf => text.find(&*other),
            _ => text.rfind(&*other),
        };
        Ok(Some(match found.and_then(|at| text.get(..at)) {
            Some(before) => characters(before),
            None => -1,
        }))
    }

    pub(super) fn text_call(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Text<'v>>, Fault> {
        use Function as F;
        let Some(text) = self.one_text(call.input, scope)? else {
            return Ok(None);
        };
        if call.function == F::Substring {
            return self.substring(&text, call, scope);
        }
        let first = self.text_argument(call, 0, scope)?;
        let second = self.text_argument(call, 1, scope)?;
        let made = match (call.function, first, second) {
            (F::Upper, ..) => Some(text.to_uppercase()),
            (F::Lower, ..) => Some(text.to_lowercase()),
            (F::Trim, ..) => Some(text.trim().to_owned()),
            (F::Replace, Some(pattern), Some(with)) => {
                self.check_growth(&text, &pattern, &with, call.at)?;
                Some(text.replace(&*pattern, &with))
            }
            (F::ReplaceMatches, Some(pattern), Some(with)) => {
                if pattern.is_empty() {
                    return Ok(Some(text));
                }
                let regex = self.pattern(&pattern, false, call.at)?;
                self.check_growth(&text, "", &with, call.at)?;
                Some(regex.replace_all(&text, &*with).into_owned())
            }
            (F::Encode, Some(format), _) => encode(&text, &format),
            (F::Decode, Some(format), _) => decode(&text, &format),
            (F::Escape, Some(target), _) => escape(&text, &target),
            (F::Unescape, Some(target), _) => unescape(&text, &target),
            _ => None,
        };
        made.map(|made| self.bounded(made, call.at)).transpose()
    }

    /// Compiles a pattern that is not known beforehand, which takes as long as many steps.
    fn pattern(&self, pattern: &str, full: bool, at: u32) -> Result<Regex, Fault> {
        self.charge(PATTERN_STEPS, at)?;
        regex(pattern, full, PATTERN_SIZE).map_err(|why| Fault::input(at, why))
    }

    /// A replacement can make a text much longer: refused before it is made.
    fn check_growth(&self, text: &str, pattern: &str, with: &str, at: u32) -> Result<(), Fault> {
        let times = match pattern.len() {
            0 => text.len().saturating_add(1),
            length => text.len() / length,
        };
        let length = times.saturating_mul(with.len()).saturating_add(text.len());
        if length > self.environment.limits.text.saturating_mul(16) {
            return Err(Fault::limit(at, "a text is longer than is allowed"));
        }
        Ok(())
    }

    fn substring(
        &self,
        text: &Text<'v>,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Text<'v>>, Fault> {
        let start = match call.argument(0) {
            Some(start) => self.one_integer(start, scope)?,
            None => None,
        };
        let length = match call.argument(1) {
            Some(length) => match self.one_integer(length, scope)? {
                Some(length) => usize::try_from(length).unwrap_or(0),
                None => usize::MAX,
            },
            None => usize::MAX,
        };
        let Some(Ok(start)) = start.map(usize::try_from) else {
            return Ok(None);
        };
        let place = |characters: usize| text.char_indices().nth(characters).map(|(at, _)| at);
        let Some(from) = place(start) else {
            return Ok(None);
        };
        let to = start
            .checked_add(length)
            .and_then(place)
            .unwrap_or(text.len());
        Ok(match text {
            Text::Borrowed(text) => text.get(from..to).map(Text::Borrowed),
            Text::Owned(text) => text.get(from..to).map(|part| Text::Owned(part.into())),
        })
    }

    /// `toChars` and `split`.
    pub(super) fn visit_texts(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        let Some(text) = self.one_text(call.input, scope)? else {
            return MORE;
        };
        let mut hand_on = |part: &str| {
            self.step(call.at)?;
            sink(Item::String(Text::Owned(part.into())))
        };
        if call.function == Function::ToChars {
            let mut buffer = [0; 4];
            for c in text.chars() {
                if hand_on(c.encode_utf8(&mut buffer))?.is_break() {
                    return ENOUGH;
                }
            }
            return MORE;
        }
        let Some(separator) = self.text_argument(call, 0, scope)? else {
            return MORE;
        };
        for part in text.split(&*separator) {
            if hand_on(part)?.is_break() {
                return ENOUGH;
            }
        }
        MORE
    }

    pub(super) fn joined(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Text<'v>>, Fault> {
        let separator = self.text_argument(call, 0, scope)?;
        let separator = separator.as_deref().unwrap_or_default();
        let most = self.environment.limits.text;
        let mut joined: Option<String> = None;
        let _ = self.visit(call.input, scope, &mut |item| {
            let text = match &item {
                Item::String(text) => Some(text.clone()),
                Item::Node(node) => node.text().map(Text::Borrowed),
                _ => return Err(Fault::input(call.at, "only texts can be joined")),
            };
            let Some(text) = text else {
                return MORE;
            };
            match &mut joined {
                None => joined = Some((*text).to_owned()),
                Some(joined) => {
                    joined.push_str(separator);
                    joined.push_str(&text);
                    if joined.len() > most {
                        return Err(Fault::limit(call.at, "a text is longer than is allowed"));
                    }
                }
            }
            MORE
        })?;
        Ok(joined.map(Text::from))
    }
}

fn encode(text: &str, format: &str) -> Option<String> {
    match format {
        "base64" => Some(STANDARD.encode(text)),
        "urlbase64" => Some(URL_SAFE.encode(text)),
        "hex" => Some(text.bytes().map(|byte| format!("{byte:02x}")).collect()),
        _ => None,
    }
}

fn decode(text: &str, format: &str) -> Option<String> {
    let bytes = match format {
        "base64" => STANDARD.decode(text).ok()?,
        "urlbase64" => URL_SAFE.decode(text).ok()?,
        "hex" => {
            if !text.is_ascii() || !text.len().is_multiple_of(2) {
                return None;
            }
            (0..text.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
                .collect::<Option<Vec<u8>>>()?
        }
        _ => return None,
    };
    String::from_utf8(bytes).ok()
}

fn escape(text: &str, target: &str) -> Option<String> {
    match target {
        "html" => {
            let mut out = String::with_capacity(text.len());
            for c in text.chars() {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&#39;"),
                    c => out.push(c),
                }
            }
            Some(out)
        }
        "json" => {
            let quoted = String::from_utf8(json::Value::from(text).to_bytes()).ok()?;
            Some(quoted.get(1..quoted.len().checked_sub(1)?)?.to_owned())
        }
        _ => None,
    }
}

fn unescape(text: &str, target: &str) -> Option<String> {
    match target {
        "html" => Some(
            text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&"),
        ),
        "json" => {
            let mut quoted = String::with_capacity(text.len() + 2);
            quoted.push('"');
            // What is already bare stays bare.
            let mut escaped = false;
            for c in text.chars() {
                if c == '"' && !escaped {
                    quoted.push('\\');
                }
                escaped = c == '\\' && !escaped;
                quoted.push(c);
            }
            quoted.push('"');
            let value = json::parse(quoted.as_bytes()).ok()?;
            value.as_str().map(str::to_owned)
        }
        _ => None,
    }
}
