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

/// Whether an attribute that leads elsewhere stands on an element that HTML gives it to.
pub(super) fn has_its_element(attribute: &str, element: &str) -> bool {
    match attribute {
        "href" => matches!(element, "a" | "area"),
        "src" | "longdesc" => element == "img",
        "usemap" | "ismap" => element == "img",
        "cite" => matches!(element, "blockquote" | "q"),
        _ => true,
    }
}

/// Whether what a link, an image or a style says leads somewhere and runs nothing.
pub(super) fn is_safe(attribute: &str, value: &str) -> bool {
    match attribute {
        "href" | "cite" | "longdesc" => !value.is_empty() && is_safe_link(value),
        "src" => !value.is_empty() && is_safe_image(value),
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
            // As a browser reads it: white space round the media type does not count.
            let media_type: String = uri
                .chars()
                .filter(|c| !c.is_whitespace())
                .flat_map(char::to_lowercase)
                .take("data:image/svg".len())
                .collect();
            media_type.starts_with("data:image/") && media_type != "data:image/svg"
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

/// Whether a style fetches something from elsewhere.
pub(super) fn style_fetches(style: &str) -> bool {
    let style = unhidden(style);
    style.split("url(").skip(1).any(|target| {
        is_remote_image(
            target.trim_start_matches(|c: char| c.is_whitespace() || c == '"' || c == '\''),
        )
    })
}

/// Nothing that old browsers run from a style, nothing that brings in a style from elsewhere.
fn is_safe_style(style: &str) -> bool {
    let style = unhidden(style);
    ![
        "expression(",
        "javascript:",
        "vbscript:",
        "@import",
        "behavior:",
        "-moz-binding",
        "url(data:text",
    ]
    .iter()
    .any(|bad| style.contains(bad))
}

/// A style as a browser understands it: in lower case, without comments (which can split a word) and
/// white space, CSS's own escapes resolved (which can hide one).
fn unhidden(style: &str) -> String {
    let mut out = String::with_capacity(style.len());
    let mut rest = style;
    while let Some(at) = rest.find(['\\', '/']) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        if let Some(comment) = found.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
        } else if let Some(escape) = found.strip_prefix('\\') {
            let digits = escape
                .bytes()
                .take(6)
                .take_while(u8::is_ascii_hexdigit)
                .count();
            let (number, behind) = escape.split_at(digits);
            let mut chars = behind.chars();
            let escaped = match u32::from_str_radix(number, 16) {
                Ok(number) => {
                    let space = [' ', '\t', '\n', '\r'];
                    rest = behind.strip_prefix(space).unwrap_or(behind);
                    char::from_u32(number)
                }
                // Any other character stands for itself.
                Err(_) => {
                    let own = chars.next();
                    rest = chars.as_str();
                    own
                }
            };
            out.extend(escaped);
        } else {
            out.push('/');
            rest = found.get(1..).unwrap_or("");
        }
    }
    out.push_str(rest);
    out.retain(|c| !c.is_whitespace() && !c.is_control());
    out.to_ascii_lowercase()
}
