//! What can be wrong with a field. The sentences are Django's where Django has one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is wrong with a field. Closed, so that no text from outside can be shown as ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Problem {
    /// Nothing was typed.
    Required,
    /// Over the limit, both in characters.
    TooLong {
        /// The most that is accepted.
        max: u32,
        /// What was typed.
        found: u32,
    },
    /// Characters that a username may not have.
    UsernameCharacters,
    /// Nothing visible in it.
    UsernameEmpty,
    /// Somebody has it.
    UsernameTaken,
    /// Not the username that one is logged in with.
    UsernameIncorrect,
    /// Without this account the site would have no superuser.
    LastSuperuser,
    /// Characters that no name has: control characters and the like.
    NameCharacters,
    /// Characters that a line of text does not have: line ends, control characters and the like.
    LineCharacters,
    /// Nobody acts as this account.
    NotToActAs,
    /// Not an e-mail address.
    EmailMalformed,
    /// An address that many mail servers cannot send to.
    EmailUnreachable,
    /// It is the proven address of another account.
    EmailTaken,
    /// The same, where the visitor has proven that the mailbox is theirs.
    EmailConfirmedElsewhere,
    /// It is the account's address already.
    EmailSame,
    /// The address is to be confirmed first; a mail is on its way.
    EmailUnverified,
    /// The two passwords differ.
    PasswordMismatch,
    /// The password that was given is not the account's any more.
    PasswordChangedMeanwhile,
    /// Fewer characters than are configured.
    PasswordTooShort {
        /// The least that is accepted.
        min: u32,
    },
    /// Over the limit, in bytes.
    PasswordTooLong,
    /// On the list of common ones.
    PasswordTooCommon,
    /// Only digits.
    PasswordNumeric,
    /// Too close to the username.
    PasswordLikeUsername,
    /// Too close to the e-mail address.
    PasswordLikeEmail,
    /// Too close to the first or last name.
    PasswordLikeName,
    /// Unknown user, wrong password, or inactive: never said which.
    BadCredentials,
    /// Not the password of the account that one is logged in to.
    PasswordIncorrect,
    /// Not the code of the latest mail, or too late.
    CodeIncorrect,
    /// The link is used, too old, or was made useless by a later one.
    LinkDead,
    /// No file was chosen.
    PictureMissing,
    /// Over the limit, in MiB.
    PictureTooLarge {
        /// The most that is accepted.
        max_mib: u32,
    },
    /// Somebody else saved the same thing while one was at it.
    ChangedMeanwhile,
    /// What was confirmed is not what would be done by now.
    ListChanged,
    /// To give what one has not.
    NotYours,
    /// To lock oneself out.
    OwnAccount,
    /// There is no such group.
    GroupUnknown,
    /// A group has the name.
    GroupTaken,
    /// A mail to an account that cannot be logged in to.
    AccountInactive,
    /// A mail to an account without an address.
    AddressMissing,
    /// Neither PNG nor JPEG nor WebP, or damaged.
    PictureUnreadable,
    /// More pixels than are decoded, in width or height.
    PictureTooManyPixels {
        /// The most that is accepted.
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
            Self::UsernameEmpty => "Enter a username that can be seen.",
            Self::UsernameTaken => "A user with that username already exists.",
            Self::UsernameIncorrect => "This is not your username. Please type it as it stands above.",
            Self::LastSuperuser => {
                "You are the only superuser. Please make another one first, or nobody could look after this site."
            }
            Self::NameCharacters => "Enter a name without control characters.",
            Self::LineCharacters => "Enter one line of text, without control characters.",
            Self::NotToActAs => {
                "You cannot act as this account: it is your own, of staff, not active, or may what you may not."
            }
            Self::EmailMalformed => "Enter a valid email address.",
            Self::EmailUnreachable => "We cannot send mail to this address. Please use another one.",
            Self::EmailTaken => "Another account has this email address.",
            Self::EmailConfirmedElsewhere => {
                "Another account has confirmed this email address, perhaps one that is switched off. Please log in to that one, or use another address."
            }
            Self::EmailSame => "This is your email address already.",
            Self::EmailUnverified => {
                "Please confirm your email address first. We have sent you a mail with a link."
            }
            Self::PasswordChangedMeanwhile => {
                "Your password was changed meanwhile, and nothing was saved. Please enter the present one."
            }
            Self::PasswordMismatch => "The two password fields didn’t match.",
            Self::PasswordTooShort { min } => {
                let plural = if *min == 1 { "" } else { "s" };
                return write!(f, "This password is too short. It must contain at least {min} character{plural}.");
            }
            Self::PasswordTooLong => "This password is too long. It must contain at most 4096 bytes.",
            Self::PasswordTooCommon => "This password is too common.",
            Self::PasswordNumeric => "This password is entirely numeric.",
            Self::PasswordLikeUsername => "The password is too similar to the username.",
            Self::PasswordLikeEmail => "The password is too similar to the email address.",
            Self::PasswordLikeName => "The password is too similar to the first or last name.",
            Self::BadCredentials => {
                "Please enter a correct username or email address and password. Note that the password is case-sensitive."
            }
            Self::PasswordIncorrect => "Your password was entered incorrectly. Please enter it again.",
            Self::CodeIncorrect => {
                "This is not the code of the latest mail, or it is too old. Please look again, or have a new mail sent."
            }
            Self::LinkDead => "This link has been used, or it is too old. Please ask for a new one.",
            Self::PictureMissing => "Choose a picture first.",
            Self::PictureTooLarge { max_mib } => {
                return write!(f, "This file is too large. A picture may have at most {max_mib} MiB.");
            }
            Self::ChangedMeanwhile => {
                "This has been changed meanwhile, and nothing was saved. Below is what it is now beside what you typed: please look, and save again."
            }
            Self::ListChanged => {
                "The list has changed meanwhile, and nothing was done. Below is what would be done now."
            }
            Self::NotYours => {
                "You can give only what you have yourself."
            }
            Self::OwnAccount => {
                "This is your own account: you cannot switch it off, nor change what you are."
            }
            Self::GroupUnknown => {
                "There is no group with that name."
            }
            Self::GroupTaken => {
                "A group with that name already exists."
            }
            Self::AccountInactive => {
                "This account is not active: activate it first."
            }
            Self::AddressMissing => {
                "This account has no email address."
            }
            Self::PictureUnreadable => {
                "This file cannot be read as a picture. Please take a PNG, JPEG or WebP file."
            }
            Self::PictureTooManyPixels { max } => {
                return write!(f, "This picture is too large. It may be at most {max} pixels wide and high.");
            }
        })
    }
}
