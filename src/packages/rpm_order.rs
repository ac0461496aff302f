//! Which of two versions is newer, as rpm decides it (rpm-version(7)).

use std::cmp::Ordering;

/// `EPOCH:VERSION-RELEASE`, of which epoch and release may be missing.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let ((ea, va, ra), (eb, vb, rb)) = (parts(a), parts(b));
    number(ea, eb).then_with(|| part(va, vb)).then_with(|| part(ra, rb))
}

fn parts(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, version, release)
}

/// A version or a release, turn by turn of letters and digits; what is between them only separates.
fn part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        (a, b) = (without_separators(a), without_separators(b));
        let (x, y) = (a.first().copied(), b.first().copied());
        if let Some(decided) = by_marks(x, y) {
            return decided;
        }
        if matches!(x, Some(b'~' | b'^')) {
            (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
            continue;
        }
        // Whatever is longer is newer, and digits are newer than letters.
        let (Some(x), Some(y)) = (x, y) else { return x.is_some().cmp(&y.is_some()) };
        if x.is_ascii_digit() != y.is_ascii_digit() {
            return x.is_ascii_digit().cmp(&y.is_ascii_digit());
        }
        let (of_a, of_b);
        (of_a, a) = turn(a, x.is_ascii_digit());
        (of_b, b) = turn(b, x.is_ascii_digit());
        let decided = if x.is_ascii_digit() { number(of_a, of_b) } else { of_a.cmp(of_b) };
        if decided != Ordering::Equal {
            return decided;
        }
    }
}

/// `~` is older than everything, the end included; `^` is newer than the end and older than everything else.
fn by_marks(x: Option<u8>, y: Option<u8>) -> Option<Ordering> {
    match (x == Some(b'~'), y == Some(b'~')) {
        (true, false) => return Some(Ordering::Less),
        (false, true) => return Some(Ordering::Greater),
        _ => {}
    }
    match (x == Some(b'^'), y == Some(b'^')) {
        (true, false) => Some(if y.is_some() { Ordering::Less } else { Ordering::Greater }),
        (false, true) => Some(if x.is_some() { Ordering::Greater } else { Ordering::Less }),
        _ => None,
    }
}

fn without_separators(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|c| c.is_ascii_alphanumeric() || matches!(c, b'~' | b'^')).unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

/// The digits or letters at the beginning, and the rest.
fn turn(text: &[u8], digits: bool) -> (&str, &[u8]) {
    let same = |c: &u8| if digits { c.is_ascii_digit() } else { c.is_ascii_alphabetic() };
    let end = text.iter().position(|c| !same(c)).unwrap_or(text.len());
    let (turn, rest) = text.split_at(end);
    (std::str::from_utf8(turn).unwrap_or_default(), rest)
}

/// Numbers of any length, without leading zeros.
pub(super) fn number(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn examples_of_the_manual() {
        let ordered = [
            "1.0~~",
            "1.0~rc1",
            "1.0~rc1^git1",
            "1.0",
            "1.0^",
            "1.0^git1",
            "1.0^git2",
            "1.0a",
            "1.0.1",
            "1.0.10",
            "1:0",
        ];
        for (at, older) in ordered.iter().enumerate() {
            for newer in ordered.iter().skip(at + 1) {
                assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
                assert_eq!(compare(newer, older), Ordering::Greater, "{newer} {older}");
            }
        }
        assert_eq!(compare("1.0-1", "1_0-01"), Ordering::Equal);
        assert_eq!(compare("1.0.", "1.0"), Ordering::Equal);
        assert_eq!(compare("3.0.7-24.el9", "3.0.7-24.el9_3"), Ordering::Less);
    }

    #[test]
    fn what_rpm_itself_says() {
        let table = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/versions/rpm.txt"));
        let mut count = 0;
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let [a, b, said] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            assert_eq!((part(a, b) as i8).to_string(), said, "{line}");
            count += 1;
        }
        assert!(count > 500);
    }

    proptest! {
        #[test]
        fn orders_are_the_same_from_both_sides(a in "[0-9a-z.~^:_-]{0,9}", b in "[0-9a-z.~^:_-]{0,9}", c in "[0-9a-z.~^_]{0,5}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
            if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
                prop_assert_ne!(compare(&a, &c), Ordering::Greater);
            }
        }
    }
}
