//! The codes of the issues that reading FHIR raises. They share the letter of validation, because
//! to the person who meets them both are "this is not valid FHIR".

/// The text is not JSON that can be taken as a resource.
pub const NOT_JSON: &str = "V001";
/// The text is not XML that can be taken as a resource.
pub const NOT_XML: &str = "V002";
/// The input cannot be read: it is not UTF-8, too long, or the reading itself failed.
pub const NOT_READABLE: &str = "V003";
/// The input holds no resource at all.
pub const EMPTY: &str = "V004";
/// XML has an element outside its namespace.
pub const XML_NAMESPACE: &str = "V005";
/// XML has an attribute that FHIR does not have, or an element where FHIR has an attribute.
pub const XML_ATTRIBUTE: &str = "V006";
/// XML has text between elements.
pub const XML_TEXT: &str = "V007";
/// XML has elements that are not in the order of their definition.
pub const XML_ORDER: &str = "V008";
