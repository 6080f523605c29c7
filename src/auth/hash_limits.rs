//! The most that checking a password may cost. Costlier hashes are never computed, wherever they
//! come from.

/// PBKDF2's rounds. Django 6.2 uses 1.8 million, about 0.2 seconds here.
pub const MOST_ROUNDS: u32 = 4_000_000;

/// Memory of Argon2 and scrypt, in KiB. Django's use 100 MiB and 16 MiB.
const MOST_MEMORY_KIB: u64 = 256 * 1024;

/// KiB filled over all passes. Django's Argon2 fills 200 MiB.
const MOST_WORK_KIB: u64 = 512 * 1024;

/// Lanes of Argon2 and of scrypt.
const MOST_LANES: u32 = 16;

/// bcrypt's cost, a power of two. Django uses 12, about a quarter of a second.
pub const MOST_COST: u32 = 13;

/// Returns whether scrypt with these parameters is within the limits.
pub fn is_bearable_scrypt(n: u32, r: u32, p: u32) -> bool {
    // 128 bytes per unit of n × r.
    let memory_kib = u64::from(n).saturating_mul(u64::from(r)) / 8;
    p <= MOST_LANES
        && memory_kib <= MOST_MEMORY_KIB
        && memory_kib.saturating_mul(u64::from(p)) <= MOST_WORK_KIB
}

/// Returns whether Argon2 with this memory, passes and lanes is within the limits.
pub fn is_bearable(memory_kib: u32, passes: u32, lanes: u32) -> bool {
    lanes <= MOST_LANES
        && u64::from(memory_kib) <= MOST_MEMORY_KIB
        && u64::from(memory_kib).saturating_mul(u64::from(passes)) <= MOST_WORK_KIB
}
