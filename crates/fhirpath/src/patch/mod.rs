//! FHIRPath Patch.
