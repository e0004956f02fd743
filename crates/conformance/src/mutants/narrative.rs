//! `text`.

use json::{Object, Value};

use super::edit::Mutant;
use super::{Base, Places, World};
use crate::Seeded;

/// Divs: what stands in them, and whether there is one.
const DIVS: [&str; 58] = [
    "<p>x</p><script>alert(1)</script>",
    "<p onclick=\"x()\">x</p>",
    "<p onmouseover=\"x()\">x</p>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\"https://causeway.test\">x</a>",
    "<a href=\"#here\">x</a>",
    "<a name=\"here\">x</a>",
    "<img src=\"https://causeway.test/a.png\" alt=\"x\"/>",
    "<img src=\"#here\" alt=\"x\"/>",
    "<img src=\"data:image/png;base64,AAAA\" alt=\"x\"/>",
    "<p style=\"color:red\">x</p>",
    "<p style=\"background:url(javascript:x)\">x</p>",
    "<style>p {}</style><p>x</p>",
    "<link rel=\"x\" href=\"y\"/>x",
    "<form><input/></form>x",
    "<input type=\"text\"/>x",
    "<button>x</button>",
    "<iframe src=\"x\"></iframe>",
    "<object data=\"x\">x</object>",
    "<embed src=\"x\"/>x",
    "<frame/>x",
    "<head></head>x",
    "<body>x</body>",
    "<html>x</html>",
    "<base href=\"x\"/>x",
    "<meta name=\"x\"/>x",
    "<video src=\"x\"></video>x",
    "<p>x",
    "<p>x</P>",
    "<P>x</P>",
    "x & y",
    "x &amp; y",
    "x &nbsp; y",
    "x &copy; y",
    "x &unknown; y",
    "x &#160; y",
    "x < y",
    "<!-- comment -->x",
    "<![CDATA[x]]>",
    "<?x y?>z",
    "",
    "   ",
    "<p> </p>",
    "<br/>",
    "<table><tr><td>x</td></tr></table>",
    "<table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>",
    "<tr><td>x</td></tr>",
    "<ul><li>x</li></ul>",
    "<li>x</li>",
    "<p class=\"a\" id=\"b\" title=\"c\" lang=\"en\" xml:lang=\"en\" dir=\"ltr\">x</p>",
    "<p unknown=\"x\">x</p>",
    "<unknown>x</unknown>",
    "<b>x</b><i>y</i><em>z</em><strong>a</strong><code>b</code><pre>c</pre>",
    "<h1>x</h1><h6>y</h6><hr/><dl><dt>a</dt><dd>b</dd></dl>",
    "<font color=\"red\">x</font>",
    "<svg>x</svg>",
    "<p><div>x</div></p>",
    "<b><p>x</p></b>",
];

const HEADS: [&str; 7] = [
    "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>",
    "<div>x</div>",
    "<div xmlns=\"http://hl7.org/fhir\">x</div>",
    "<p xmlns=\"http://www.w3.org/1999/xhtml\">x</p>",
    "plain words",
    "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div><div>y</div>",
    "<!DOCTYPE html><div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>",
];

/// Narratives with all sorts of content.
pub fn any(_: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    let has = places
        .sites
        .first()
        .is_some_and(|site| site.shape.child(site.id, "text").is_some());
    let domain = base
        .resource
        .get("text")
        .is_none_or(|text| text.get("div").is_some());
    if !has || !domain || base.resource.text("resourceType") == Some("Bundle") {
        return found;
    }
    let text = |div: &str| Object::new().with("status", "generated").with("div", div);
    for _ in 0..3 {
        let at = seeded.below(DIVS.len());
        if let Some(inside) = DIVS.get(at) {
            let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inside}</div>");
            found.push(Mutant::set(
                &format!("div-{at}"),
                &format!("div-{at}"),
                "/text",
                text(&div),
            ));
        }
    }
    let at = seeded.below(HEADS.len());
    if let Some(head) = HEADS.get(at) {
        found.push(Mutant::set(
            &format!("head-{at}"),
            &format!("head-{at}"),
            "/text",
            text(head),
        ));
    }
    match seeded.below(4) {
        0 => found.push(Mutant::set(
            "no-div",
            "no-div",
            "/text",
            Object::new().with("status", "generated"),
        )),
        1 => found.push(Mutant::set(
            "no-status",
            "no-status",
            "/text",
            Object::new().with("div", "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"),
        )),
        2 => found.push(Mutant::set(
            "status",
            "status",
            "/text",
            text(HEADS.first().unwrap_or(&"")).with("status", "made-up"),
        )),
        _ => found.push(Mutant::set(
            "array",
            "array",
            "/text",
            Value::Array(vec![text(HEADS.first().unwrap_or(&"")).into()]),
        )),
    }
    found
}
