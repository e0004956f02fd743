//! The part of FHIRPath that R4 search parameters are written in.
//!
//! ```text
//! union  = term { '|' term }
//! term   = primary { '.' step }            optionally: "exists() and … != false"
//! primary = name | '(' union [ 'as' name ] ')'
//! step   = name | as(T) | ofType(T) | where(resolve() is T) | where(name='text') | extension('url')
//! ```

/// One way from a resource to values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    /// The type that it starts from: `Patient`, or `Resource` for every type.
    pub(crate) root: String,
    pub(crate) steps: Vec<Step>,
    /// The value is whether anything (but `false`) is there: `Patient.deceased`.
    pub(crate) truth: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a child element.
    Child(String),
    /// Only values of this type.
    As(String),
    /// Only references to this type.
    Resolves(String),
    /// Only values whose child is this text.
    Equals(String, String),
    /// Into the extensions with this url.
    Extension(String),
}

/// Parses an expression; the error says what is not supported.
pub(crate) fn parse(text: &str) -> Result<Vec<Path>, String> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
    };
    let paths = parser.union(0)?;
    match parser.peek() {
        None => Ok(paths),
        Some(token) => Err(format!("`{token}` is not supported in a search expression")),
    }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' | ')' | '.' | '|' | '=' => out.push(c.to_string()),
            '!' if chars.next_if_eq(&'=').is_some() => out.push("!=".to_owned()),
            '\'' => {
                let mut literal = String::from("'");
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => literal.push(c),
                        None => return Err("a text does not end".to_owned()),
                    }
                }
                out.push(literal);
            }
            c if c.is_alphabetic() || c == '_' || c == '$' => {
                let mut name = c.to_string();
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                out.push(name);
            }
            c => return Err(format!("`{c}` is not supported in a search expression")),
        }
    }
    Ok(out)
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
}

/// Nesting of parentheses; published expressions use one level.
const MAX_DEPTH: usize = 8;

impl Parser {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn take(&mut self) -> Option<String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is(&mut self, token: &str) -> bool {
        let is = self.peek() == Some(token);
        if is {
            self.at += 1;
        }
        is
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        match self.is(token) {
            true => Ok(()),
            false => Err(format!("`{token}` is missing from a search expression")),
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.take() {
            Some(name) if name.starts_with(|c: char| c.is_alphabetic()) => Ok(name),
            _ => Err("a name is missing from a search expression".to_owned()),
        }
    }

    fn text(&mut self) -> Result<String, String> {
        match self.take() {
            Some(token) if token.starts_with('\'') => Ok(token.trim_start_matches('\'').to_owned()),
            _ => Err("a text is missing from a search expression".to_owned()),
        }
    }

    fn union(&mut self, depth: usize) -> Result<Vec<Path>, String> {
        if depth > MAX_DEPTH {
            return Err("a search expression is nested too deeply".to_owned());
        }
        let mut paths = self.term(depth)?;
        while self.is("|") {
            paths.extend(self.term(depth)?);
        }
        Ok(paths)
    }

    fn term(&mut self, depth: usize) -> Result<Vec<Path>, String> {
        let mut paths = if self.is("(") {
            let mut paths = self.union(depth + 1)?;
            if self.is("as") {
                let type_name = self.name()?;
                push(&mut paths, &Step::As(type_name));
            }
            self.expect(")")?;
            paths
        } else {
            vec![Path {
                root: self.name()?,
                steps: Vec::new(),
                truth: false,
            }]
        };
        while self.is(".") {
            if self.peek() == Some("exists") {
                self.truth(&mut paths)?;
                return Ok(paths);
            }
            let step = self.step()?;
            push(&mut paths, &step);
        }
        // `Observation.value as string` without parentheses.
        if self.is("as") {
            let type_name = self.name()?;
            push(&mut paths, &Step::As(type_name));
        }
        Ok(paths)
    }

    /// `exists() and X != false`, where X is the same path.
    fn truth(&mut self, paths: &mut [Path]) -> Result<(), String> {
        for token in ["exists", "(", ")", "and"] {
            self.expect(token)?;
        }
        let mut again = vec![Path {
            root: self.name()?,
            steps: Vec::new(),
            truth: false,
        }];
        while self.is(".") {
            let step = self.step()?;
            push(&mut again, &step);
        }
        self.expect("!=")?;
        self.expect("false")?;
        if paths != again {
            return Err("`exists() and … != false` is supported of one path only".to_owned());
        }
        for path in paths {
            path.truth = true;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<Step, String> {
        let name = self.name()?;
        if !self.is("(") {
            return Ok(Step::Child(name));
        }
        let step = match name.as_str() {
            "as" | "ofType" => Step::As(self.name()?),
            "extension" => Step::Extension(self.text()?),
            "where" => {
                let inner = self.name()?;
                if inner == "resolve" {
                    for token in ["(", ")", "is"] {
                        self.expect(token)?;
                    }
                    Step::Resolves(self.name()?)
                } else if self.is("=") {
                    Step::Equals(inner, self.text()?)
                } else {
                    return Err(format!(
                        "`where({inner}…)` is not supported in a search expression"
                    ));
                }
            }
            other => {
                return Err(format!(
                    "`{other}()` is not supported in a search expression"
                ));
            }
        };
        self.expect(")")?;
        Ok(step)
    }
}

fn push(paths: &mut [Path], step: &Step) {
    for path in paths {
        path.steps.push(step.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(name: &str) -> Step {
        Step::Child(name.to_owned())
    }

    #[test]
    fn reads_the_forms_that_r4_uses() {
        let paths =
            parse("AllergyIntolerance.code | (MedicationStatement.medication as CodeableConcept)")
                .unwrap();
        assert_eq!(paths.len(), 2);
        assert_eq!(
            paths[1].steps,
            [child("medication"), Step::As("CodeableConcept".to_owned())]
        );
        let paths = parse("Task.for.where(resolve() is Patient)").unwrap();
        assert_eq!(
            paths[0].steps,
            [child("for"), Step::Resolves("Patient".to_owned())]
        );
        let paths = parse("Patient.telecom.where(system='email')").unwrap();
        assert_eq!(
            paths[0].steps[1],
            Step::Equals("system".to_owned(), "email".to_owned())
        );
        let paths = parse("Patient.deceased.exists() and Patient.deceased != false").unwrap();
        assert!(paths[0].truth);
        let paths =
            parse("(Observation.value as string) | (Observation.value as CodeableConcept).text")
                .unwrap();
        assert_eq!(paths[1].steps.len(), 3);
    }

    #[test]
    fn refuses_what_it_would_not_follow() {
        for text in [
            "A.b.where(hasExtension('x')).c",
            "A.b.first()",
            "A.b + A.c",
            "A.b[0]",
            "A.",
            "(A.b",
            "A.where(x='y",
            "A.b.exists() and A.c != false",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(10_000)).is_err());
    }
}
