//! SQL for accounts, a file for each table.

pub mod browsers;
pub mod deletion;
pub mod demo;
mod emails;
pub mod factor_recoveries;
pub mod factors;
pub mod mail_logins;
pub mod names;
pub mod passkeys;
pub mod password_costs;
pub mod pending_logins;
mod profiles;
mod protection;
pub mod rights;
pub mod tokens;
mod users;

pub use emails::*;
pub use profiles::*;
pub use protection::*;
pub use users::*;
