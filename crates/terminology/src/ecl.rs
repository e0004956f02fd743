//! SNOMED CT's Expression Constraint Language (<http://snomed.org/ecl>): the part that value sets
//! use. What is beyond it is kept as a part of which nothing is known.

use crate::reason::Reason;
use crate::release::Release;
use crate::sctid;
use crate::set::Membership;

/// How deep brackets may nest.
const MAX_DEPTH: usize = 32;

/// A condition on a concept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// Any concept: `*`.
    Any,
    /// This concept.
    Is(u64),
    /// What is below: `<`; with itself: `<<`.
    Below(Box<Constraint>, bool),
    /// The children: `<!`.
    Child(Box<Constraint>),
    /// What is above: `>`; with itself: `>>`.
    Above(Box<Constraint>, bool),
    /// The parents: `>!`.
    Parent(Box<Constraint>),
    /// The members of a reference set: `^`.
    Member(u64),
    /// Either of several.
    Or(Vec<Constraint>),
    /// All of several.
    And(Vec<Constraint>),
    /// The first without the second.
    Minus(Box<Constraint>, Box<Constraint>),
    /// Something that is not read here: a refinement, a filter.
    Unread,
}

impl Constraint {
    /// Reads an expression; what it cannot read is [`Constraint::Unread`].
    pub fn read(expression: &str) -> Self {
        let Some(tokens) = tokens(expression) else {
            return Self::Unread;
        };
        let mut reader = Reader {
            tokens: &tokens,
            depth: 0,
        };
        match reader.compound() {
            Some(constraint) if reader.tokens.is_empty() => constraint,
            // A refinement takes only away.
            Some(constraint) if reader.take(&Token::Sign(':')) => {
                Self::And(vec![constraint, Self::Unread])
            }
            _ => Self::Unread,
        }
    }

    /// A concept and what is below it.
    pub fn is_a(code: &str) -> Option<Self> {
        sctid::concept(code).map(|id| Self::Below(Box::new(Self::Is(id)), true))
    }

    /// What is below a concept.
    pub fn descendant_of(code: &str) -> Option<Self> {
        sctid::concept(code).map(|id| Self::Below(Box::new(Self::Is(id)), false))
    }

    /// The concepts, where the constraint is a list of them.
    pub fn listed(&self) -> Option<Vec<u64>> {
        match self {
            Self::Is(id) => Some(vec![*id]),
            Self::Or(all) => {
                let mut listed = Vec::new();
                for one in all {
                    listed.extend(one.listed()?);
                }
                Some(listed)
            }
            Self::Minus(one, other) => {
                let (mut listed, less) = (one.listed()?, other.listed()?);
                listed.retain(|id| !less.contains(id));
                Some(listed)
            }
            _ => None,
        }
    }

    /// The concepts that it names and that are certainly meant, whatever a release says.
    pub fn certain(&self) -> Vec<u64> {
        let mut named = Vec::new();
        self.named(&mut named);
        let mut seen = std::collections::HashSet::new();
        named.retain(|id| seen.insert(*id) && self.of(*id, None) == Membership::In);
        named
    }

    fn named(&self, into: &mut Vec<u64>) {
        match self {
            Self::Is(id) => into.push(*id),
            Self::Below(of, true) | Self::Above(of, true) => of.named(into),
            Self::Or(all) | Self::And(all) => all.iter().for_each(|one| one.named(into)),
            Self::Minus(one, _) => one.named(into),
            _ => {}
        }
    }

    /// Whether a code is meant. Without a release only what is named is known.
    pub fn holds(&self, code: &str, release: Option<&Release>) -> Membership {
        match code.parse::<u64>() {
            Ok(id) if !code.starts_with(['0', '+']) => self.of(id, release),
            _ if code.bytes().all(|byte| byte.is_ascii_digit()) => Membership::Out,
            // An expression of several concepts may stand under one of them.
            _ => Membership::Unknown,
        }
    }

    /// Why a code is not decided.
    pub fn why(&self, code: &str, release: Option<&Release>) -> Reason {
        if code.parse::<u64>().is_err() {
            return Reason::Expression;
        }
        match release {
            Some(release) => self.missing(release).unwrap_or(Reason::Constraint),
            None => Reason::Constraint,
        }
    }

    /// Whether a release decides every concept.
    pub fn is_decided(&self, release: &Release) -> bool {
        self.missing(release).is_none()
    }

    fn missing(&self, release: &Release) -> Option<Reason> {
        match self {
            Self::Unread => Some(Reason::Constraint),
            Self::Member(id) => {
                (!release.has_reference_set(*id)).then_some(Reason::NoReferenceSet(*id))
            }
            Self::Below(of, _) | Self::Child(of) | Self::Above(of, _) | Self::Parent(of) => {
                of.missing(release)
            }
            Self::Or(all) | Self::And(all) => all.iter().find_map(|one| one.missing(release)),
            Self::Minus(one, other) => one.missing(release).or_else(|| other.missing(release)),
            Self::Any | Self::Is(_) => release.failure(),
        }
    }

