//! The keys and words that the language knows, each list in one place: the loader judges by them,
//! and the JSON Schema of the language is tested against them.

/// At the top of `mapping.yaml`.
pub const MAPPING: &[&str] = &[
    "mapping",
    "version",
    "fhir",
    "packages",
    "description",
    "source",
    "systems",
    "codes",
    "phrases",
    "let",
    "make",
    "review",
];

/// Of a fragment's file.
pub const FRAGMENT: &[&str] = &[
    "fragment",
    "for",
    "description",
    "parameters",
    "systems",
    "codes",
    "phrases",
    "let",
    "make",
];

/// Of a fragment's parameter.
pub const PARAMETER: &[&str] = &["type", "required", "list", "default", "description"];

/// The types of a parameter.
pub const PARAMETER_TYPES: &[&str] = &[
    "text",
    "integer",
    "decimal",
    "boolean",
    "date",
    "dateTime",
    "time",
    "concept",
    "quantity",
    "period",
    "reference",
    "codes",
    "any",
];

/// Of `source`.
pub const SOURCE: &[&str] = &[
    "format",
    "delimiter",
    "extent",
    "asOf",
    "sender",
    "missing",
    "timezone",
    "tables",
    "description",
];

/// What `format` may be.
pub const FORMATS: &[&str] = &["csv", "xlsx", "json", "ndjson"];

/// The kinds of codes that `sender` may name: of an ODS organisation, a council (its code in
/// government data), a CQC provider or location, and what a supplier calls a home.
pub const SENDERS: &[&str] = &["ods", "council", "cqc-provider", "cqc-location", "home"];

/// What `extent` may be.
pub const EXTENTS: &[&str] = &["snapshot", "changes"];

/// Of a table.
pub const TABLE: &[&str] = &[
    "sheet",
    "path",
    "header",
    "optional",
    "key",
    "identity",
    "columns",
    "description",
    "only",
    "latest",
    "deleted",
    "let",
];

/// Of a table's `latest`.
pub const LATEST: &[&str] = &["of", "by"];

/// Of an entry of an identity that is a map.
pub const IDENTITY: &[&str] = &["weak"];

/// Of a column.
pub const COLUMN: &[&str] = &[
    "type",
    "values",
    "range",
    "unit",
    "units",
    "formats",
    "timezone",
    "true",
    "false",
    "unknown",
    "separator",
    "required",
    "optional",
    "aliases",
    "path",
    "volatile",
    "onBad",
    "missing",
    "deny",
    "ignore",
    "description",
];

/// Of one of a quantity's units, where it is a map.
pub const UNIT: &[&str] = &["written", "range"];

/// The types of a column.
pub const COLUMN_TYPES: &[&str] = &[
    "string",
    "code",
    "integer",
    "decimal",
    "quantity",
    "date",
    "dateTime",
    "time",
    "flag",
    "boolean",
    "list",
    "nhs-number",
    "postcode",
    "phone",
    "email",
    "uprn",
];

/// Of a code table.
pub const CODE_TABLE: &[&str] = &["file", "columns", "rows", "to", "unmapped", "description"];

/// The roles of a code table's columns.
pub const CODE_COLUMNS: &[&str] = &[
    "source",
    "code",
    "system",
    "display",
    "aliases",
    "userSelected",
];

/// What `unmapped` may be.
pub const UNMAPPED: &[&str] = &["text", "drop", "quarantine"];

/// Of a rule, beside the elements of its resource.
pub const RULE: &[&str] = &[
    "from", "only", "profile", "when", "each", "key", "identity", "group", "latest", "warn",
    "meta", "let", "deleted",
];

/// Of a rule in a fragment, beside the elements.
pub const FRAGMENT_RULE: &[&str] = &["profile", "when", "key", "warn"];

/// Of an `each` that is a map: the columns of a record, or records.
pub const EACH: &[&str] = &["columns", "from", "on", "missing", "as"];

/// What `missing` of an `each` may be.
pub const EACH_MISSING: &[&str] = &["drop", "warn", "quarantine"];

/// The words that `deleted` of a rule may be.
pub const DELETED: &[&str] = &["entered-in-error", "retire"];

/// Of a warning that is a map.
pub const WARNING: &[&str] = &["when", "say"];

/// Of a rule's `meta`.
pub const META: &[&str] = &["security", "tag"];

/// Of a concept with a text of its own.
pub const CONCEPT: &[&str] = &["concept", "text", "slice"];

/// Policies; the last takes a reason in brackets.
pub const POLICIES: &[&str] = &["quarantine", "drop", "text", "absent"];

/// Keys of any map in `make` that are no elements.
pub const MAP: &[&str] = &["when", "each", "slice", "fragment"];
