//! Announcements: what a transaction has changed, told to every other process on the same database.
//!
//! Each process trusts sessions and members from its own memory. A transaction that changes them
//! calls `announce`, and its commit writes the announcement together with the change: by NOTIFY on
//! PostgreSQL, as a row of the table `announcements` on SQLite. A [`Follower`] in each running site
//! reads what others have announced, and renews the [`Lease`] under which memory is trusted.
//! `docs/decisions/0013-announcements.md` has the reasons.

mod change;
mod follower;
mod lease;
mod postgres;
mod sqlite;
mod write;

pub use change::{Change, Changes};
pub use follower::Follower;
pub use lease::Lease;
pub(super) use write::{insert, notifications};
