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

#[cfg(test)]
mod tests {
    use super::size;

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
