//! Formatting of sizes and durations.

/// Formats a size, such as "812 B", "4.0 KiB" or "12.3 MiB". Uses integers only: formatting of
/// floats would add 10 kB of WASM.
pub fn bytes_in_words(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let tenths = |power: usize| {
        let unit = 1_u128 << (10 * (power + 1));
        (u128::from(bytes) * 10 + unit / 2) / unit
    };
    // A value that would round up to 1024 of a unit is written in the next one.
    let power = (0..UNITS.len()).find(|power| tenths(*power) < 10 * 1024).unwrap_or(UNITS.len() - 1);
    let tenths = tenths(power);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[power])
}

/// Formats a duration with its two largest units, such as "45 s", "3 min 20 s", "2 h 5 min" or "9 d
/// 4 h".
pub fn seconds_in_words(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let first = UNITS.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(UNITS.len() - 1);
    let (unit, name) = UNITS[first];
    let whole = format!("{} {name}", seconds / unit);
    match UNITS.get(first + 1) {
        Some((smaller, name)) if seconds % unit >= *smaller => {
            format!("{whole} {} {name}", seconds % unit / smaller)
        }
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, words) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (16 * 1024 * 1024, "16.0 MiB"),
            (u64::MAX, "16777216.0 TiB"),
        ] {
            assert_eq!(bytes_in_words(bytes), words, "{bytes}");
        }
    }

    #[test]
    fn times() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (200, "3 min 20 s"),
            (3600, "1 h"),
            (3601, "1 h"),
            (7500, "2 h 5 min"),
            (9 * 86_400 + 4 * 3600, "9 d 4 h"),
        ] {
            assert_eq!(seconds_in_words(seconds), words, "{seconds}");
        }
    }
}
