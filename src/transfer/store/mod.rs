//! SQL for many accounts at once: for a million, one statement each would take too long.

pub mod django;
pub mod exports;
pub mod groups;
pub mod imports;
pub mod people;
pub mod rights;

use std::fmt::Write;

/// `($1, $2), ($3, $4)`
fn values(rows: usize, columns: usize) -> String {
    let mut sql = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        let between = if row == 0 { "" } else { ", " };
        let _ = write!(sql, "{between}({})", list(row * columns + 1, columns));
    }
    sql
}

/// `$3, $4, $5`
fn list(first: usize, count: usize) -> String {
    let mut sql = String::with_capacity(count * 6);
    for number in first..first + count {
        let between = if number == first { "" } else { ", " };
        let _ = write!(sql, "{between}${number}");
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_for_values() {
        assert_eq!(values(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(list(2, 3), "$2, $3, $4");
    }
}
