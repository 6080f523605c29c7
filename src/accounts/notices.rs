//! What the notices to owners say. The link below them does not remove the only second factor:
//! staff can do that for an owner who has lost it.

use crate::mail::service::{MailJob, MailKind};

/// Returns the subject and the text of a notice.
pub(super) fn text(order: &MailJob) -> (&'static str, String) {
    let detail = order.occasion.detail.as_str();
    let (subject, what) = match (order.kind, detail) {
        (MailKind::NewDevice, _) => {
            ("New login to your account", "Someone logged in to your account from a new device.")
        }
        (MailKind::PasswordChanged, _) => (
            "Your password was changed",
            "The password of your account was changed. All other devices were logged out.",
        ),
        (MailKind::PasswordRemoved, _) => (
            "Your password was removed",
            "The password of your account was removed: from now on you log in with your passkeys. All other \
             devices were logged out. “Forgot your password?” on the login page sets a new one at any time.",
        ),
        (MailKind::RecoveryCodeUsed, _) => {
            let what = format!(
                "A recovery code was used in place of your second factor: {detail}. You can make new ones \
                 under “Recovery codes”."
            );
            return ("A recovery code was used", what);
        }
        (MailKind::SecondFactorChanged, "added") => (
            "An authenticator app was added",
            "An authenticator app was added to your account. Logging in now takes your password and a code. \
             If this was not you, also contact us, so that we can remove it.",
        ),
        (MailKind::SecondFactorChanged, "codes") => (
            "You have new recovery codes",
            "New recovery codes were made for your account. The earlier ones no longer work.",
        ),
        (MailKind::SecondFactorChanged, "app") => (
            "Your authenticator app was removed",
            "The authenticator app of your account was removed. A passkey is still asked for after the password.",
        ),
        (MailKind::SecondFactorChanged, "reset") => (
            "Two-step login was switched off",
            "The authenticator app, the recovery codes and the passkeys of your account were removed by our \
             staff. The password alone logs in now.",
        ),
        (MailKind::SecondFactorChanged, _) => (
            "Two-step login was switched off",
            "The authenticator app and the recovery codes of your account were removed. The password alone \
             logs in now.",
        ),
        (MailKind::PasskeyAdded, "key") => (
            "A security key was added",
            "A security key was added to your account. It can be the second step of a login. If this was not you, \
             also remove it under “Passkeys”.",
        ),
        (MailKind::PasskeyAdded, "offered") => (
            "Your browser made a passkey",
            "Your browser made a passkey for your account and keeps it, so that you can log in without a \
             password. You find it under “Passkeys”.",
        ),
        (MailKind::PasskeyAdded, _) => (
            "A passkey was added",
            "A passkey was added to your account. It logs in without a password. If this was not you, also \
             remove it under “Passkeys”.",
        ),
        (MailKind::PasskeyChanged, "on") => (
            "Your passkey is asked for after your password",
            "From now on your account asks for a passkey after the password.",
        ),
        (MailKind::PasskeyChanged, "off") => (
            "Your passkey is no longer asked for",
            "Your account no longer asks for a passkey after the password.",
        ),
        (MailKind::PasskeyChanged, _) => {
            ("A passkey was removed", "A passkey of your account was removed. It no longer logs in.")
        }
        (MailKind::PasskeyRefused, _) => (
            "A passkey was refused",
            "A passkey of your account was refused, because it had been used fewer times than we know of. There \
             may be a copy of it: remove it under “Passkeys”, and add a new one.",
        ),
        _ => {
            ("Your name was changed", "The name of your account was changed. Your profile shows the new one.")
        }
    };
    (subject, what.to_owned())
}
