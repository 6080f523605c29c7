//! The site as a browser without JavaScript meets it: the real router on port 0, a real database, forms posted as they stand.
//!
//! On SQLite, in a folder of its own for each test; with TEST_DATABASE_URL on that PostgreSQL, in a schema of its own.

mod support;

mod acting;
mod activity;
mod admin;
mod admin_records;
mod allow_from;
mod backup;
mod bad_input;
mod both_ways;
mod cache;
mod command_line;
mod connections;
mod dashboard;
mod deletion;
mod devices;
mod devices_again;
mod django;
mod django_repeat;
mod email;
mod export;
mod failed_logins;
mod forms;
mod groups;
mod guard;
mod headers;
mod isolation;
mod lines;
mod links;
mod live;
mod login;
mod mail;
mod mail_tls;
mod notices;
mod old_addresses;
mod page_cache;
mod pages;
mod passwords;
mod people;
mod permissions;
mod pictures;
mod profile;
mod reauthentication;
mod remember;
mod reset;
mod same_origin;
mod sessions;
mod signup;
mod site_cache;
mod throttle;
mod timing;
mod user_batches;
mod user_changes;
mod users;
