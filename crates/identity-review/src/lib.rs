//! Who is who, where a person has to look: raising cases, deciding them, tracing numbers.
