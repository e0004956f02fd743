//! JSON as it was written.

/// What is read is written so that it reads the same, and written once it is written the same again.
pub fn json(bytes: &[u8]) {
    let Ok(value) = json::parse(bytes) else {
        return;
    };
    let written = value.to_bytes();
    let again = json::parse(&written).expect("what was written is JSON");
    assert_eq!(again, value, "the tree is the same");
    assert_eq!(again.to_bytes(), written, "and so are the bytes");
    let pretty = json::parse(value.to_pretty().as_bytes()).expect("pretty JSON is JSON");
    assert_eq!(pretty, value, "pretty JSON is the same tree");
}
