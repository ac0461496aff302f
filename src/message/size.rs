//! Sizes as people read them.

/// Bytes in B, KiB, MiB or GiB, rounded down: `1023 B`, `218 KiB`, `2.1 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 2] = [(1 << 30, "GiB"), (1 << 20, "MiB")];
    if let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        let tenths = bytes % unit * 10 / unit;
        return format!("{}.{tenths} {name}", bytes / unit);
    }
    match bytes {
        0..1024 => format!("{bytes} B"),
        _ => format!("{} KiB", bytes >> 10),
    }
}

/// The bytes of a size as people write it: a number, perhaps with a fraction, and K, M, G or T, each 1024 of the one before,
/// perhaps with `B` or `iB`.
///
/// # Errors
/// What a size looks like.
pub fn read(text: &str) -> Result<u64, String> {
    let wrong = || "a size is a number with K, M, G or T: `500M`, `1.5G`".to_owned();
    let upper = text.trim().to_ascii_uppercase();
    let bare = upper.strip_suffix("IB").or_else(|| upper.strip_suffix('B')).unwrap_or(&upper);
    let unit = bare.chars().last().and_then(|last| "KMGT".find(last)).map_or(0, |at| at + 1);
    let number = if unit > 0 { bare.get(..bare.len() - 1).unwrap_or_default() } else { bare };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if !whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit()) || whole.is_empty() || part.is_empty() {
        return Err(wrong());
    }
    let factor = 1_u64 << (10 * unit);
    let bytes = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(factor)).ok_or_else(wrong)?;
    // Three digits of a fraction are more than anyone writes.
    let digits = format!("{part:0<3}");
    let thousandths: u64 = digits.get(..3).and_then(|d| d.parse().ok()).ok_or_else(wrong)?;
    bytes.checked_add(factor / 1000 * thousandths + factor % 1000 * thousandths / 1000).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::{read, size};

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let good = [("0", 0), ("1023", 1023), ("1k", 1024), ("500M", 500 << 20), ("1.5G", 3 << 29), ("2GiB", 2 << 30)];
        for (text, bytes) in good {
            assert_eq!(read(text), Ok(bytes), "{text}");
        }
        assert_eq!((read("1TiB"), read("10MB"), read("7B")), (Ok(1 << 40), Ok(10 << 20), Ok(7)));
        for text in ["", "M", "-1", "1.", ".5G", "x", "1X", "99999999999T", "1e3", "1,5G", "é"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (223_648, "218 KiB"),
            ((1 << 20) - 1, "1023 KiB"),
            (2_215_608, "2.1 MiB"),
            (3 << 29, "1.5 GiB"),
            (u64::MAX, "17179869183.9 GiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
