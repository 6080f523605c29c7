//! The site as a browser without JavaScript uses it: the real router on port 0, a real database,
//! forms posted unchanged.
//!
//! On SQLite in a separate folder for each test, or with TEST_DATABASE_URL on that PostgreSQL in a
//! separate schema.

mod support;

mod acting;
mod activity;
mod addresses;
mod admin;
mod admin_records;
mod allow_from;
mod backup;
mod bad_input;
mod cache;
mod cache_command;
mod clock;
mod command_line;
mod connections;
mod dashboard;
mod deletion;
mod device_reauthentication;
mod devices;
mod django;
mod django_repeat;
mod django_shapes;
mod doctor;
mod email;
mod export;
mod export_file;
mod failed_logins;
mod fast_path_equals_layers;
mod forms;
mod groups;
mod guard;
mod headers;
mod incidents;
mod inspector;
mod isolation;
mod lab;
mod links;
mod live;
mod login;
mod lost_mailbox;
mod mail;
mod mail_limits;
mod mail_notices;
mod mail_tls;
mod networks;
mod old_addresses;
mod outages;
mod page_cache;
mod pages;
mod password_rules;
mod passwords;
mod people;
mod permissions;
mod pictures;
mod pooler;
mod profile;
mod reauthentication;
mod remember;
mod reset;
mod same_origin;
mod session_ended;
mod sessions;
mod several;
mod signup;
mod site_cache;
mod stopping;
mod terminal;
mod throttle;
mod timing;
mod user_batches;
mod user_changes;
mod users;