    fn of(&self, id: u64, release: Option<&Release>) -> Membership {
        match self {
            Self::Unread => Membership::Unknown,
            Self::Is(own) => Membership::of(*own == id),
            Self::Any => release.map_or(Membership::Unknown, |release| release.has(id)),
            Self::Member(set) => {
                release.map_or(Membership::Unknown, |release| release.is_member(*set, id))
            }
            Self::Below(of, with_itself) => {
                let itself = if *with_itself {
                    of.of(id, release)
                } else {
                    Membership::Out
                };
                if itself == Membership::In {
                    return itself;
                }
                match (release, &**of) {
                    // A concept is not below itself.
                    (None, Self::Is(own)) if *own == id && !with_itself => Membership::Out,
                    (None, _) => Membership::Unknown,
                    (Some(release), of) => itself.or(any(release.ancestors(id), |above| {
                        of.of(above, Some(release))
                    })),
                }
            }
            Self::Child(of) => release.map_or(Membership::Unknown, |release| {
                any(release.parents(id), |above| of.of(above, Some(release)))
            }),
            Self::Above(of, with_itself) => {
                match (&**of, release) {
                    (Self::Is(own), None) if own == &id => Membership::of(*with_itself),
                    (Self::Is(own), Some(release)) => Membership::of(*with_itself && *own == id)
                        .or(any(release.ancestors(*own), |above| {
                            Membership::of(above == id)
                        })),
                    _ => Membership::Unknown,
                }
            }
            Self::Parent(of) => match (&**of, release) {
                (Self::Is(own), Some(release)) => {
                    any(release.parents(*own), |above| Membership::of(above == id))
                }
                _ => Membership::Unknown,
            },
            Self::Or(all) => all.iter().fold(Membership::Out, |found, one| {
                if found == Membership::In {
                    found
                } else {
                    found.or(one.of(id, release))
                }
            }),
            Self::And(all) => all.iter().fold(Membership::In, |found, one| {
                if found == Membership::Out {
                    found
                } else {
                    found.and(one.of(id, release))
                }
            }),
            Self::Minus(one, other) => match one.of(id, release) {
                Membership::Out => Membership::Out,
                found => found.and(other.of(id, release).not()),
            },
        }
    }
}

/// Whether any of the concepts found (none when they cannot be told) is in.
fn any(found: Result<Vec<u64>, Reason>, is_in: impl Fn(u64) -> Membership) -> Membership {
    match found {
        Ok(found) => found.into_iter().fold(Membership::Out, |known, id| {
            if known == Membership::In {
                known
            } else {
                known.or(is_in(id))
            }
        }),
        Err(_) => Membership::Unknown,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Concept(u64),
    Operator(Operator),
    And,
    Or,
    Minus,
    Any,
    Sign(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Descendant,
    DescendantOrSelf,
    Child,
    Ancestor,
    AncestorOrSelf,
    Parent,
    Member,
}

struct Reader<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl Reader<'_> {
    fn take(&mut self, wanted: &Token) -> bool {
        match self.tokens.split_first() {
            Some((token, rest)) if token == wanted => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }

    /// Constraints joined by one kind of word; two kinds beside each other mean nothing without
    /// brackets.
    fn compound(&mut self) -> Option<Constraint> {
        let first = self.single()?;
        if self.take(&Token::Minus) {
            let less = self.single()?;
            return Some(Constraint::Minus(Box::new(first), Box::new(less)));
        }
        for (word, join) in [
            (
                Token::Or,
                Constraint::Or as fn(Vec<Constraint>) -> Constraint,
            ),
            (Token::And, Constraint::And),
        ] {
            let mut all = Vec::new();
            while self.take(&word) {
                all.push(self.single()?);
            }
            if !all.is_empty() {
                all.insert(0, first);
                return Some(join(all));
            }
        }
        Some(first)
    }

    fn single(&mut self) -> Option<Constraint> {
        let (token, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        match token {
            Token::Concept(id) => Some(Constraint::Is(*id)),
            Token::Any => Some(Constraint::Any),
            Token::Sign('(') => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return None;
                }
                let inner = self.compound()?;
                self.depth -= 1;
                self.take(&Token::Sign(')')).then_some(inner)
            }
            Token::Operator(operator) => {
                let operand = match self.tokens.first()? {
                    Token::Concept(_) | Token::Any | Token::Sign('(') => self.single()?,
                    // The members of a reference set may have an operator of their own.
                    Token::Operator(Operator::Member) if *operator != Operator::Member => {
                        self.single()?
                    }
                    _ => return None,
                };
                apply(*operator, operand)
            }
            _ => None,
        }
    }
}

fn apply(operator: Operator, operand: Constraint) -> Option<Constraint> {
    let of = Box::new(operand);
    Some(match operator {
        Operator::Descendant => Constraint::Below(of, false),
        Operator::DescendantOrSelf => Constraint::Below(of, true),
        Operator::Child => Constraint::Child(of),
        Operator::Ancestor => Constraint::Above(of, false),
        Operator::AncestorOrSelf => Constraint::Above(of, true),
        Operator::Parent => Constraint::Parent(of),
        Operator::Member => match *of {
            Constraint::Is(id) => Constraint::Member(id),
            Constraint::Or(all) => {
                let members: Option<Vec<Constraint>> = all
                    .into_iter()
                    .map(|one| match one {
                        Constraint::Is(id) => Some(Constraint::Member(id)),
                        _ => None,
                    })
                    .collect();
                Constraint::Or(members?)
            }
            _ => Constraint::Unread,
        },
    })
}

/// The tokens, terms between bars left out; `None` where something is no part of the language that
/// is read here.
fn tokens(expression: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '|' => rest.get(1..)?.find('|')? + 2,
            '0'..='9' => run(rest, |c| c.is_ascii_digit()),
            '<' | '>' => run(rest, |c| matches!(c, '<' | '>' | '!')),
            c if c.is_alphabetic() => run(rest, char::is_alphanumeric),
            c => c.len_utf8(),
        };
        let (text, after) = rest.split_at_checked(length)?;
        match first {
            '|' => {}
            '0'..='9' if !text.starts_with('0') => tokens.push(Token::Concept(text.parse().ok()?)),
            '(' | ')' | ':' => tokens.push(Token::Sign(first)),
            '*' => tokens.push(Token::Any),
            ',' => tokens.push(Token::And),
            _ => tokens.push(word(&text.to_ascii_lowercase())?),
        }
        // What a refinement says is not read.
        if first == ':' {
            break;
        }
        rest = after.trim_start();
    }
    Some(tokens)
}

