//! The codes of this crate's issues. A code is never reused.

// ---- The mapping as text: M001 to M019.

/// A file of the mapping is absent or is not UTF-8.
pub const FILE: &str = "M001";
/// The mapping is not YAML.
pub const YAML: &str = "M002";
/// A key is written twice in one map.
pub const DUPLICATE_KEY: &str = "M003";
/// A key that has no meaning where it stands.
pub const UNKNOWN_KEY: &str = "M004";
/// A key that must be there is absent.
pub const MISSING_KEY: &str = "M005";
/// A value that a key does not take.
pub const BAD_VALUE: &str = "M006";
/// An expression that cannot be read.
pub const SYNTAX: &str = "M007";
/// A function that does not exist.
pub const UNKNOWN_FUNCTION: &str = "M008";
/// A function with too few, too many or unsuitable arguments.
pub const ARGUMENTS: &str = "M009";
/// A name that stands for nothing here: a variable, a list of phrases, a code table, a system.
pub const UNKNOWN_NAME: &str = "M010";
/// An FHIR version that Causeway does not make.
pub const FHIR_VERSION: &str = "M011";
/// A mapping that is larger than any mapping is: its files, its values, its depth, its findings.
pub const TOO_MUCH: &str = "M012";
/// A file that is not in the mapping's own folder.
pub const OUTSIDE_FOLDER: &str = "M013";

// ---- The source: M020 to M039.

/// The source does not say whether a file is the whole truth or only changes.
pub const NO_EXTENT: &str = "M020";
/// The source does not say as of when a file is.
pub const NO_AS_OF: &str = "M021";
/// A column that no table declares.
pub const UNKNOWN_COLUMN: &str = "M022";
/// A column that no rule uses and that is neither ignored nor denied.
pub const UNUSED_COLUMN: &str = "M023";
/// A date format that cannot hold what its column declares.
pub const DATE_FORMAT: &str = "M024";
/// A table that is not declared.
pub const UNKNOWN_TABLE: &str = "M025";
/// A denied or ignored column that is used all the same.
pub const WITHHELD_COLUMN: &str = "M026";
/// A text that is compared with a column of a list and is not in that list.
pub const NOT_IN_LIST: &str = "M027";
/// A table that another must be able to look up, and that has no key, or a key of another size.
pub const TABLE_KEY: &str = "M028";

// ---- Code tables: M040 to M049.

/// A code table that cannot be read.
pub const CODE_TABLE: &str = "M040";
/// A label of a column's list that the code table lacks.
pub const INCOMPLETE_TABLE: &str = "M041";
/// A row of a code table that no label of the column reaches.
pub const UNREACHABLE_ROW: &str = "M042";
/// A code that is not in the value set that the element is bound to.
pub const OUTSIDE_BINDING: &str = "M043";
/// A code table that no rule uses.
pub const UNUSED_TABLE: &str = "M044";
/// Two rows of one label that contradict each other.
pub const AMBIGUOUS_ROW: &str = "M045";

// ---- Rules and elements: M050 to M079.

/// A resource type, or a profile, that is not known.
pub const UNKNOWN_TYPE: &str = "M050";
/// An element that the type does not have.
pub const UNKNOWN_ELEMENT: &str = "M051";
/// A value of a type that the element does not take.
pub const WRONG_TYPE: &str = "M052";
/// More values than the element takes.
pub const TOO_MANY: &str = "M053";
/// A mandatory element that is not fed.
pub const MISSING_ELEMENT: &str = "M054";
/// A mandatory element that is fed only by what may be blank, without a word of what happens then.
pub const OPTIONAL_FEED: &str = "M055";
/// A slice that the profile does not have.
pub const UNKNOWN_SLICE: &str = "M056";
/// An extension that is not known or not allowed there.
pub const UNKNOWN_EXTENSION: &str = "M057";
/// A value that contradicts what the profile fixes.
pub const CONTRADICTS_FIXED: &str = "M058";
/// A reference to a rule that does not exist.
pub const UNKNOWN_RULE: &str = "M059";
/// A reference to a type that the element does not allow.
pub const REFERENCE_TYPE: &str = "M060";
/// A reference whose keys do not fit its rule, or rules that refer to each other in a circle.
pub const REFERENCE_KEY: &str = "M061";
/// An id that would hang on something that changes from file to file, or on nothing.
pub const VOLATILE_ID: &str = "M062";
/// Two rules with one id.
pub const DUPLICATE_RULE: &str = "M063";
/// An element of the engine's own.
pub const RESERVED_ELEMENT: &str = "M064";
/// A rule for allergies or conditions that codes free text without asking whether it denies or doubts.
pub const UNTESTED_TEXT: &str = "M065";
/// A rule that can never apply.
pub const UNREACHABLE_RULE: &str = "M066";
/// A constant that is not of its element's format.
pub const BAD_CONSTANT: &str = "M067";
/// A branch that can never be taken.
pub const UNREACHABLE_BRANCH: &str = "M068";

