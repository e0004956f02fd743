//! Writing names and texts into YAML and into expressions so that they are read back as they were.

/// The longest name of a column that a draft uses; YAML takes no longer key than 1,024 characters.
pub(crate) const LONGEST_NAME: usize = 80;

/// A text where a whole line's value or key may stand: `Name: string`, `- value`.
pub(crate) fn scalar(text: &str) -> String {
    plain_or_quoted(text, |c| {
        c.is_ascii_alphanumeric() || " _-().&/+".contains(c)
    })
}

/// A text inside `[ … ]` and `{ … }`.
pub(crate) fn flow(text: &str) -> String {
    plain_or_quoted(text, |c| {
        c.is_ascii_alphanumeric() || " _-()./+".contains(c)
    })
}

/// A text where an expression might stand as well: one that begins with `=` is written with two.
pub(crate) fn constant(text: &str) -> String {
    if text.starts_with('=') {
        format!("={text}")
    } else {
        text.to_owned()
    }
}

/// An expression, written without its leading `=`, as the value of a line.
pub(crate) fn expression(text: &str) -> String {
    let whole = format!("={text}");
    let safe = |c: char| c.is_ascii_alphanumeric() || " _-().[]&/+|,=\"<>".contains(c);
    if text.chars().all(safe) && !whole.ends_with(' ') && !whole.contains("  ") {
        whole
    } else if text.chars().all(|c| safe(c) || "':%?;*{}".contains(c)) {
        format!("'{}'", whole.replace('\'', "''"))
    } else {
        quoted(&whole)
    }
}

/// An expression inside `{ … }`.
pub(crate) fn flow_expression(text: &str) -> String {
    quoted(&format!("={text}"))
}

/// A column in an expression.
pub(crate) fn cell(name: &str) -> String {
    format!("[{name}]")
}

/// A header in a comment or a message: one line, of bounded length, without signs that YAML or a
/// terminal would act on.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text
        .chars()
        .map(|c| if is_printable(c) { c } else { ' ' })
        .take(61)
        .collect();
    if out.chars().count() > 60 {
        out = out.chars().take(59).collect();
        out.push('…');
    }
    out.trim().to_owned()
}

fn plain_or_quoted(text: &str, safe: impl Fn(char) -> bool) -> String {
    let first = text.chars().next();
    let begins = first.is_some_and(|c| c.is_ascii_alphabetic());
    let ends = text.chars().next_back().is_some_and(|c| c != ' ');
    let words = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ];
    let reserved = words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if begins && ends && !reserved && text.len() <= 200 && text.chars().all(safe) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A text in double quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c => {
                let number = u32::from(c);
                match number {
                    0..=0xFF => out.push_str(&format!("\\x{number:02X}")),
                    0x100..=0xFFFF => out.push_str(&format!("\\u{number:04X}")),
                    _ => out.push_str(&format!("\\U{number:08X}")),
                }
            }
        }
    }
    out.push('"');
    out
}

/// Whether a character is seen as itself by people and by YAML.
fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        // Letters and signs; none of the spaces, marks of direction and private signs among them.
        c if c.is_alphanumeric() => u32::from(c) < 0x1_0000,
        '£' | '€' | '°' | '²' | '³' | '–' | '—' | '‘' | '’' | '“' | '”' | '…' | '×' | '±' | '½' => {
            true
        }
        _ => false,
    }
}

/// Whether a header can be the name of a column as it is: an expression ends it at `]`, and a very
/// long one is no name.
pub(crate) fn is_name(header: &str) -> bool {
    !header.is_empty()
        && header.chars().count() <= LONGEST_NAME
        && !header.contains(']')
        && header.trim() == header
}

/// A URL or the name of a system inside `{ … }`.
pub(crate) fn scalar_url(text: &str) -> String {
    if text.contains(':') && !text.starts_with("http") {
        quoted(text)
    } else {
        text.to_owned()
    }
}
