//! The page of the documentation that explains each number, and the section of one.

/// The whole page, in Markdown.
pub const FINDINGS: &str = include_str!("../../../docs/mapping-findings.md");

/// The section of a number such as `M051`, in Markdown, its heading first; nothing where the page
/// has none.
pub fn finding_section(code: &str) -> Option<&'static str> {
    let mut found = None;
    let mut fenced = false;
    let mut at = 0;
    for line in FINDINGS.split_inclusive('\n') {
        let begins = at;
        at += line.len();
        fenced ^= line.starts_with("```");
        if fenced || !line.starts_with('#') {
            continue;
        }
        if let Some(from) = found {
            return FINDINGS.get(from..begins);
        }
        let heading = line.strip_prefix("## ").unwrap_or_default();
        if heading.split_whitespace().next() == Some(code) {
            found = Some(begins);
        }
    }
    FINDINGS.get(found?..)
}

/// The numbers that the page has a section for, in its order.
pub fn explained_findings() -> impl Iterator<Item = &'static str> {
    FINDINGS
        .lines()
        .filter_map(|line| line.strip_prefix("## M"))
        .filter_map(|rest| rest.split_whitespace().next())
        .filter_map(|digits| {
            let start = FINDINGS.find(&format!("## M{digits}"))? + 3;
            FINDINGS.get(start..start + 1 + digits.len())
        })
}
