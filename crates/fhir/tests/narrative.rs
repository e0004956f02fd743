//! Narratives: an allow-list, and a builder that cannot break it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use fhir::narrative::{Div, check, escape, fetches_images, is_well_formed};
use proptest::prelude::*;

fn div(inner: &str) -> String {
    format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>")
}

#[test]
fn basic_formatting_is_allowed() {
    for inner in [
        "text",
        "<p style=\"color: red\">a</p>",
        "<table class=\"grid\" border=\"1\"><tbody><tr><td colspan=\"2\">1</td></tr></tbody></table>",
        "<a href=\"https://example.org\">a</a>",
        "<a href=\"#x\">a</a><a name=\"x\"/>",
        "<img src=\"#pic\" alt=\"a\"/>",
        "<img src=\"data:image/png;base64,AAAA\" alt=\"a\"/>",
        "<img src=\"data: image/png;base64,AAAA\" alt=\"a\"/>",
        "&lt;script&gt; &#169; &amp;",
        "<ul><li>é</li></ul><br/><hr/>",
        "<!-- a comment --> x",
        "<dl><dt>a</dt><dd><p>b</p></dd></dl>",
        "<table><colgroup><col/></colgroup><thead><tr><th>a</th></tr></thead><tr><td><ul><li><p>b</p></li></ul></td></tr></table>",
        "<map name=\"m\"><area shape=\"rect\" coords=\"0,0,1,1\" href=\"#x\" alt=\"x\"/></map>x",
        "<pre xml:space=\"preserve\">a</pre>",
        "<p style=\"background: url(#pic) /* x */; font: 10px/1.2 'A \\41'\">a</p>",
        "<p bgcolor=\"x\">a</p>",
        "\u{a0}",
        "<span xml:lang=\"cy\" lang=\"cy\">Cymraeg</span>",
    ] {
        assert_eq!(check(&div(inner)), Ok(()), "{inner}");
    }
}

#[test]
fn what_runs_or_fetches_is_refused() {
    for inner in [
        "<script>x</script>",
        "<p onclick=\"x()\">a</p>",
        "<iframe src=\"x\"/>",
        "<object>a</object>",
        "<form>a</form>",
        "<input/>",
        "<link href=\"x\"/>",
        "<style>a</style>",
        "<svg>a</svg>",
        "<a href=\"javascript:x\">a</a>",
        "<a href=\"JaVa&#10;Script:x\">a</a>",
        "<a href=\" javascript:x\">a</a>",
        "<a href=\"data:text/html,x\">a</a>",
        "<a href=\"vbscript:x\">a</a>",
        "<img src=\"javascript:x\"/>",
        "<img src=\"file:///x.png\"/>",
        "<a target=\"_blank\" href=\"#x\">a</a>",
        "<del>a</del>",
        "<img src=\"data:image/svg+xml,x\"/>",
        "<img src=\"data: image/ svg+xml,x\"/>",
        "<p style=\"background: url( 'java/**/script:x')\">a</p>",
        "<p style=\"behavior : url(x)\">a</p>",
        "<p style=\"@im\\70 ort x\">a</p>",
        "<p href=\"#x\">a</p>",
        "<a href=\"\">a</a>",
        "<img src=\"\"/>",
        "<p style=\"width: expression(x)\">a</p>",
        "<p style=\"w: e\\78 pression(x)\">a</p>",
        "<p xmlns=\"http://www.w3.org/2000/svg\">a</p>",
        "<font>a</font>",
        "<P>a</P>",
        "<x:p>a</x:p>",
    ] {
        assert!(check(&div(inner)).is_err(), "{inner}");
    }
}

#[test]
fn elements_stand_where_html_has_them() {
    for inner in [
        "<p><div>a</div></p>",
        "<p>a<ul><li>b</li></ul></p>",
        "<span><table><tr><td>a</td></tr></table></span>",
        "<tr><td>a</td></tr>",
        "<table><td>a</td></table>",
        "<table>a<tr><td>b</td></tr></table>",
        "<ul>a</ul>",
        "<ul><p>a</p></ul>",
        "<li>a</li>",
        "<br>a</br>",
        "<a href=\"#x\"><b><a href=\"#y\">a</a></b></a>",
    ] {
        assert!(check(&div(inner)).is_err(), "{inner}");
        assert!(is_well_formed(&div(inner)), "{inner}");
    }
}

#[test]
fn an_image_from_elsewhere_is_known() {
    for (source, elsewhere) in [
        ("https://example.org/x.png", true),
        (" HTTP&#58;//example.org/x.png", true),
        ("//example.org/x.png", true),
        ("#pic", false),
        ("x.png", false),
        ("data:image/png;base64,AAAA", false),
    ] {
        let div = div(&format!("<p><img src=\"{source}\" alt=\"a\"/></p>"));
        assert_eq!(check(&div), Ok(()), "{source}");
        assert_eq!(fetches_images(&div), elsewhere, "{source}");
    }
    let styled = |style: &str| fetches_images(&div(&format!("<p style=\"{style}\">a</p>")));
    assert!(styled("background: URL( 'https://example.org/x' )"));
    assert!(styled("background: u\\72l(//example.org/x)"));
    assert!(!styled("background: url(#x)"));
}

#[test]
fn it_is_one_well_formed_div_with_content() {
    for text in [
        "",
        "text",
        "<p>a</p>",
        "<div>no namespace</div>",
        "<div xmlns=\"http://www.w3.org/1999/xhtml\"/>",
        "<div xmlns=\"http://www.w3.org/1999/xhtml\"> <p> </p></div>",
        "<div xmlns=\"http://www.w3.org/1999/xhtml\">a",
        "<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div><div xmlns=\"http://www.w3.org/1999/xhtml\">b</div>",
        "<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>b",
        "<!DOCTYPE div><div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>",
        "<?xml version=\"1.0\"?><div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>",
    ] {
        assert!(check(text).is_err(), "{text}");
    }
    for inner in [
        "<p>a</b>",
        "a & b",
        "&nbsp;a",
        "&#0;a",
        "&#xD800;a",
        "<p a=\"1\" a=\"2\">x</p>",
        "<![CDATA[a]]>",
        "a\u{1}",
    ] {
        assert!(check(&div(inner)).is_err(), "{inner}");
    }
    assert!(check(&div(&"<p>".repeat(100_000))).is_err());
}

proptest! {
    #[test]
    fn a_built_narrative_is_always_allowed(texts in prop::collection::vec(".*", 1..8)) {
        let mut div = Div::new();
        div.element("h2", "A heading").list(&texts).table(&["One"], texts.iter().map(|text| [text]));
        div.open("script").text(&texts[0]).open("b");
        let built = div.finish();
        prop_assert_eq!(check(&built), Ok(()), "{}", built);
    }

    #[test]
    fn escaped_text_is_only_text(text in ".*") {
        let built = self::div(&format!("a{}", escape(&text)));
        prop_assert_eq!(check(&built), Ok(()));
        prop_assert!(!escape(&text).contains('<'));
    }

    #[test]
    fn nothing_panics(text in ".*") {
        let _ = check(&text);
        let _ = check(&self::div(&text));
    }
}