// ---- Fragments, names and records among others: M080 to M099.

/// A fragment that is not in the library.
pub const UNKNOWN_FRAGMENT: &str = "M080";
/// A parameter of a fragment that is not given, not known, or given a value of another type.
pub const FRAGMENT_ARGUMENT: &str = "M081";
/// A fragment where its type does not fit.
pub const FRAGMENT_PLACE: &str = "M082";
/// An element that a fragment and the map that uses it both fill.
pub const ELEMENT_TWICE: &str = "M083";
/// A name, or a fragment, that stands for itself.
pub const NAME_CIRCLE: &str = "M084";
/// A named expression, or a parameter of a fragment, that nothing uses.
pub const UNUSED_NAME: &str = "M085";
/// A fragment that reads a column, a table or a rule instead of a parameter.
pub const OUT_OF_REACH: &str = "M086";
/// A rule that does not say what becomes of what it made of a record that is deleted.
pub const DELETED_RULE: &str = "M087";
/// A unit that UCUM does not know.
pub const UNIT: &str = "M088";
/// A regular expression that cannot be read.
pub const PATTERN: &str = "M089";
/// An `each` over records that are not in reach, or not matched by a key.
pub const EACH_RECORDS: &str = "M091";
/// Names or fragments that stand for more than any mapping needs.
pub const EXPANDS: &str = "M092";

// ---- The run: M100 onwards.

/// A record lacks a value that its table requires.
pub const REQUIRED_CELL: &str = "M101";
/// A label that the code table lacks.
pub const UNMAPPED: &str = "M102";
/// A label that is not in the list that its column declares.
pub const UNLISTED: &str = "M103";
/// A mandatory element has no value.
pub const NO_VALUE: &str = "M104";
/// A value had to be there and is not.
pub const MISSING_VALUE: &str = "M105";
/// What a reference names was not made.
pub const NO_TARGET: &str = "M106";
/// What a reference names was refused.
pub const TARGET_REFUSED: &str = "M107";
/// A reference fits more than one resource.
pub const AMBIGUOUS_TARGET: &str = "M108";
/// A record that another table should have has no partner there.
pub const NO_PARTNER: &str = "M109";
/// The same record twice: one is kept.
pub const SAME_TWICE: &str = "M110";
/// Two records with one id and different content: none is kept.
pub const DIFFERENT_TWICE: &str = "M111";
/// Records of one group contradict each other: the latest is kept.
pub const CONTRADICTION: &str = "M112";
/// Nothing says whom or what a record is about.
pub const NO_IDENTITY: &str = "M113";
/// A weak identity: names and birth date.
pub const WEAK_IDENTITY: &str = "M114";
/// A warning that the mapping itself raises.
pub const MAPPING_WARNING: &str = "M115";
/// The file and its sender disagree about the as-of date.
pub const AS_OF_DIFFERS: &str = "M116";
/// Nobody says as of when the file is.
pub const AS_OF_UNKNOWN: &str = "M117";
/// A text that cannot be read as what the expression makes of it.
pub const UNREADABLE: &str = "M118";
/// A concept without a code where the element takes only a code.
pub const NO_CODE: &str = "M119";
/// The sink refused a resource.
pub const REFUSED: &str = "M120";
/// A record of a kind that the mapping does not read.
pub const OUTSIDE: &str = "M121";
/// The file has no record that can be read.
pub const NO_RECORDS: &str = "M122";
/// The records of a snapshot disagree about the date that it is as of.
pub const AS_OF_VARIES: &str = "M123";
/// The source says that something is gone.
pub const RETIRED: &str = "M124";
/// What must be remembered of a file could not be put into a temporary file: the disk is full or
/// failed. It says nothing about the file, which can be run again.
pub const NO_ROOM: &str = "M125";

// ---- Tests: M150 onwards.

/// What a mapping makes is not what its test expects.
pub const TEST_DIFFERS: &str = "M150";
/// A test cannot be run.
pub const TEST_BROKEN: &str = "M151";
/// A resource that a test makes is not valid.
pub const TEST_INVALID: &str = "M152";
