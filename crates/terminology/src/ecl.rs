//! The part of SNOMED CT's Expression Constraint Language that needs no SNOMED CT: a list of
//! concepts joined by OR (<http://snomed.org/ecl>).

/// What an expression says for certain.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Listed {
    /// Concepts that are certainly meant.
    pub codes: Vec<String>,
    /// Whether these are all.
    pub is_complete: bool,
}

/// Reads an expression. What is more than a list of concepts (what is under a concept, a reference
/// set, a difference) makes the list incomplete.
pub fn read(expression: &str) -> Listed {
    certain(expression).unwrap_or_default()
}

/// What a list says; `None` when the expression is not a list of concepts joined by OR, each alone
/// or with an operator of its own. Anything else may take concepts away again.
fn certain(expression: &str) -> Option<Listed> {
    let mut listed = Listed {
        codes: Vec::new(),
        is_complete: true,
    };
    let mut operator: Option<Reach> = None;
    let mut open = 0_usize;
    let mut wants_concept = true;
    for token in tokens(expression)? {
        match token {
            Token::Code(code) if wants_concept => {
                wants_concept = false;
                match operator.take() {
                    None => listed.codes.push(code),
                    Some(Reach::SelfAndBelow) => {
                        listed.codes.push(code);
                        listed.is_complete = false;
                    }
                    Some(Reach::Elsewhere) => listed.is_complete = false,
                }
            }
            Token::Word(word) => match &*word {
                "or" if !wants_concept => wants_concept = true,
                // An operator before a group would be one for all in it.
                "(" if wants_concept && operator.is_none() => open += 1,
                ")" if !wants_concept => open = open.checked_sub(1)?,
                word if wants_concept && operator.is_none() => operator = Some(reach(word)?),
                _ => return None,
            },
            Token::Code(_) => return None,
        }
    }
    (!wants_concept && open == 0).then_some(listed)
}

enum Reach {
    SelfAndBelow,
    Elsewhere,
}

enum Token {
    Code(String),
    Word(String),
}

fn reach(word: &str) -> Option<Reach> {
    match word {
        "<<" | "descendantorselfof" => Some(Reach::SelfAndBelow),
        "<" | "descendantof" | "^" | "memberof" | "<!" | "childof" => Some(Reach::Elsewhere),
        _ => None,
    }
}

/// The tokens, terms between bars left out; `None` when a bar is never closed.
fn tokens(expression: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '|' => rest.get(1..)?.find('|')? + 2,
            '(' | ')' => 1,
            '0'..='9' => run(rest, |c| c.is_ascii_digit()),
            '<' | '>' | '^' | '!' => run(rest, |c| matches!(c, '<' | '>' | '!' | '^')),
            c if c.is_alphabetic() => run(rest, char::is_alphanumeric),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at_checked(length)?;
        match first {
            '|' => {}
            '0'..='9' => tokens.push(Token::Code(token.to_owned())),
            _ => tokens.push(Token::Word(token.to_ascii_lowercase())),
        }
        rest = after.trim_start();
    }
    Some(tokens)
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn lists_of_concepts_are_complete() {
        let listed = read("(248234008 |Mentally alert| OR 300202002 or 450847001)");
        assert!(listed.is_complete);
        assert_eq!(listed.codes, ["248234008", "300202002", "450847001"]);
    }

    #[test]
    fn what_is_below_a_concept_is_not_known() {
        let listed = read("258057004 OR descendantOrSelfOf 39690000 OR < 1 OR ^ 2");
        assert!(!listed.is_complete);
        assert_eq!(listed.codes, ["258057004", "39690000"]);
    }

    #[test]
    fn anything_but_a_list_leaves_nothing_certain() {
        for expression in [
            "",
            "< (1 OR 2)",
            "1 2",
            "1 OR",
            "(1",
            "(1 OR 2) MINUS 3",
            "1 AND 2",
            "1 : 2 = 3",
            "1 |never closed",
        ] {
            let listed = read(expression);
            assert!(
                listed.codes.is_empty() && !listed.is_complete,
                "{expression}"
            );
        }
    }
}
