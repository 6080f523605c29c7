//! The texts of flash messages.

use std::fmt;

use super::flash::Message;
use crate::shared::number::counted;

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccountCreated => "Account created successfully! Please log in.",
            Self::Welcome { email } => {
                return write!(f, "Welcome! We have sent a confirmation link to {email}.");
            }
            Self::ConfirmFirst { email } => {
                return write!(f, "We have sent a confirmation link to {email}. Open it, then log in.");
            }
            Self::NotLoggedIn => "You are not logged in.",
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
