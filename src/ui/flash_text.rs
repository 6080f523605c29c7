//! The texts of flash messages.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::shared::{error::AppError, level::Level, lost_factor::RecoveryStep, number::counted};

/// The messages. A closed enum: the text does not travel, so nobody can send a visitor their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// After sign-up.
    AccountCreated,
    /// After logout.
    LoggedOut,
    /// The session ended without the member logging out.
    SessionEnded,
    /// The browser does not send cookies back.
    CookiesNeeded,
    /// A form is pending: its sender has logged in or re-authenticated meanwhile.
    NotYetDone,
    /// A form failed.
    Failed(AppError),
    /// The password was changed; other devices are logged out.
    PasswordChanged,
    /// A login was ended by too many wrong codes.
    TooManyCodes,
    /// Staff without a second factor cannot log in by a mailed code.
    StaffByPassword,
    /// A page needs a session with two factors.
    TwoStepNeeded,
    /// A step towards the removal of a lost second factor.
    Recovery(RecoveryStep),
    /// An authenticator app was added.
    AuthenticatorAdded,
    /// The second factor was removed.
    SecondFactorRemoved,
    /// The app was removed; a passkey is still asked for.
    AuthenticatorRemoved,
    /// There are new recovery codes.
    NewRecoveryCodes,
    /// The member logged in with a recovery code.
    RecoveryCodeUsed,
    /// The address is confirmed, and what was set up before is gone.
    AccountTaken,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey is asked for after the password.
    PasskeyAsked,
    /// It is no longer.
    PasskeyNotAsked,
    /// It cannot be: no passkey has verified its owner.
    PasskeyUnverified,
    /// The password was removed.
    PasswordRemoved,
    /// It was not: there are too few passkeys.
    PasswordNeeded,
    /// A passkey was renamed.
    PasskeyRenamed,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was not removed, because its owner could not log in without it.
    PasskeyLastWay,
    /// A passkey to be changed no longer exists.
    PasskeyGone,
    /// The address is confirmed.
    EmailVerified,
    /// A mail with a new link is on its way.
    VerificationSent,
    /// A mail to confirm a change of address was sent to the new one.
    EmailChangeAsked,
    /// The address was changed.
    EmailChanged,
    /// The change of address was undone.
    EmailChangeUndone,
    /// All sessions were ended, and a reset mail was queued.
    AccountSecured,
    /// A link from a mail was opened incomplete.
    LinkIncomplete,
    /// Names were saved.
    ProfileSaved,
    /// The theme was saved.
    ThemeSaved,
    /// The picture was saved.
    PictureSaved,
    /// The picture was removed.
    PictureRemoved,
    /// One device was logged out.
    DeviceEnded,
    /// A device that was to be logged out no longer exists.
    DeviceGone,
    /// All other devices were logged out.
    OtherDevicesEnded,
    /// All devices were logged out, including this one.
    AllDevicesEnded,
    /// One known browser was forgotten.
    BrowserForgotten,
    /// A known browser that was to be forgotten no longer exists.
    BrowserGone,
    /// All known browsers were forgotten.
    AllBrowsersForgotten,
    /// The account will be deleted.
    DeletionRequested {
        /// After so many days.
        days: u64,
    },
    /// The login cancelled the deletion of the account.
    DeletionCancelled,
    /// The password of the login has appeared in a data breach.
    PasswordBreached,
    /// That password is too short without a second factor.
    PasswordShort,
    /// No second factor is left, and a password alone has to be longer.
    PasswordAlone,
    /// An entry was removed from the cache.
    CacheDropped,
    /// The cache entry to remove does not exist.
    CacheNothingThere,
    /// A user was saved.
    UserSaved,
    /// A user was added.
    UserAdded,
    /// Permissions were saved.
    PermissionsSaved,
    /// This many users were activated.
    UsersActivated(i64),
    /// This many users were deactivated.
    UsersDeactivated(i64),
    /// This many users were added to a group.
    UsersJoined(i64),
    /// This many users were removed from a group.
    UsersLeft(i64),
    /// This many users were logged out everywhere.
    UsersLoggedOut(i64),
    /// This many users were deleted.
    UsersDeleted(i64),
    /// No user was chosen for a bulk action.
    NobodyChosen,
    /// A mail is retried now.
    MailHurried,
    /// A mail was dropped.
    MailDropped,
    /// The mail to change is no longer in the queue.
    MailGone,
    /// A group was added.
    GroupAdded,
    /// A group was saved.
    GroupSaved,
    /// A group was deleted.
    GroupDeleted,
    /// A user was added to a group.
    GroupJoined,
    /// A user was removed from a group.
    GroupLeft,
    /// A user's password was set.
    PasswordSet,
    /// A user's second factor was removed.
    SecondFactorReset,
    /// A user's password was disabled.
    PasswordDisabled,
    /// A reset mail was queued.
    ResetSent,
    /// The visitor ended the impersonation.
    ActingStopped,
    /// The impersonation reached its time limit.
    ActingTimeOver,
    /// The impersonation ended because it is no longer allowed.
    ActingNotAllowed,
    /// An example for the lab.
    Example {
        /// Its level.
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
                "This site needs cookies, but your browser does not send them. Please allow cookies for this site and try again."
            }
            Self::NotYetDone => {
                "Your request has not been carried out yet. Please check it and send it again."
            }
            Self::Failed(error) => return error.fmt(f),
            Self::PasswordChanged => "Your password was changed. All other devices have been logged out.",
            Self::Recovery(step) => return step.fmt(f),
            Self::TwoStepNeeded => "That page needs two-step login.",
            Self::TooManyCodes => "Too many wrong codes. Please log in again.",
            Self::StaffByPassword => {
                "Staff log in by email only with a second factor. Please use your password, and add an authenticator app."
            }
            Self::AuthenticatorAdded => {
                "Your authenticator app is set up. From now on you log in with your password and a code."
            }
            Self::AuthenticatorRemoved => {
                "Your authenticator app was removed. A passkey is still asked for after your password."
            }
            Self::SecondFactorRemoved => "Two-step login is off. Your password alone logs you in.",
            Self::NewRecoveryCodes => "You have new recovery codes. The earlier ones no longer work.",
            Self::RecoveryCodeUsed => "You logged in with a recovery code, which no longer works.",
            Self::AccountTaken => {
                "Thank you: your email address is confirmed. The password from before no longer works: we have emailed you a link to set a new one."
            }
            Self::PasskeyAdded => "The passkey was added.",
            Self::PasskeyAsked => "From now on a passkey is asked for after your password.",
            Self::PasskeyUnverified => "First log in with a passkey once, or add one that asks for your fingerprint, face or PIN.",
            Self::PasskeyNotAsked => "A passkey is no longer asked for after your password.",
            Self::PasswordRemoved => "Your password was removed. From now on you log in with your passkeys.",
            Self::PasswordNeeded => "Your password was not removed: first add a second passkey, or make recovery codes.",
            Self::PasskeyRenamed => "The passkey was renamed.",
            Self::PasskeyRemoved => "The passkey was removed. If your device still offers it, delete it there, too.",
            Self::PasskeyLastWay => {
                "You have no password: set one, or add another passkey, before you remove this one."
            }
            Self::PasskeyGone => "That passkey was already removed.",
            Self::EmailVerified => "Thank you: your email address is confirmed.",
            Self::VerificationSent => "We have sent a new email. Earlier links and codes no longer work.",
            Self::LinkIncomplete => {
                "Part of the link is missing. Please open it again from our email, or copy all of it into the address bar."
            }
            Self::EmailChangeAsked => {
                "We have sent a confirmation link to the new address. Your current address stays active until you open it."
            }
            Self::EmailChanged => "Your email address was changed.",
            Self::EmailChangeUndone => {
                "Your old email address is restored, and all devices have been logged out. We have sent you a password-reset link."
            }
            Self::AccountSecured => "All devices have been logged out. We have sent you a password-reset link.",
            Self::ProfileSaved => "Your profile was saved.",
            Self::ThemeSaved => "Theme saved.",
            Self::PictureSaved => "Your picture was saved.",
            Self::PictureRemoved => "Your picture was removed.",
            Self::DeviceEnded => "The device was logged out.",
            Self::DeviceGone => "That device was already logged out.",
            Self::OtherDevicesEnded => "All other devices have been logged out.",
            Self::AllDevicesEnded => "All devices have been logged out, including this one.",
            Self::BrowserForgotten => "The browser was forgotten.",
            Self::BrowserGone => "That browser was already forgotten.",
            Self::AllBrowsersForgotten => "All browsers have been forgotten, including this one.",
            Self::DeletionRequested { days } => {
                let days = counted(*days, "day");
                return write!(
                    f,
                    "Your account will be deleted in {days}. To keep it, log in before then."
                );
            }
            Self::UserSaved => "The user was saved.",
            Self::UserAdded => "The user was added. Set their permissions below.",
            Self::PermissionsSaved => "The permissions were saved.",
            Self::UsersActivated(count) => return users(f, *count, "activated"),
            Self::UsersDeactivated(count) => return users(f, *count, "deactivated"),
            Self::UsersJoined(count) => return users(f, *count, "added to the group"),
            Self::UsersLeft(count) => return users(f, *count, "removed from the group"),
            Self::UsersLoggedOut(count) => return users(f, *count, "logged out everywhere"),
            Self::UsersDeleted(count) => return users(f, *count, "deleted"),
            Self::NobodyChosen => "No users selected. Please select users in the list first.",
            Self::MailHurried => "The email is being retried.",
            Self::MailDropped => "The email was deleted from the queue.",
            Self::MailGone => "That email is no longer in the queue.",
            Self::GroupAdded => "The group was added.",
            Self::GroupSaved => "The group was saved.",
            Self::GroupDeleted => "The group was deleted.",
            Self::GroupJoined => "The user was added to the group.",
            Self::GroupLeft => "The user was removed from the group.",
            Self::PasswordSet => "The password was set, and all their devices have been logged out.",
            Self::SecondFactorReset => {
                "Two-step login was switched off for them, and all their devices have been logged out."
            }
            Self::PasswordDisabled => {
                "The password was disabled, and all their devices have been logged out."
            }
            Self::ResetSent => "We have sent them a password-reset link.",
            Self::DeletionCancelled => "Welcome back. Your account will not be deleted.",
            Self::PasswordBreached => "Your password has appeared in a data breach, so others may guess it.",
            Self::PasswordShort => "Without two-step login, this site asks for a longer password than yours.",
            Self::PasswordAlone => "Without two-step login, passwords must be longer. Set a new one if needed.",
            Self::ActingStopped => "You have stopped acting as the member.",
            Self::ActingTimeOver => {
                "Your time acting as a member has ended. You are back in your own account."
            }
            Self::ActingNotAllowed => {
                "You can no longer act as that member. You are using your own account again."
            }
            Self::Example { level } => return write!(f, "This is an example at the level “{}”.", level.name()),
            Self::CacheDropped => "Removed from the cache.",
            Self::CacheNothingThere => "Nothing to remove.",
        })
    }
}

fn users(f: &mut fmt::Formatter<'_>, count: i64, done: &str) -> fmt::Result {
    let were = if count == 1 { "was" } else { "were" };
    write!(f, "{} {were} {done}.", counted(count, "user"))
}
