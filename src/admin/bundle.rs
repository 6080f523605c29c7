//! The admin's pages, which the browser loads when one of them is opened.

use super::{
    activity::pages::AllActivityPage,
    cache::pages::CachePage,
    groups::pages::{DeleteGroupPage, GroupPage, GroupsPage, NewGroupPage},
    impersonation::pages::ActPage,
    mails::pages::MailsPage,
    overview::pages::AdminPage,
    sessions::pages::SessionsPage,
    timings::pages::TimingsPage,
    users::pages::{ConfirmPage, NewUserPage, UserPage, UsersPage},
};
use crate::ui::pages_in_bundle;

pages_in_bundle! {
    /// The admin's pages.
    AdminPages in Admin, admin:
    ActPage,
    AdminPage,
    AllActivityPage,
    CachePage,
    ConfirmPage,
    DeleteGroupPage,
    GroupPage,
    GroupsPage,
    MailsPage,
    NewGroupPage,
    NewUserPage,
    SessionsPage,
    TimingsPage,
    UserPage,
    UsersPage,
}
