//! Names made comparable.

use icu_normalizer::DecomposingNormalizer;

/// A name without case, accents, punctuation and white space: `O’Brien-Núñez` and `OBRIEN NUNEZ`
/// fold to the same text. Two names that fold alike are the same for CS-2; folding is never used
/// for finding a person who is merely likely.
pub fn fold_name(name: &str) -> String {
    DecomposingNormalizer::new_nfkd()
        .normalize(name)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
