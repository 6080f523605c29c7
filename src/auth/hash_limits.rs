//! The most that checking a password may cost: a hash that is costlier is not used, whoever wrote it.

/// Rounds of PBKDF2; Django 6.2 does 1.8 million, here about 0.2 seconds.
pub const MOST_ROUNDS: u32 = 4_000_000;

/// KiB of memory, for Argon2 and scrypt; Django's take 100 MiB and 16 MiB.
const MOST_MEMORY_KIB: u64 = 256 * 1024;

/// KiB filled, over all passes; Django's Argon2 fills 200 MiB.
const MOST_WORK_KIB: u64 = 512 * 1024;

/// Lanes of Argon2, and of scrypt.
const MOST_LANES: u32 = 16;

/// bcrypt's cost, a power of two: 12 with Django, about a quarter of a second.
pub const MOST_COST: u32 = 13;

/// Whether scrypt with these parameters is within the limits.
pub fn is_bearable_scrypt(n: u32, r: u32, p: u32) -> bool {
    // 128 bytes a unit.
    let memory_kib = u64::from(n).saturating_mul(u64::from(r)) / 8;
    p <= MOST_LANES
        && memory_kib <= MOST_MEMORY_KIB
        && memory_kib.saturating_mul(u64::from(p)) <= MOST_WORK_KIB
}

/// Whether Argon2 with so many KiB, passes and lanes is within the limits.
pub fn is_bearable(memory_kib: u32, passes: u32, lanes: u32) -> bool {
    lanes <= MOST_LANES
        && u64::from(memory_kib) <= MOST_MEMORY_KIB
        && u64::from(memory_kib).saturating_mul(u64::from(passes)) <= MOST_WORK_KIB
}
