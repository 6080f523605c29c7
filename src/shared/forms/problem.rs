//! The possible problems of a field. The sentences are Django's where Django has one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::shared::number::counted;

/// A problem of a field. A closed enum, so that no text from outside can appear as the site's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Problem {
    /// Nothing was typed.
    Required,
    /// Too long, in characters.
    TooLong {
        /// The maximum.
        max: u32,
        /// The length of the input.
        found: u32,
    },
    /// It has characters that usernames must not contain.
    UsernameCharacters,
    /// It has no visible character.
    UsernameEmpty,
    /// Another account has this username.
    UsernameTaken,
    /// It is not the member's own username.
    UsernameIncorrect,
    /// The site would be left without a superuser.
    LastSuperuser,
    /// It has characters that names must not contain, such as control characters.
    NameCharacters,
    /// It has characters that a line of text must not contain, such as line breaks and control
    /// characters.
    LineCharacters,
    /// This account cannot be impersonated.
    NotToActAs,
    /// It is not an email address.
    EmailMalformed,
    /// Many mail servers cannot send to this address.
    EmailUnreachable,
    /// Another account has confirmed this address.
    EmailTaken,
    /// The same, when the visitor has proven that the mailbox is theirs.
    EmailConfirmedElsewhere,
    /// The account already has this address.
    EmailSame,
    /// The address must be confirmed first; a mail is on its way.
    EmailUnverified,
    /// The two passwords differ.
    PasswordMismatch,
    /// The account's password has changed since it was checked.
    PasswordChangedMeanwhile,
    /// Shorter than the configured minimum.
    PasswordTooShort {
        /// The minimum, in characters.
        min: u32,
    },
    /// Too long, in bytes.
    PasswordTooLong,
    /// On the list of common passwords.
    PasswordTooCommon,
    /// Only digits.
    PasswordNumeric,
    /// Too similar to the username.
    PasswordLikeUsername,
    /// Too similar to the email address.
    PasswordLikeEmail,
    /// Too similar to the first or last name.
    PasswordLikeName,
    /// Too similar to a word of the site, or made of such words.
    PasswordLikeSite,
    /// On the list of passwords from data breaches.
    PasswordBreached,
    /// Unknown user, wrong password, or inactive account; the message never says which.
    BadCredentials,
    /// It is not the password of the member's own account.
    PasswordIncorrect,
    /// It is not the code of the latest mail, or it has expired.
    CodeIncorrect,
    /// It is not the present code of the member's second factor, or was used before.
    SecondFactorIncorrect,
    /// The secret that the code depends on cannot be read.
    SecondFactorUnreadable,
    /// No new second factor waits for its first code any more.
    EnrolmentOver,
    /// The browser sent no passkey.
    PasskeyMissing,
    /// The passkey does not log in; the message never says why.
    PasskeyRefused,
    /// The response to a request for a new passkey cannot be used.
    PasskeyNotAdded,
    /// The account has as many passkeys as it may have.
    TooManyPasskeys {
        /// The maximum.
        max: u32,
    },
    /// The link was used, has expired, or was replaced by a later one.
    LinkDead,
    /// The link is good only in a browser of the account's.
    LinkElsewhere,
    /// No file was chosen.
    PictureMissing,
    /// Too large, in MiB.
    PictureTooLarge {
        /// The maximum, in MiB.
        max_mib: u32,
    },
    /// Somebody else saved a change meanwhile.
    ChangedMeanwhile,
    /// The list no longer matches what was confirmed.
    ListChanged,
    /// The caller lacks what they want to grant.
    NotYours,
    /// The caller would lock themselves out.
    OwnAccount,
    /// The group does not exist.
    GroupUnknown,
    /// Another group has this name.
    GroupTaken,
    /// The account that the mail is for is not active.
    AccountInactive,
    /// The account that the mail is for has no address.
    AddressMissing,
    /// It is not a PNG, JPEG or WebP file, or it is damaged.
    PictureUnreadable,
    /// It has too many pixels in width or height.
    PictureTooManyPixels {
        /// The maximum, in pixels.
        max: u32,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "This field is required.",
            Self::TooLong { max, found } => {
                return write!(f, "Ensure this value has at most {max} characters (it has {found}).");
            }
            Self::UsernameCharacters => {
                "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
            }
            Self::UsernameEmpty => "Enter a username with visible characters.",
            Self::UsernameTaken => "A user with that username already exists.",
            Self::UsernameIncorrect => "That doesn’t match. Type your username exactly as shown above.",
            Self::LastSuperuser => {
                "You are the only superuser. Please make someone else a superuser first, so that this site still has one."
            }
            Self::NameCharacters => "Enter a name without control characters.",
            Self::LineCharacters => "Enter one line of text, without control characters.",
            Self::NotToActAs => {
                "You can’t act as this account: it is yours, belongs to staff, is inactive, or has \
                 permissions you don’t have."
            }
            Self::EmailMalformed => "Enter a valid email address.",
            Self::EmailUnreachable => "We cannot send mail to this address. Please use another one.",
            Self::EmailTaken => "Another account has this email address.",
            Self::EmailConfirmedElsewhere => {
                "Another account has confirmed this email address, perhaps a deactivated one. Please log in \
                 to that one, or use another address."
            }
            Self::EmailSame => "This is your email address already.",
            Self::EmailUnverified => {
                "Please confirm your email address first. We have emailed you a link."
            }
            Self::PasswordChangedMeanwhile => {
                "Your password was changed in the meantime, so nothing was saved. Please enter the current one."
            }
            Self::PasswordMismatch => "The two password fields didn’t match.",
            Self::PasswordTooShort { min } => {
                let least = counted(*min, "character");
                return write!(f, "This password is too short. It must contain at least {least}.");
            }
            Self::PasswordTooLong => "This password is too long. It must contain at most 4096 bytes.",
            Self::PasswordTooCommon => "This password is too common.",
            Self::PasswordNumeric => "This password is entirely numeric.",
            Self::PasswordLikeUsername => "The password is too similar to the username.",
            Self::PasswordLikeEmail => "The password is too similar to the email address.",
            Self::PasswordLikeName => "The password is too similar to the first or last name.",
            Self::PasswordLikeSite => "The password is too similar to the name of this site.",
            Self::PasswordBreached => "This password has appeared in a data breach. Choose another.",
            Self::BadCredentials => {
                "Please enter a correct username or email address and password. Note that the password is case-sensitive."
            }
            Self::PasswordIncorrect => "Your password was entered incorrectly. Please enter it again.",
            Self::CodeIncorrect => {
                "That code is wrong or has expired. Use the code from the latest email, or request a new one."
            }
            Self::SecondFactorIncorrect => {
                "That code is wrong, or was used before. Enter the code that your app shows now, or a recovery code."
            }
            Self::SecondFactorUnreadable => {
                "We cannot check codes of your app at the moment. Please use a recovery code, or contact us."
            }
            Self::EnrolmentOver => "This took too long. Please start again.",
            Self::PasskeyMissing => "Your browser sent no passkey. Please try again.",
            Self::PasskeyRefused => {
                "This passkey does not work here. Please use another one, or your password."
            }
            Self::PasskeyNotAdded => "This passkey could not be added. Please try again, or use another device.",
            Self::TooManyPasskeys { max } => {
                return write!(f, "You have {max} passkeys. Please remove one first.");
            }
            Self::LinkElsewhere => "This link works only where you are logged in to the account. Enter its code there.",
            Self::LinkDead => "This link has been used or has expired. Please request a new one.",
            Self::PictureMissing => "Choose a picture first.",
            Self::PictureTooLarge { max_mib } => {
                return write!(f, "This file is too large. A picture may have at most {max_mib} MiB.");
            }
            Self::ChangedMeanwhile => {
                "Someone else saved changes while you were editing, so nothing was saved. Compare both \
                 versions below and save again."
            }
            Self::ListChanged => {
                "The list changed in the meantime, so nothing was done. Review the updated list below."
            }
            Self::NotYours => {
                "You can only grant permissions you have yourself."
            }
            Self::OwnAccount => {
                "You can’t deactivate your own account or change your own role."
            }
            Self::GroupUnknown => {
                "There is no group with that name."
            }
            Self::GroupTaken => {
                "A group with that name already exists."
            }
            Self::AccountInactive => {
                "This account is inactive: activate it first."
            }
            Self::AddressMissing => {
                "This account has no email address."
            }
            Self::PictureUnreadable => {
                "This file cannot be read as a picture. Please choose a PNG, JPEG or WebP file."
            }
            Self::PictureTooManyPixels { max } => {
                return write!(f, "This picture is too large. It may be at most {max} pixels wide and high.");
            }
        })
    }
}
