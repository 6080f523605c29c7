//! The fields of all forms.

use serde::{Deserialize, Serialize};

/// A field of a form; its name is the `name` attribute of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The form as a whole.
    Form,
    /// A username.
    Username,
    /// An e-mail address.
    Email,
    /// Username or e-mail address, at login.
    Login,
    /// The account's current password: at login and re-authentication.
    Password,
    /// The account's current password, when it is to be changed.
    OldPassword,
    /// A new password.
    Password1,
    /// The new password, repeated.
    Password2,
    /// A code from a mail.
    Code,
    /// A member's first name.
    FirstName,
    /// A member's last name.
    LastName,
    /// A picture to upload.
    Picture,
    /// Whether the account is active.
    IsActive,
    /// Whether the account may enter the admin.
    IsStaff,
    /// Whether the account has all permissions.
    IsSuperuser,
    /// Whether the account's address counts as confirmed.
    IsVerified,
    /// Permissions, one checkbox each.
    Permissions,
    /// The name of a group.
    GroupName,
    /// The reason for an impersonation.
    Reason,
}

impl Field {
    /// All fields.
    pub const ALL: [Self; 19] = [
        Self::Form,
        Self::Username,
        Self::Email,
        Self::Login,
        Self::Password,
        Self::OldPassword,
        Self::Password1,
        Self::Password2,
        Self::Code,
        Self::FirstName,
        Self::LastName,
        Self::Picture,
        Self::IsActive,
        Self::IsStaff,
        Self::IsSuperuser,
        Self::IsVerified,
        Self::Permissions,
        Self::GroupName,
        Self::Reason,
    ];

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
            | Self::Reason => true,
            Self::Form
            | Self::Password
            | Self::OldPassword
            | Self::Password1
            | Self::Password2
            | Self::Code
            | Self::Picture => false,
        }
    }

    /// Returns the `name` attribute of the input.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Username => "username",
            Self::Email => "email",
            Self::Login => "login",
            Self::Password => "password",
            Self::OldPassword => "old_password",
            Self::Password1 => "password1",
            Self::Password2 => "password2",
            Self::Code => "code",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Picture => "picture",
            Self::IsActive => "is_active",
            Self::IsStaff => "is_staff",
            Self::IsSuperuser => "is_superuser",
            Self::IsVerified => "is_verified",
            Self::Permissions => "permissions[]",
            Self::GroupName => "group_name",
            Self::Reason => "reason",
        }
    }
}
