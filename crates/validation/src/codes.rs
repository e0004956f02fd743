//! The codes of the issues that validation raises; [`fhir::codes`] has those of reading (V001 on).

/// The value is not a resource: no object, or no `resourceType`.
pub const NOT_A_RESOURCE: &str = "V010";
/// R4 has no such resource type, or it is abstract.
pub const UNKNOWN_TYPE: &str = "V011";
/// The element is not defined here.
pub const UNKNOWN_ELEMENT: &str = "V012";
/// A choice element has a type that is not allowed here.
pub const CHOICE_TYPE: &str = "V013";
/// A choice element occurs with two types.
pub const TWO_CHOICES: &str = "V014";
/// An element that must be there is missing, or occurs too few times.
pub const TOO_FEW: &str = "V015";
/// An element occurs too often, or at all where the profile forbids it.
pub const TOO_MANY: &str = "V016";
/// An element that may repeat must be an array.
pub const NOT_AN_ARRAY: &str = "V017";
/// An element that does not repeat must not be an array.
pub const UNEXPECTED_ARRAY: &str = "V018";
/// An empty object, array or element: it must have a value or children (`ele-1`).
pub const EMPTY: &str = "V019";
/// A null where JSON for FHIR has none.
pub const NULL: &str = "V020";
/// The array of values and the array of their ids and extensions do not line up.
pub const UNALIGNED: &str = "V021";
/// The JSON type is wrong: a string where an object belongs, a quoted number.
pub const JSON_TYPE: &str = "V022";
/// A value does not have the format of its primitive type.
pub const FORMAT: &str = "V023";
/// A text is longer than allowed.
pub const TOO_LONG: &str = "V024";
/// A value is outside its allowed range.
pub const RANGE: &str = "V025";
/// A URI that must be absolute is relative.
pub const RELATIVE: &str = "V026";
/// A value that R4 allows and advises against.
pub const ADVICE: &str = "V027";
/// A narrative fetches images from elsewhere when it is shown.
pub const REMOTE_IMAGE: &str = "V028";
/// A value differs from the one that the profile fixes.
pub const FIXED: &str = "V030";
/// A value lacks what the profile's pattern asks for.
pub const PATTERN: &str = "V031";
/// A code is outside the value set that it must come from.
pub const REQUIRED_BINDING: &str = "V040";
/// A code is outside the value set that it should come from.
pub const EXTENSIBLE_BINDING: &str = "V041";
/// A code is not in its code system.
pub const UNKNOWN_CODE: &str = "V042";
/// A code check that cannot be decided offline: nothing is known against the code, nor for it.
pub const NOT_CHECKED: &str = "V043";
/// A code without the system that gives it a meaning.
pub const CODE_WITHOUT_SYSTEM: &str = "V044";
/// The display of a coding is not that of its code.
pub const WRONG_DISPLAY: &str = "V045";
/// A code system contradicts itself.
pub const CONTENT: &str = "V046";
/// A value set stands where a code system belongs.
pub const SYSTEM_IS_VALUE_SET: &str = "V047";
/// A slice occurs too few times.
pub const SLICE_TOO_FEW: &str = "V050";
/// A slice occurs too often.
pub const SLICE_TOO_MANY: &str = "V051";
/// An item is in none of the slices, and no other items are allowed.
pub const SLICE_CLOSED: &str = "V052";
/// Items are not in the order of their slices.
pub const SLICE_ORDER: &str = "V053";
/// An item is in two slices at once.
pub const SLICE_AMBIGUOUS: &str = "V054";
/// An extension is unknown.
pub const UNKNOWN_EXTENSION: &str = "V060";
/// An extension may not be used on this element.
pub const EXTENSION_CONTEXT: &str = "V061";
/// An extension that changes meanings stands in `extension`, or the other way round.
pub const EXTENSION_MODIFIER: &str = "V062";
/// A part is not defined by the extension that it stands in.
pub const EXTENSION_PART: &str = "V063";
/// A reference points at a type that is not allowed here.
pub const REFERENCE_TARGET: &str = "V070";
/// A reference points at nothing in this resource.
pub const REFERENCE_UNRESOLVED: &str = "V071";
/// A reference says one type and points at another.
pub const REFERENCE_TYPE: &str = "V072";
/// What a reference points at, in the same resource or Bundle, meets none of the profiles asked for.
pub const REFERENCE_PROFILE: &str = "V073";
/// A profile is unknown, so nothing was checked against it.
pub const UNKNOWN_PROFILE: &str = "V080";
/// A profile is for another type of resource.
pub const PROFILE_TYPE: &str = "V081";
/// A rule between elements does not hold; the message names its key.
pub const INVARIANT: &str = "V090";
/// An entry's full URL and its resource contradict each other.
pub const FULL_URL: &str = "V091";
/// A Bundle breaks a rule of its type: what its first entry is, what its entries have.
pub const BUNDLE: &str = "V092";
/// An entry of a document belongs to nothing in it.
pub const BUNDLE_ORPHAN: &str = "V093";
/// Two elements of one resource have the same id.
pub const DUPLICATE_ID: &str = "V094";
/// An invariant's expression could not be used, so the invariant was not checked.
pub const INVARIANT_NOT_CHECKED: &str = "V095";
/// The data of an attachment are not as long as it says.
pub const ATTACHMENT: &str = "V096";
/// A resource nests deeper than anything in FHIR.
pub const TOO_DEEP: &str = "V098";
/// There are more issues than are reported.
pub const TOO_MANY_ISSUES: &str = "V099";
