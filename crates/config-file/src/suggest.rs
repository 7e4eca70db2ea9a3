//! The known word that a mistyped one was probably meant to be.

/// Two words at least this similar (of 1.0) count as the same word, mistyped: `intervall`, but not `token` for `poll`.
const SIMILAR: f64 = 0.75;

/// The word among `known` that is most similar to `word`, if one is similar enough. Case, hyphens and underscores do not
/// matter.
pub fn suggest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |word: &str| word.to_ascii_lowercase().replace(['-', '_'], "");
    let similarity = |known: &str| strsim::normalized_damerau_levenshtein(&plain(word), &plain(known));
    known
        .into_iter()
        .map(|known| (similarity(known), known))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_gets_a_suggestion_and_another_word_does_not() {
        let known = ["base_url", "interval"];
        assert_eq!(suggest("intervall", known), Some("interval"));
        assert_eq!(suggest("baseUrl", known), Some("base_url"));
        assert_eq!(suggest("weather", known), None);
    }
}
