//! The functions of FHIRPath N1 and of FHIR R4.

use crate::kinds::System;

/// A function that the engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Empty,
    Exists,
    All,
    AllTrue,
    AnyTrue,
    AllFalse,
    AnyFalse,
    SubsetOf,
    SupersetOf,
    Count,
    Distinct,
    IsDistinct,
    Where,
    Select,
    Repeat,
    Single,
    First,
    Last,
    Tail,
    Skip,
    Take,
    Intersect,
    Exclude,
    Combine,
    Union,
    Iif,
    To(System),
    ConvertsTo(System),
    IndexOf,
    LastIndexOf,
    Substring,
    StartsWith,
    EndsWith,
    ContainsText,
    Upper,
    Lower,
    Replace,
    Matches,
    MatchesFull,
    ReplaceMatches,
    Length,
    ToChars,
    Encode,
    Decode,
    Escape,
    Unescape,
    Trim,
    Split,
    Join,
    Abs,
    Ceiling,
    Exp,
    Floor,
    Ln,
    Log,
    Power,
    Round,
    Sqrt,
    Truncate,
    Children,
    Descendants,
    Trace,
    Now,
    Today,
    TimeOfDay,
    Aggregate,
    Not,
    Sort,
    Type,
    Extension,
    HasExtension,
    HasValue,
    GetValue,
    Resolve,
    CheckModifiers,
    ConformsTo,
    MemberOf,
    Subsumes,
    SubsumedBy,
    HtmlChecks,
    LowBoundary,
    HighBoundary,
    Precision,
    Comparable,
}

/// How arguments are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// Once, in the scope of the call.
    Outer,
    /// For each item of the input, which is `$this`.
    EachItem,
}

impl Function {
    /// A function by its name, with the fewest and the most arguments.
    pub fn named(name: &str) -> Option<(Self, usize, usize)> {
        use Function as F;
        Some(match name {
            "empty" => (F::Empty, 0, 0),
            "exists" | "any" => (F::Exists, 0, 1),
            "all" => (F::All, 1, 1),
            "allTrue" => (F::AllTrue, 0, 0),
            "anyTrue" => (F::AnyTrue, 0, 0),
            "allFalse" => (F::AllFalse, 0, 0),
            "anyFalse" => (F::AnyFalse, 0, 0),
            "subsetOf" => (F::SubsetOf, 1, 1),
            "supersetOf" => (F::SupersetOf, 1, 1),
            "count" => (F::Count, 0, 0),
            "distinct" => (F::Distinct, 0, 0),
            "isDistinct" => (F::IsDistinct, 0, 0),
            "where" => (F::Where, 1, 1),
            "select" => (F::Select, 1, 1),
            "repeat" => (F::Repeat, 1, 1),
            "single" => (F::Single, 0, 0),
            "first" => (F::First, 0, 0),
            "last" => (F::Last, 0, 0),
            "tail" => (F::Tail, 0, 0),
            "skip" => (F::Skip, 1, 1),
            "take" => (F::Take, 1, 1),
            "intersect" => (F::Intersect, 1, 1),
            "exclude" => (F::Exclude, 1, 1),
            "combine" => (F::Combine, 1, 1),
            "union" => (F::Union, 1, 1),
            "iif" => (F::Iif, 2, 3),
            "indexOf" => (F::IndexOf, 1, 1),
            "lastIndexOf" => (F::LastIndexOf, 1, 1),
            "substring" => (F::Substring, 1, 2),
            "startsWith" => (F::StartsWith, 1, 1),
            "endsWith" => (F::EndsWith, 1, 1),
            "contains" => (F::ContainsText, 1, 1),
            "upper" => (F::Upper, 0, 0),
            "lower" => (F::Lower, 0, 0),
            "replace" => (F::Replace, 2, 2),
            "matches" => (F::Matches, 1, 1),
            "matchesFull" => (F::MatchesFull, 1, 1),
            "replaceMatches" => (F::ReplaceMatches, 2, 2),
            "length" => (F::Length, 0, 0),
            "toChars" => (F::ToChars, 0, 0),
            "encode" => (F::Encode, 1, 1),
            "decode" => (F::Decode, 1, 1),
            "escape" => (F::Escape, 1, 1),
            "unescape" => (F::Unescape, 1, 1),
            "trim" => (F::Trim, 0, 0),
            "split" => (F::Split, 1, 1),
            "join" => (F::Join, 0, 1),
            "abs" => (F::Abs, 0, 0),
            "ceiling" => (F::Ceiling, 0, 0),
            "exp" => (F::Exp, 0, 0),
            "floor" => (F::Floor, 0, 0),
            "ln" => (F::Ln, 0, 0),
            "log" => (F::Log, 1, 1),
            "power" => (F::Power, 1, 1),
            "round" => (F::Round, 0, 1),
            "sqrt" => (F::Sqrt, 0, 0),
            "truncate" => (F::Truncate, 0, 0),
            "children" => (F::Children, 0, 0),
            "descendants" => (F::Descendants, 0, 0),
            "trace" => (F::Trace, 1, 2),
            "now" => (F::Now, 0, 0),
            "today" => (F::Today, 0, 0),
            "timeOfDay" => (F::TimeOfDay, 0, 0),
            "aggregate" => (F::Aggregate, 1, 2),
            "not" => (F::Not, 0, 0),
            "sort" => (F::Sort, 0, 16),
            "type" => (F::Type, 0, 0),
            "extension" => (F::Extension, 1, 1),
            // Not in R4's list, but R4's own search parameters call it.
            "hasExtension" => (F::HasExtension, 1, 1),
            "hasValue" => (F::HasValue, 0, 0),
            "getValue" => (F::GetValue, 0, 0),
            "resolve" => (F::Resolve, 0, 0),
            "checkModifiers" => (F::CheckModifiers, 0, 16),
            "conformsTo" => (F::ConformsTo, 1, 1),
            "memberOf" => (F::MemberOf, 1, 1),
            "subsumes" => (F::Subsumes, 1, 1),
            "subsumedBy" => (F::SubsumedBy, 1, 1),
            "htmlChecks" => (F::HtmlChecks, 0, 0),
            "lowBoundary" => (F::LowBoundary, 0, 1),
            "highBoundary" => (F::HighBoundary, 0, 1),
            "precision" => (F::Precision, 0, 0),
            "comparable" => (F::Comparable, 1, 1),
            _ => return Self::conversion(name),
        })
    }

