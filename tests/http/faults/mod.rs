//! What machines, servers and networks do to a site in use: nothing that was acknowledged is lost,
//! and everything works again at once. Small cases are in `outages`, `connections`, `clock` and
//! `cache::down`; here a load of requests goes on meanwhile.
//!
//! Servers of their own: Redis if TEST_REDIS_URL is set, PostgreSQL if TEST_POSTGRES_BIN names the
//! folder of its programs. `script/test` sets both; without them, their cases report that they were
//! skipped. The long ones run with `script/test --long`.

mod load;
mod postgres;
mod process;
mod redis;
mod server;

use load::Load;

use crate::support::{database::TestDatabase, program::Serving};

/// Enough to meet each other. On a busy machine with a slow disk, each round of theirs takes
/// seconds.
const CLIENTS: usize = 3;

/// No rate limit is reached: all of a test's visitors share one address.
const UNLIMITED: [(&str, &str); 9] = [
    ("MEMBERS_AREA_THROTTLE__LOGIN_PER_ADDRESS", "1000000/1m"),
    ("MEMBERS_AREA_THROTTLE__FAILED_LOGIN_PER_ADDRESS", "1000000/1m"),
    // A login that is killed half-way counts as one that failed.
    ("MEMBERS_AREA_THROTTLE__FAILED_LOGIN_PER_ACCOUNT", "1000000/1m"),
    ("MEMBERS_AREA_THROTTLE__SIGN_UP_PER_ADDRESS", "1000000/1m"),
    ("MEMBERS_AREA_THROTTLE__VERIFICATION_PER_ACCOUNT", "1000000/1m"),
    ("MEMBERS_AREA_THROTTLE__MAIL_PER_ADDRESS", "1000000/1m"),
    ("MEMBERS_AREA_THROTTLE__PROFILE_CHANGES_PER_ACCOUNT", "1000000/1m"),
    ("MEMBERS_AREA_PASSWORDS__QUEUE", "200"),
    // The clients log in themselves.
    ("MEMBERS_AREA_ACCOUNTS__LOGIN_AFTER_SIGN_UP", "false"),
];

/// The program as a process, with these settings beside `UNLIMITED`.
fn serving(database: &TestDatabase, folder: &std::path::Path, settings: &[(&str, &str)]) -> Serving {
    Serving::start(database, folder, &[UNLIMITED.as_slice(), settings].concat())
}
