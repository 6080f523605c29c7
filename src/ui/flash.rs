//! Flash messages, shown once after a redirect: Django's message framework, with its five levels.

use serde::{Deserialize, Serialize};

use crate::shared::{error::AppError, level::Level, lost_factor::RecoveryStep};

/// A message with its level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// The level.
    pub level: Level,
    /// The message.
    pub message: Message,
}

/// The messages. A closed enum: the text does not travel, so nobody can send a visitor their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// After sign-up.
    AccountCreated,
    /// After a sign-up that logs in.
    Welcome {
        /// The address that a mail was sent to.
        email: String,
    },
    /// After sign-up, where the address must be confirmed before the first login.
    ConfirmFirst {
        /// The address that a mail was sent to.
        email: String,
    },
    /// After logout.
    LoggedOut,
    /// A logout by a visitor who is not logged in.
    NotLoggedIn,
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

impl Message {
    /// Returns where to act on the message: the page and the text of its link.
    pub const fn link(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::PasswordBreached | Self::PasswordShort => {
                Some(("/accounts/password_change", "Change your password"))
            }
            _ => None,
        }
    }
}
