//! Error sentences about names: what there is, and what was probably meant.

use crate::error::{Error, ErrorKind};

/// Names and values are cut to this many characters in messages.
const SHOWN: usize = 60;

/// The text in quotes, cut if it is long.
pub fn quoted(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return format!("{text:?}");
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{:?}...", start)
}

/// "no {what} is named {name}; did you mean ..." with the names that exist.
pub fn no_such(kind: ErrorKind, what: &str, name: &str, known: &[&str]) -> Error {
    let hint = match nearest(name, known) {
        Some(near) => format!("; did you mean {}?", quoted(near)),
        None if known.is_empty() => String::from("; there is none"),
        None => {
            let listed: Vec<String> = known.iter().take(12).map(|name| quoted(name)).collect();
            let more = if known.len() > 12 { ", ..." } else { "" };
            format!("; there is {}{more}", listed.join(", "))
        }
    };
    Error::new(kind, format!("no {what} is named {}{hint}", quoted(name)))
}

/// The known name within a third of its length in edits, if one is nearest.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().take(SHOWN).collect();
    let scored = known.iter().map(|known| {
        let other: Vec<char> = known.to_lowercase().chars().take(SHOWN).collect();
        (edits(&wanted, &other), *known)
    });
    let (distance, best) = scored.min_by_key(|(distance, _)| *distance)?;
    let near = distance <= (best.chars().count().max(wanted.len()) / 3).max(1);
    near.then_some(best)
}

/// The least number of letters put in, left out, replaced, or swapped with the next.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(x != y);
            let mut least = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_offered_and_a_far_one_is_not() {
        assert_eq!(nearest("chp", &["chip", "host"]), Some("chip"));
        assert_eq!(nearest("pdo", &["chip", "host", "pod"]), Some("pod"));
        assert_eq!(
            nearest("ultra_server", &["ultraserver", "pod"]),
            Some("ultraserver")
        );
        assert_eq!(nearest("wombat", &["chip", "host"]), None);
    }
}
