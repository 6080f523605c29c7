//! The fields of all forms.

use serde::{Deserialize, Serialize};

use crate::shared::named_enum::named_enum;

named_enum! {
    /// A field of a form; its name is the `name` attribute of the input.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Field(name) {
        /// The form as a whole.
        Form = "form",
        /// A username.
        Username = "username",
        /// An email address.
        Email = "email",
        /// Username or email address, at login.
        Login = "login",
        /// The account's current password: at login and re-authentication.
        Password = "password",
        /// The account's current password, when it is to be changed.
        OldPassword = "old_password",
        /// A new password.
        Password1 = "password1",
        /// The new password, repeated.
        Password2 = "password2",
        /// A code from a mail.
        Code = "code",
        /// A member's first name.
        FirstName = "first_name",
        /// A member's last name.
        LastName = "last_name",
        /// A picture to upload.
        Picture = "picture",
        /// Whether the account is active.
        IsActive = "is_active",
        /// Whether the account may enter the admin.
        IsStaff = "is_staff",
        /// Whether the account has all permissions.
        IsSuperuser = "is_superuser",
        /// Whether the account's address counts as confirmed.
        IsVerified = "is_verified",
        /// Permissions, one checkbox each.
        Permissions = "permissions[]",
        /// The name of a group.
        GroupName = "group_name",
        /// Whether the members of a group must have a second factor.
        RequiresSecondFactor = "requires_second_factor",
        /// The reason for an impersonation.
        Reason = "reason",
        /// The name of a passkey.
        PasskeyName = "passkey_name",
    }
}

impl Field {
    /// Returns whether a refused form shows the value again; never for secrets.
    pub const fn is_shown_again(self) -> bool {
        match self {
            Self::Username
            | Self::Email
            | Self::Login
            | Self::FirstName
            | Self::LastName
            | Self::IsActive
            | Self::IsStaff
            | Self::IsSuperuser
            | Self::IsVerified
            | Self::Permissions
            | Self::GroupName
            | Self::RequiresSecondFactor
            | Self::Reason
            | Self::PasskeyName => true,
            Self::Form
            | Self::Password
            | Self::OldPassword
            | Self::Password1
            | Self::Password2
            | Self::Code
            | Self::Picture => false,
        }
    }
}