fn word(text: &str) -> Option<Token> {
    Some(match text {
        "and" => Token::And,
        "or" => Token::Or,
        "minus" => Token::Minus,
        "any" => Token::Any,
        _ => Token::Operator(match text {
            "<" | "descendantof" => Operator::Descendant,
            "<<" | "descendantorselfof" => Operator::DescendantOrSelf,
            "<!" | "childof" => Operator::Child,
            ">" | "ancestorof" => Operator::Ancestor,
            ">>" | "ancestororselfof" => Operator::AncestorOrSelf,
            ">!" | "parentof" => Operator::Parent,
            "^" | "memberof" => Operator::Member,
            _ => return None,
        }),
    })
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_concepts_are_listed() {
        let read = Constraint::read("(248234008 |Mentally alert| OR 300202002 or 450847001)");
        assert_eq!(
            read.listed().unwrap(),
            [248_234_008, 300_202_002, 450_847_001]
        );
        assert_eq!(Constraint::read("(1 OR 2) MINUS 2").listed().unwrap(), [1]);
    }

    #[test]
    fn without_a_release_only_what_is_named_is_known() {
        let read = Constraint::read("(258057004 OR descendantOrSelfOf 39690000 OR < 1) MINUS << 7");
        assert_eq!(read.listed(), None);
        for (code, expected) in [
            ("258057004", Membership::Unknown), // it may be below 7
            ("7", Membership::Out),
            ("12", Membership::Unknown),
            ("012", Membership::Out),
            ("12:3=4", Membership::Unknown),
        ] {
            assert_eq!(read.holds(code, None), expected, "{code}");
        }
        let read = Constraint::read("258057004 OR << 39690000 OR ^ 2");
        assert_eq!(read.certain(), [258_057_004, 39_690_000]);
        assert_eq!(Constraint::read("< 1").holds("1", None), Membership::Out);
        assert_eq!(
            Constraint::read("5 AND << 6").holds("7", None),
            Membership::Out
        );
        assert_eq!(
            Constraint::read("5 : 1 = 2").holds("6", None),
            Membership::Out
        );
        assert_eq!(
            Constraint::read("5 : 1 = 2").holds("5", None),
            Membership::Unknown
        );
    }

    #[test]
    fn what_is_not_read_is_not_guessed() {
        for expression in [
            "",
            "1 2",
            "1 OR",
            "(1",
            "1 OR 2 AND 3",
            "1 MINUS 2 MINUS 3",
            "1 |never closed",
            "<< ",
            "^^ 1",
            "1 {{ term = \"x\" }}",
            "01",
            "99999999999999999999999",
            "1 . 2",
        ] {
            let read = Constraint::read(expression);
            assert_eq!(read.holds("1", None), Membership::Unknown, "{expression}");
            assert!(read.certain().is_empty(), "{expression}");
        }
        let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(Constraint::read(&deep), Constraint::Unread);
    }
}
