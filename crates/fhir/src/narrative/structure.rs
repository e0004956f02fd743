//! Which element may stand in which (the content models of HTML 4.0, where they concern the elements
//! that a narrative may have).

/// Why an element may not stand where it does.
pub(super) const MISPLACED: &str =
    "has an element where it may not stand (a block in a paragraph, a cell outside a row)";

/// Whether an element may stand inside the open ones, the innermost last.
pub(super) fn may_stand(name: &str, open: &[&str]) -> bool {
    let Some(&parent) = open.last() else {
        return true;
    };
    let at_home = match name {
        "tr" => matches!(parent, "table" | "thead" | "tfoot" | "tbody"),
        "tbody" | "thead" | "tfoot" | "caption" | "colgroup" => parent == "table",
        "col" => matches!(parent, "table" | "colgroup"),
        "td" | "th" => parent == "tr",
        "li" => matches!(parent, "ul" | "ol"),
        "dd" | "dt" => parent == "dl",
        _ => true,
    };
    let welcome = match parent {
        "br" | "img" | "hr" | "area" | "col" => false,
        "table" => matches!(
            name,
            "tbody" | "tr" | "caption" | "thead" | "tfoot" | "col" | "colgroup"
        ),
        "tbody" | "thead" | "tfoot" => name == "tr",
        "tr" => matches!(name, "td" | "th"),
        "colgroup" => name == "col",
        "ul" | "ol" => name == "li",
        "dl" => matches!(name, "dd" | "dt"),
        _ => true,
    };
    let inside = |outer: fn(&str) -> bool| open.iter().any(|open| outer(open));
    let no_block = match name {
        "div" | "pre" | "table" | "ul" | "ol" => !inside(is_inline_only),
        "p" | "blockquote" => !inside(|open| open == "p"),
        "a" => !inside(|open| open == "a"),
        _ => true,
    };
    at_home && welcome && no_block
}

/// Whether text may stand directly in an element.
pub(super) fn may_hold_text(name: &str) -> bool {
    !matches!(
        name,
        "table"
            | "tbody"
            | "thead"
            | "tfoot"
            | "tr"
            | "colgroup"
            | "ul"
            | "ol"
            | "dl"
            | "br"
            | "img"
            | "hr"
            | "area"
            | "col"
    )
}

/// Elements that hold text and what formats it, and no blocks.
fn is_inline_only(name: &str) -> bool {
    matches!(
        name,
        "p" | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "pre"
            | "address"
            | "caption"
            | "dt"
            | "a"
            | "b"
            | "em"
            | "i"
            | "strong"
            | "small"
            | "big"
            | "sub"
            | "sup"
            | "code"
            | "tt"
            | "dfn"
            | "q"
            | "var"
            | "abbr"
            | "acronym"
            | "cite"
            | "bdo"
            | "kbd"
            | "samp"
            | "span"
    )
}
