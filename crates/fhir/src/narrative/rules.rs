//! The allow-lists.

/// The elements of HTML 4.0 chapters 7 to 11 (without 9.4) and 15 that are not deprecated, with
/// links and images (constraint `txt-1`).
pub(super) const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// The attributes that `txt-1` lists for any element, with those of image maps and of language.
/// They are sorted.
pub(super) const ATTRIBUTES: &[&str] = &[
    "abbr",
    "accesskey",
    "align",
    "alt",
    "axis",
    "bgcolor",
    "border",
    "cellhalign",
    "cellpadding",
    "cellspacing",
    "cellvalign",
    "char",
    "charoff",
    "charset",
    "cite",
    "class",
    "colspan",
    "compact",
    "coords",
    "dir",
    "frame",
    "headers",
    "height",
    "href",
    "hreflang",
    "hspace",
    "id",
    "ismap",
    "lang",
    "longdesc",
    "name",
    "nohref",
    "nowrap",
    "rel",
    "rev",
    "rowspan",
    "rules",
    "scope",
    "shape",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "tabindex",
    "title",
    "type",
    "usemap",
    "valign",
    "value",
    "vspace",
    "width",
    "xml:lang",
    "xml:space",
];

/// Whether what a link, an image or a style says runs nothing, and fetches nothing but images.
pub(super) fn is_safe(attribute: &str, value: &str) -> bool {
    match attribute {
        "href" | "cite" | "longdesc" => is_safe_link(value),
        "src" => is_safe_image(value),
        "style" => is_safe_style(value),
        _ => true,
    }
}

/// The scheme of a URI in lower case, seen as a browser sees it: control characters and spaces do
/// not count.
fn scheme(uri: &str) -> Option<String> {
    let squeezed: String = uri
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect();
    let (scheme, _) = squeezed.split_once(':')?;
    if scheme.contains(['/', '?', '#']) {
        return None;
    }
    Some(scheme.to_ascii_lowercase())
}

/// A link runs nothing and is followed only by a person's click.
fn is_safe_link(uri: &str) -> bool {
    scheme(uri).is_none_or(|scheme| {
        matches!(
            scheme.as_str(),
            "http" | "https" | "mailto" | "tel" | "ftp" | "urn"
        )
    })
}

/// An image is a picture: a fragment, a path, an address on the web, or data that cannot hold a
/// script.
fn is_safe_image(uri: &str) -> bool {
    match scheme(uri).as_deref() {
        None | Some("http" | "https") => true,
        Some("data") => {
            let lower = uri.trim_start().to_ascii_lowercase();
            lower.starts_with("data:image/") && !lower.starts_with("data:image/svg")
        }
        Some(_) => false,
    }
}

/// Whether an image comes from elsewhere, so that showing it tells somebody that it is looked at.
pub(super) fn is_remote_image(uri: &str) -> bool {
    match scheme(uri).as_deref() {
        Some("http" | "https") => true,
        _ => uri.trim_start().starts_with("//"),
    }
}

fn is_safe_style(style: &str) -> bool {
    let lower = style.to_ascii_lowercase();
    // A backslash is CSS's own escape, and a comment can split a word: both can hide the others.
    ![
        "url(",
        "expression",
        "javascript:",
        "@import",
        "behavior",
        "-moz-binding",
        "\\",
        "/*",
    ]
    .iter()
    .any(|bad| lower.contains(bad))
}
