//! Names that somebody may have meant.

/// How many letters have to be put in, taken out, or changed to make one word of the other.
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (at, &other_letter) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != other_letter);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[other.len()]
}

/// Whether one may have been written for the other.
pub(crate) fn is_similar(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let most = one.chars().count().max(other.chars().count()) / 3;
    one.contains(&other) || other.contains(&one) || distance(&one, &other) <= most
}
