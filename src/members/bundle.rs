//! The pages of a member's account, which the browser loads when one of them is opened.

use crate::{
    accounts::pages::{
        AuthenticatorPage, BrowsersPage, EmailConfirmPage, EmailPage, EmailUndoPage, MailedCodePage,
        NotMePage, PasskeysPage, PasswordChangePage, PasswordResetDonePage, PasswordResetPage,
        ReauthenticatePage, RecoveryBeginPage, RecoveryCodesPage, RecoveryStopPage, ResetDonePage, ResetPage,
        SecondStepPage, SetupPage, VerifyPage,
    },
    activity::pages::ActivityPage,
    data_export::pages::{DataPage, DeletePage},
    members::{
        appearance::AppearancePage,
        pages::{ProfilePage, SecretPage},
        security::pages::SecurityPage,
    },
    sessions::pages::DevicesPage,
    ui::pages_in_bundle,
};

pages_in_bundle! {
    /// The pages of a member's account.
    AccountPages in Account, account:
    ActivityPage,
    AppearancePage,
    AuthenticatorPage,
    BrowsersPage,
    DataPage,
    DeletePage,
    DevicesPage,
    EmailConfirmPage,
    EmailPage,
    EmailUndoPage,
    MailedCodePage,
    NotMePage,
    PasskeysPage,
    PasswordChangePage,
    PasswordResetDonePage,
    PasswordResetPage,
    ProfilePage,
    ReauthenticatePage,
    RecoveryBeginPage,
    RecoveryCodesPage,
    RecoveryStopPage,
    ResetDonePage,
    ResetPage,
    SecondStepPage,
    SecretPage,
    SecurityPage,
    SetupPage,
    VerifyPage,
}
