//! Which of two versions is newer, as dpkg, rpm and apk decide it.

use super::apk_order;
use super::rpm_order::{self, number};
use std::cmp::Ordering;

/// Whose order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Deb,
    Rpm,
    Apk,
}

/// One of the orders.
pub(crate) fn by(order: Order, a: &str, b: &str) -> Ordering {
    match order {
        Order::Deb => deb(a, b),
        Order::Rpm => rpm_order::compare(a, b),
        Order::Apk => apk_order::compare(a, b),
    }
}

/// Debian's order: epoch, upstream version, revision; `~` sorts before the end, letters before everything else
/// (deb-version(7)).
pub(crate) fn deb(a: &str, b: &str) -> Ordering {
    let parts = |version: &'_ str| {
        let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        (epoch.to_owned(), upstream.to_owned(), revision.to_owned())
    };
    let ((ea, ua, ra), (eb, ub, rb)) = (parts(a), parts(b));
    number(&ea, &eb).then_with(|| deb_part(&ua, &ub)).then_with(|| deb_part(&ra, &rb))
}

/// Turns of text and digits; texts by the characters' weights, digits by value.
fn deb_part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        loop {
            let text = |s: &[u8]| s.first().copied().filter(|c| !c.is_ascii_digit());
            let (x, y) = (text(a), text(b));
            if x.is_none() && y.is_none() {
                break;
            }
            match weight(x).cmp(&weight(y)) {
                Ordering::Equal => {}
                other => return other,
            }
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
        }
        let (x, y);
        (x, a) = digits(a);
        (y, b) = digits(b);
        match number(x, y) {
            Ordering::Equal => {}
            other => return other,
        }
    }
    Ordering::Equal
}

fn weight(character: Option<u8>) -> i32 {
    match character {
        Some(b'~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => i32::from(c),
        Some(c) => i32::from(c) + 256,
    }
}

/// The digits at the beginning, and the rest.
fn digits(text: &[u8]) -> (&str, &[u8]) {
    let end = text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (std::str::from_utf8(digits).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn debian_s_own_examples() {
        let ordered = [
            "0~~",
            "0~~a",
            "0~",
            "0",
            "0a",
            "0+",
            "1.0~rc1-1",
            "1.0-1",
            "1.0-1+b1",
            "1.0-2",
            "1.0a-1",
            "1.10-1",
            "1:0.1-1",
        ];
        for (at, older) in ordered.iter().enumerate() {
            for newer in ordered.iter().skip(at + 1) {
                assert_eq!(
                    (deb(older, newer), deb(newer, older)),
                    (Ordering::Less, Ordering::Greater),
                    "{older} {newer}"
                );
            }
            assert_eq!(deb(older, older), Ordering::Equal);
        }
        assert_eq!(deb("1.02-1", "1.2-1"), Ordering::Equal);
        assert_eq!(deb("3.0.17-1~deb12u2", "3.0.22-1~deb12u2"), Ordering::Less);
    }

    proptest! {
        #[test]
        fn orders_are_the_same_from_both_sides(a in "[0-9a-z.~^:-]{0,9}", b in "[0-9a-z.~^:-]{0,9}") {
            prop_assert_eq!(deb(&a, &b), deb(&b, &a).reverse());
        }
    }
}