    fn conversion(name: &str) -> Option<(Self, usize, usize)> {
        let most = |system| if system == System::Quantity { 1 } else { 0 };
        if let Some(system) = name.strip_prefix("convertsTo").and_then(System::named) {
            return Some((Self::ConvertsTo(system), 0, most(system)));
        }
        let system = name.strip_prefix("to").and_then(System::named)?;
        Some((Self::To(system), 0, most(system)))
    }

    pub fn arguments(self) -> Arguments {
        match self {
            Self::Exists
            | Self::All
            | Self::Where
            | Self::Select
            | Self::Repeat
            | Self::Iif
            | Self::Aggregate
            | Self::Sort => Arguments::EachItem,
            _ => Arguments::Outer,
        }
    }

    /// Whether it asks for the order of its input.
    pub fn needs_order(self) -> bool {
        matches!(
            self,
            Self::First | Self::Last | Self::Tail | Self::Skip | Self::Take
        )
    }

    /// Whether the result depends on nothing but input and arguments.
    pub fn is_pure(self) -> bool {
        !matches!(
            self,
            Self::Trace
                | Self::Now
                | Self::Today
                | Self::TimeOfDay
                | Self::Resolve
                | Self::ConformsTo
                | Self::MemberOf
                | Self::Subsumes
                | Self::SubsumedBy
        )
    }

    /// Whether its input is a text.
    pub fn takes_text(self) -> bool {
        matches!(
            self,
            Self::IndexOf
                | Self::LastIndexOf
                | Self::Substring
                | Self::StartsWith
                | Self::EndsWith
                | Self::ContainsText
                | Self::Upper
                | Self::Lower
                | Self::Replace
                | Self::Matches
                | Self::MatchesFull
                | Self::ReplaceMatches
                | Self::Length
                | Self::ToChars
                | Self::Encode
                | Self::Decode
                | Self::Escape
                | Self::Unescape
                | Self::Trim
                | Self::Split
                | Self::Join
        )
    }

    /// Whether its input is a number (or, for `abs`, a quantity).
    pub fn takes_number(self) -> bool {
        matches!(
            self,
            Self::Abs
                | Self::Ceiling
                | Self::Exp
                | Self::Floor
                | Self::Ln
                | Self::Log
                | Self::Power
                | Self::Round
                | Self::Sqrt
                | Self::Truncate
        )
    }
}
