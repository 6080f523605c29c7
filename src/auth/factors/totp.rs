//! Codes of authenticator apps: TOTP (RFC 6238) with SHA-1, 6 digits and steps of 30 seconds, which
//! is what every app can do.

use totp_rs::{Builder, Totp};

use crate::base::clock::Millis;

/// The length of a secret, in bytes (RFC 4226, R6: 160 bits recommended).
pub const SECRET_BYTES: usize = 20;

/// The length of a time step, in milliseconds.
const STEP: Millis = 30_000;

/// Returns a new secret.
pub fn new_secret() -> [u8; SECRET_BYTES] {
    rand::random()
}

/// Returns the present time step.
pub const fn step_at(now: Millis) -> i64 {
    now / STEP
}

/// Returns the time step that the code belongs to, if it is at most `skew` steps away.
pub fn matching_step(secret: &[u8], code: &str, now: Millis, skew: u16) -> Option<i64> {
    let seconds = u64::try_from(now / 1000).ok()?;
    totp(secret, skew, "", None)?.check(code, seconds).and_then(|step| i64::try_from(step).ok())
}

/// Returns the secret in base-32, for typing into an app.
pub fn in_base32(secret: &[u8]) -> String {
    totp_rs::Secret::from(secret).to_base32()
}

/// Returns the address that hands the secret to an app.
pub fn link(secret: &[u8], site: &str, account: &str) -> Option<String> {
    // A colon separates the two in the address.
    let issuer = site.replace(':', " ");
    totp(secret, 0, &account.replace(':', " "), Some(issuer))?.to_url().ok()
}

fn totp(secret: &[u8], skew: u16, account: &str, issuer: Option<String>) -> Option<Totp> {
    let builder = Builder::new().with_secret(secret).with_skew(skew).with_account_name(account);
    builder.with_issuer(issuer).build().ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The code of a time, as an app shows it.
    fn code(secret: &[u8], seconds: u64) -> String {
        totp(secret, 0, "", None).expect("a secret").generate(seconds).to_string()
    }

    /// RFC 6238, appendix B, SHA-1, cut to six digits.
    #[test]
    fn the_vectors_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = seconds * 1000;
            assert_eq!(matching_step(secret, expected, now, 0), Some(seconds / 30), "{seconds}");
            assert_eq!(code(secret, seconds.unsigned_abs()), expected);
        }
    }

    #[test]
    fn a_code_is_accepted_one_step_early_or_late_and_no_more() {
        let (secret, now) = (new_secret(), 1_700_000_010_000);
        let typed = |offset: i64| code(&secret, (now / 1000 + offset).unsigned_abs());
        for (offset, step) in [(-30, -1), (0, 0), (30, 1)] {
            assert_eq!(matching_step(&secret, &typed(offset), now, 1), Some(step_at(now) + step));
        }
        for offset in [-61, 61] {
            assert_eq!(matching_step(&secret, &typed(offset), now, 1), None, "{offset}");
        }
        assert_eq!(matching_step(&secret, &typed(30), now, 0), None, "ASVS 6.5.5 by the letter");
    }

    /// Another implementation agrees on a thousand secrets and times.
    #[test]
    fn oathtool_agrees() {
        if Command::new("oathtool").arg("--version").output().is_err() {
            println!("SKIPPED: oathtool is not installed");
            return;
        }
        for _ in 0..1000 {
            let (secret, seconds) = (new_secret(), rand::random_range(0..4_000_000_000_u64));
            let output = Command::new("oathtool")
                .args(["--totp", "-b", "--now", &format!("@{seconds}"), &in_base32(&secret)])
                .output()
                .expect("it runs");
            let said = String::from_utf8(output.stdout).expect("digits");
            let now = i64::try_from(seconds).expect("a time") * 1000;
            assert_eq!(matching_step(&secret, said.trim(), now, 0), Some(step_at(now)), "{seconds}: {said}");
        }
    }

    #[test]
    fn the_link_names_site_and_account() {
        let link = link(b"12345678901234567890", "Club: members", "ada").expect("a link");
        assert_eq!(
            link,
            "otpauth://totp/Club%20%20members:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Club%20%20members"
        );
    }
}
