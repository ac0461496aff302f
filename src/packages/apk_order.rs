//! Which of two versions is newer, as apk decides it: `NUMBER{.NUMBER}{LETTER}{_SUFFIX{NUMBER}}{-rNUMBER}`
//! (apk-package(5), "Package version").

use std::cmp::Ordering;

/// What a piece of a version is, in the order in which they may follow each other; of two versions of which one goes on, the
/// piece that comes first in this order is the newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    /// It breaks the rule.
    Invalid,
    /// After a dot, where zeros in front count as in a fraction.
    Fraction,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Revision,
    End,
}

/// Before the version that they are for, in their order.
const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
/// After it.
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// Compares two versions.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (pieces(a), pieces(b));
    for ((kind_a, value_a), (kind_b, value_b)) in a.iter().zip(&b) {
        if kind_a == kind_b {
            match value_a.cmp(value_b) {
                Ordering::Equal => continue,
                decided => return decided,
            }
        }
        // One that is not yet released is older than what it is for.
        let unreleased = |kind: &Piece, value: &i64| *kind == Piece::Suffix && *value < 0;
        return match (unreleased(kind_a, value_a), unreleased(kind_b, value_b)) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => kind_b.cmp(kind_a),
        };
    }
    Ordering::Equal
}

/// The pieces and their values, with the end or the first invalid one.
fn pieces(version: &str) -> Vec<(Piece, i64)> {
    let mut found = Vec::new();
    let (mut kind, mut rest) = (Piece::Number, version);
    loop {
        if kind == Piece::End || kind == Piece::Invalid {
            found.push((kind, 0));
            return found;
        }
        let Some((value, after)) = value(kind, rest) else {
            found.push((Piece::Invalid, 0));
            return found;
        };
        found.push((kind, value));
        // Zeros of a fraction are a piece of their own.
        if kind == Piece::Fraction && value < 0 && after.starts_with(|c: char| c.is_ascii_digit()) {
            (kind, rest) = (Piece::Number, after);
            continue;
        }
        let last = if kind == Piece::Fraction && value < 0 { Piece::Number } else { kind };
        (kind, rest) = next(last, after);
    }
}

/// The value of a piece, and what is behind it.
fn value(kind: Piece, text: &str) -> Option<(i64, &str)> {
    let split = |end: usize| Some((text.get(..end)?, text.get(end..)?));
    if kind == Piece::Letter {
        let (letter, rest) = split(1)?;
        return Some((i64::from(*letter.as_bytes().first()?), rest));
    }
    if kind == Piece::Suffix {
        let before = BEFORE.iter().zip(-4..).find_map(|(word, value)| Some((value, text.strip_prefix(word)?)));
        return before
            .or_else(|| AFTER.iter().zip(0..).find_map(|(word, value)| Some((value, text.strip_prefix(word)?))));
    }
    let zeros = text.bytes().take_while(|b| *b == b'0').count();
    if kind == Piece::Fraction && zeros > 0 {
        let (_, rest) = split(zeros)?;
        return Some((-i64::try_from(zeros).unwrap_or(i64::MAX), rest));
    }
    let (digits, rest) = split(text.bytes().take_while(u8::is_ascii_digit).count())?;
    let digit = |sum: i64, b: u8| sum.saturating_mul(10).saturating_add(i64::from(b - b'0'));
    Some((digits.bytes().fold(0, digit), rest))
}

/// What follows a piece, without the character that says so.
fn next(last: Piece, text: &str) -> (Piece, &str) {
    let Some(first) = text.bytes().next() else { return (Piece::End, text) };
    let after = |n: usize| text.get(n..).unwrap_or_default();
    let (kind, rest) = match (last, first) {
        (Piece::Number | Piece::Fraction, b'a'..=b'z') => (Piece::Letter, text),
        (Piece::Letter, b'0'..=b'9') => (Piece::Number, text),
        (Piece::Suffix, b'0'..=b'9') => (Piece::SuffixNumber, text),
        (_, b'.') => (Piece::Fraction, after(1)),
        (_, b'_') => (Piece::Suffix, after(1)),
        (_, b'-') if text.starts_with("-r") => (Piece::Revision, after(2)),
        _ => (Piece::Invalid, text),
    };
    let again = matches!(
        (last, kind),
        (Piece::Number, Piece::Fraction) | (Piece::SuffixNumber, Piece::Suffix) | (Piece::Letter, Piece::Number)
    );
    if kind >= last || again { (kind, rest) } else { (Piece::Invalid, rest) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_as_alpine_has_them() {
        let ordered = [
            "0.1_alpha",
            "0.1_alpha2",
            "0.1_beta1",
            "0.1_pre2",
            "0.1_rc1",
            "0.1",
            "0.1-r1",
            "0.1_git20240101",
            "0.1_p1",
            "0.1_p1-r2",
            "0.1a",
            "0.1b",
            "0.1.0",
            "0.1.01",
            "0.1.1",
            "0.1.9",
            "0.1.10",
            "1",
            "1.2.5-r0",
            "1.2.5-r10",
            "10",
        ];
        for (at, older) in ordered.iter().enumerate() {
            for newer in ordered.iter().skip(at + 1) {
                assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
                assert_eq!(compare(newer, older), Ordering::Greater, "{newer} {older}");
            }
            assert_eq!(compare(older, older), Ordering::Equal);
        }
        assert_eq!(compare("1.2.5_foo", "1.2.5_foo"), Ordering::Equal);
    }

    proptest! {
        #[test]
        fn orders_are_the_same_from_both_sides(a in "[0-9a-c._r-]{0,9}", b in "[0-9]{1,2}([.][0-9]{1,2}){0,2}[a-b]?(_(rc|p)[0-9]?)?(-r[0-9])?") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        }
    }
}
