//! The most that checking a password may cost. Costlier hashes are never computed, wherever they
//! come from.

/// PBKDF2's rounds. Django 6.2 uses 1.8 million, about 0.2 seconds here.
pub const MAX_ROUNDS: u32 = 4_000_000;

/// Memory of Argon2 and scrypt, in KiB. Django's use 100 MiB and 16 MiB.
const MAX_MEMORY_KIB: u64 = 256 * 1024;

/// KiB filled over all passes. Django's Argon2 fills 200 MiB.
const MAX_WORK_KIB: u64 = 512 * 1024;

/// Lanes of Argon2 and of scrypt.
const MAX_LANES: u32 = 16;

/// bcrypt's cost, a power of two. Django uses 12, about a quarter of a second.
pub const MAX_BCRYPT_COST: u32 = 13;

/// Returns whether scrypt with these parameters is within the limits.
pub fn is_affordable_scrypt(n: u32, r: u32, p: u32) -> bool {
    // 128 bytes per unit of n × r.
    let memory_kib = u64::from(n).saturating_mul(u64::from(r)) / 8;
    p <= MAX_LANES && memory_kib <= MAX_MEMORY_KIB && memory_kib.saturating_mul(u64::from(p)) <= MAX_WORK_KIB
}

/// Returns whether Argon2 with this memory, passes and lanes is within the limits.
pub fn is_affordable(memory_kib: u32, passes: u32, lanes: u32) -> bool {
    lanes <= MAX_LANES
        && u64::from(memory_kib) <= MAX_MEMORY_KIB
        && u64::from(memory_kib).saturating_mul(u64::from(passes)) <= MAX_WORK_KIB
}
