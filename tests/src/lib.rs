//! End-to-end tests of Causeway: see the `tests` folder beside this file.
