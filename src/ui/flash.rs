//! Messages that are shown once, after a redirect; Django's message framework, with its five levels.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::number::grouped;
use crate::shared::{error::AppError, level::Level};

/// What can be said. Closed: the text does not travel, so nobody can send a visitor one of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// After sign-up.
    AccountCreated,
    /// After logout.
    LoggedOut,
    /// A session ended without its owner's doing.
    SessionEnded,
    /// The browser does not send back the cookies that it is given.
    CookiesNeeded,
    /// A form waits for its sender, who has logged in or given the password meanwhile.
    NotYetDone,
    /// A form could not be carried out.
    Failed(AppError),
    /// The password was changed; other devices are logged out.
    PasswordChanged,
    /// The address is confirmed.
    EmailVerified,
    /// A mail with a new link is on its way.
    VerificationSent,
    /// A mail went to the new address.
    EmailChangeAsked,
    /// The address was changed.
    EmailChanged,
    /// The change of address was taken back.
    EmailChangeUndone,
    /// All sessions have ended and a reset mail is on its way.
    AccountSecured,
    /// A link from a mail was opened of which a part is missing.
    LinkIncomplete,
    /// Names were saved.
    ProfileSaved,
    /// The picture was saved.
    PictureSaved,
    /// The picture was removed.
    PictureRemoved,
    /// One device was logged out.
    DeviceEnded,
    /// A device was to be logged out and is not there.
    DeviceGone,
    /// All other devices were logged out.
    OtherDevicesEnded,
    /// All devices were logged out, this one too.
    AllDevicesEnded,
    /// The account is to be deleted.
    DeletionRequested {
        /// In so many days.
        days: u64,
    },
    /// By logging in, the deletion was cancelled.
    DeletionCancelled,
    /// Something was dropped from the cache.
    CacheDropped,
    /// It was to be, and is not there.
    CacheNothingThere,
    /// A user was saved.
    UserSaved,
    /// A user was added.
    UserAdded,
    /// Permissions were saved.
    PermissionsSaved,
    /// So many users were activated.
    UsersActivated(i64),
    /// So many users were deactivated.
    UsersDeactivated(i64),
    /// So many users were put into a group.
    UsersJoined(i64),
    /// So many users were taken out of a group.
    UsersLeft(i64),
    /// So many users were logged out everywhere.
    UsersLoggedOut(i64),
    /// So many users were deleted.
    UsersDeleted(i64),
    /// Something was to be done to many users, and none was chosen.
    NobodyChosen,
    /// A mail is tried now.
    MailHurried,
    /// A mail was dropped.
    MailDropped,
    /// A mail was to be changed and is not there.
    MailGone,
    /// A group was added.
    GroupAdded,
    /// A group was saved.
    GroupSaved,
    /// A group was deleted.
    GroupDeleted,
    /// A user joined a group.
    GroupJoined,
    /// A user left a group.
    GroupLeft,
    /// A user has another password.
    PasswordSet,
    /// A user has no password any more.
    PasswordDisabled,
    /// A mail for a new password was queued.
    ResetSent,
    /// One acts as a member no more, as one wished.
    ActingStopped,
    /// The time for it was over.
    ActingTimeOver,
    /// It is not allowed any more.
    ActingNotAllowed,
    /// One of the lab.
    Example {
        /// Which level it has.
        level: Level,
    },
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccountCreated => "Account created successfully! Please log in.",
            Self::LoggedOut => "You have been successfully logged out.",
            Self::SessionEnded => "Your session has ended. Please log in again.",
            Self::CookiesNeeded => {
                "This site needs cookies, and your browser sends none back. Please allow them for this site, and try again."
            }
            Self::NotYetDone => {
                "What you asked for has not been done yet. Please check it and send it once more."
            }
            Self::Failed(error) => return error.fmt(f),
            Self::PasswordChanged => "Your password was changed. All other devices have been logged out.",
            Self::EmailVerified => "Thank you: your email address is confirmed.",
            Self::VerificationSent => "A new mail is on its way. Only its link and its code are good from now on.",
            Self::LinkIncomplete => {
                "A part of the link is missing. Please open it again from our mail, or copy the whole of it into the address bar."
            }
            Self::EmailChangeAsked => {
                "A mail is on its way to the new address. Your address stays as it is until you open the link in it."
            }
            Self::EmailChanged => "Your email address was changed.",
            Self::EmailChangeUndone => {
                "Your old email address is back, and all devices have been logged out. A mail for a new password is on its way."
            }
            Self::AccountSecured => {
                "All devices have been logged out. A mail for a new password is on its way to you."
            }
            Self::ProfileSaved => "Your profile was saved.",
            Self::PictureSaved => "Your picture was saved.",
            Self::PictureRemoved => "Your picture was removed.",
            Self::DeviceEnded => "The device was logged out.",
            Self::DeviceGone => "That entry was out of date, and nothing was logged out. Please look at the list again.",
            Self::OtherDevicesEnded => "All other devices have been logged out.",
            Self::AllDevicesEnded => "All devices have been logged out, this one too.",
            Self::DeletionRequested { days } => {
                let days = if *days == 1 { "one day".to_owned() } else { format!("{days} days") };
                return write!(
                    f,
                    "Your account will be deleted in {days}. Log in before then, and it stays."
                );
            }
            Self::UserSaved => "The user was saved.",
            Self::UserAdded => "The user was added. Below you can say what they may.",
            Self::PermissionsSaved => "The permissions were saved.",
            Self::UsersActivated(count) => return users(f, *count, "activated"),
            Self::UsersDeactivated(count) => return users(f, *count, "deactivated"),
            Self::UsersJoined(count) => return users(f, *count, "put into the group"),
            Self::UsersLeft(count) => return users(f, *count, "taken out of the group"),
            Self::UsersLoggedOut(count) => return users(f, *count, "logged out everywhere"),
            Self::UsersDeleted(count) => return users(f, *count, "deleted"),
            Self::NobodyChosen => "Nobody was chosen. Please tick the users in the list first.",
            Self::MailHurried => "The mail is being tried again.",
            Self::MailDropped => "The mail was dropped.",
            Self::MailGone => "That mail is not in the queue any more.",
            Self::GroupAdded => "The group was added.",
            Self::GroupSaved => "The group was saved.",
            Self::GroupDeleted => "The group was deleted.",
            Self::GroupJoined => "The user is in the group now.",
            Self::GroupLeft => "The user is not in the group any more.",
            Self::PasswordSet => "The password was set, and all their devices have been logged out.",
            Self::PasswordDisabled => "The password was switched off, and all their devices have been logged out.",
            Self::ResetSent => "A mail for a new password is on its way to them.",
            Self::DeletionCancelled => "Welcome back. Your account will not be deleted.",
            Self::ActingStopped => "You are yourself again.",
            Self::ActingTimeOver => "The time for acting as a member is over. You are yourself again.",
            Self::ActingNotAllowed => "You cannot act as that member any more. You are yourself again.",
            Self::Example { level } => return write!(f, "This is an example at the level “{}”.", level.name()),
            Self::CacheDropped => "It was dropped from the cache.",
            Self::CacheNothingThere => "There was nothing to drop.",
        })
    }
}

fn users(f: &mut fmt::Formatter<'_>, count: i64, done: &str) -> fmt::Result {
    match count {
        1 => write!(f, "1 user was {done}."),
        _ => write!(f, "{} users were {done}.", grouped(count)),
    }
}

/// A message and its level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// How it is shown.
    pub level: Level,
    /// What it says.
    pub message: Message,
}
