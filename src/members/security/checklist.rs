//! The dashboard's list of what is left to do to protect an account. The server words it, so that
//! no browser loads sentences that it does not show.

use super::{Check, Security, Step};
use crate::shared::{
    number::counted,
    paths::{AUTHENTICATOR, CODES, PASSKEYS},
};

/// Returns the checks that are not done, each as a link to the page that does it.
pub fn steps(security: &Security) -> Vec<Step> {
    let open = security.checks().filter(|(_, is_done)| !is_done);
    open.map(|(check, _)| {
        let (text, page) = step(check, security);
        Step { text, page: page.to_owned() }
    })
    .collect()
}

fn step(check: Check, security: &Security) -> (String, &'static str) {
    let (text, page) = match check {
        Check::Password => ("Set a password", "/accounts/password_reset"),
        Check::Email if security.email.is_empty() => ("Add an email address", "/accounts/email"),
        Check::Email => ("Confirm your email address", "/accounts/verify"),
        Check::SecondFactor if security.passkeys > 0 => ("Ask for a passkey after your password", PASSKEYS),
        Check::SecondFactor => ("Set up an authenticator app", AUTHENTICATOR),
        Check::Passkey => ("Add a passkey", PASSKEYS),
        Check::RecoveryCodes if security.has_two_steps => {
            let left = counted(security.recovery_codes, "code");
            return (format!("Make new recovery codes: {left} left"), CODES);
        }
        Check::RecoveryCodes => ("Get recovery codes with your authenticator app", AUTHENTICATOR),
    };
    (text.to_owned(), page)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::security, *};

    #[test]
    fn each_open_check_is_a_link_and_a_done_one_is_not_listed() {
        let steps = |security: Security| -> Vec<String> {
            steps(&security).into_iter().map(|step| format!("{} {}", step.text, step.page)).collect()
        };
        let of_app = ["Set up an authenticator app", "Get recovery codes with your authenticator app"]
            .map(|text| format!("{text} {AUTHENTICATOR}"));
        let add_passkey = format!("Add a passkey {PASSKEYS}");
        assert_eq!(steps(security()), [of_app[0].clone(), add_passkey, of_app[1].clone()]);
        let passkey = Security { passkeys: 1, email_is_proven: false, ..security() };
        assert_eq!(
            steps(passkey.clone()),
            [
                "Confirm your email address /accounts/verify".to_owned(),
                format!("Ask for a passkey after your password {PASSKEYS}")
            ]
        );
        let nothing = Security { email: String::new(), has_password: false, ..passkey };
        assert_eq!(
            steps(nothing)[..2],
            ["Set a password /accounts/password_reset", "Add an email address /accounts/email"]
        );
        let two_steps = Security { has_two_steps: true, authenticator_apps: 1, ..security() };
        let few = Security { recovery_codes: 1, ..two_steps.clone() };
        assert_eq!(steps(few), [format!("Make new recovery codes: 1 code left {CODES}")]);
        assert!(steps(Security { recovery_codes: 10, ..two_steps }).is_empty());
    }
}
