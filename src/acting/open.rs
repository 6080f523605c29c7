//! What is open while staff acts as a member. Everything else is closed, so that what is added to the site later stays closed until
//! somebody has thought about it: one line here opens it.
//!
//! What is the member's alone is closed once more behind this table: [`crate::sessions::cookie::recently_authenticated`] gives no
//! proof (address, devices, deletion, the copy of their data), and [`crate::base::member::Member::in_person`] stands before the password,
//! the name and the codes from mails; [`crate::base::member::Member::staff`] is closed to who acts, so that nobody acts within acting.

use server_fn::ServerFn;

use crate::{
    accounts::api::LogOut,
    acting::api::StopActing,
    activity::api::LoadActivity,
    mail::api::LoadMailbox,
    members::api::{LoadDashboard, LoadProfile},
    pictures::{self, api::RemovePicture},
};

/// Pages, and what else is fetched by its address.
const PAGES: [&str; 8] = [
    "/",
    "/accounts/logout",
    "/dev/mailbox",
    "/members/activity",
    "/members/dashboard",
    "/members/picture/{size}",
    "/members/profile",
    "/members/secret",
];

/// Server functions, and what else is posted to.
const FUNCTIONS: [&str; 8] = [
    LoadActivity::PATH,
    LoadDashboard::PATH,
    LoadMailbox::PATH,
    LoadProfile::PATH,
    LogOut::PATH,
    RemovePicture::PATH,
    StopActing::PATH,
    pictures::SAVE_PATH,
];

/// Whether who acts as a member may use the route.
pub fn is_open(route: &str) -> bool {
    PAGES.contains(&route) || FUNCTIONS.contains(&route)
}
