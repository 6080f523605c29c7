//! Email addresses: validates input, and derives the stored form, the form in mails, and the key
//! that tells which two addresses are one mailbox.
//!
//! All forms use the host name in ASCII (IDNA, UTS 46 as in browsers: ß is not ss), and the part
//! before the @ without quotes.

use std::borrow::Cow;

use idna::{
    AsciiDenyList,
    uts46::{DnsLength, Hyphens, Uts46},
};

use super::username;
use crate::shared::forms::{EMAIL_MAX, Problem};

/// The maximum length of the part before the @ (RFC 5321, 4.5.3.1.1).
const LOCAL_MAX_BYTES: usize = 64;

/// Validates an address and returns it as it is stored and shown, the host name in its own script.
///
/// # Errors
/// The [`Problem`] with it. Only addresses that mail servers on the internet accept are valid.
pub fn check(typed: &str) -> Result<String, Problem> {
    let typed = typed.trim();
    let found = typed.chars().count();
    if typed.is_empty() {
        return Err(Problem::Required);
    }
    if found > EMAIL_MAX as usize {
        return Err(Problem::TooLong { max: EMAIL_MAX, found: u32::try_from(found).unwrap_or(u32::MAX) });
    }
    let (local, host) = typed.rsplit_once('@').ok_or(Problem::EmailMalformed)?;
    if !local.is_ascii() && host_on_the_wire(host).is_some() {
        return Err(Problem::EmailUnreachable);
    }
    let wire = wire(typed).ok_or(Problem::EmailMalformed)?;
    let (local, host) = wire.rsplit_once('@').ok_or(Problem::EmailMalformed)?;
    let top = host.rsplit_once('.').ok_or(Problem::EmailMalformed)?.1;
    // Browsers take such a name for an IP address, and no such top-level domain exists.
    let is_number = top.bytes().all(|byte| byte.is_ascii_digit()) || top.starts_with("0x");
    if is_number { Err(Problem::EmailMalformed) } else { Ok(format!("{local}@{}", shown_host(host))) }
}

/// Returns the address in ASCII, as in a mail's envelope and header, or `None` if no mail can be
/// sent to it. Hosts of an intranet, such as `root@localhost`, are accepted.
pub fn wire(address: &str) -> Option<String> {
    let (local, host) = address.trim().rsplit_once('@')?;
    let wire = format!("{}@{}", unquoted(local)?, host_on_the_wire(host)?);
    (wire.len() <= EMAIL_MAX as usize).then_some(wire)
}

/// Returns the key that two spellings of one address share. It ignores case (no provider
/// distinguishes mailboxes by it) and the way the host is written. For other text it returns a key
/// that no address has.
pub fn key(text: &str) -> String {
    let Some((local, host)) = text.trim().rsplit_once('@') else {
        return username::key(text);
    };
    let local = unquoted(local).map_or_else(|| username::key(local), |local| local.to_ascii_lowercase());
    match host_on_the_wire(host) {
        // In its own script, so that staff find the address by what they see.
        Some(host) => format!("{local}@{}", shown_host(&host)),
        None => format!("{local}@{}", username::key(host)),
    }
}

/// Returns the part before the @ without quotes, or `None` if it needs quotes or is not ASCII: many
/// servers accept neither.
fn unquoted(local: &str) -> Option<&str> {
    let local = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(local);
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    (local.len() <= LOCAL_MAX_BYTES && local.split('.').all(is_atom)).then_some(local)
}

/// Returns the host name in ASCII and lower case, or `None` if it is invalid: an underscore, a
/// query, a leading or trailing hyphen, a label that is too long.
fn host_on_the_wire(host: &str) -> Option<Cow<'_, str>> {
    // The size of the longest valid name, 253 characters; longer input would take long to process.
    const MAX_BYTES: usize = 4 * 253;
    if host.len() > MAX_BYTES {
        return None;
    }
    Uts46::new()
        .to_ascii(host.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()
}

fn shown_host(ascii: &str) -> Cow<'_, str> {
    Uts46::new().to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_stored_and_sent_forms() {
        for (typed, stored, sent) in [
            ("ada@example.com", "ada@example.com", "ada@example.com"),
            (" Ada+Lists@SUB.Example.co.uk\n", "Ada+Lists@sub.example.co.uk", "Ada+Lists@sub.example.co.uk"),
            ("o'brien@example.org", "o'brien@example.org", "o'brien@example.org"),
            ("{}|~#$&*=?^`/@example.org", "{}|~#$&*=?^`/@example.org", "{}|~#$&*=?^`/@example.org"),
            ("x@münchen.example", "x@münchen.example", "x@xn--mnchen-3ya.example"),
            ("x@MU\u{308}NCHEN.example", "x@münchen.example", "x@xn--mnchen-3ya.example"),
            ("x@XN--MNCHEN-3YA.example", "x@münchen.example", "x@xn--mnchen-3ya.example"),
            ("info@straße.example", "info@straße.example", "info@xn--strae-oqa.example"),
            ("user@пример.рф", "user@пример.рф", "user@xn--e1afmkfd.xn--p1ai"),
            ("ada@example．org", "ada@example.org", "ada@example.org"),
            ("ada@exam\u{ad}ple.org", "ada@example.org", "ada@example.org"),
            ("\"quoted\"@example.org", "quoted@example.org", "quoted@example.org"),
        ] {
            assert_eq!(check(typed).as_deref(), Ok(stored), "{typed:?}");
            assert_eq!(wire(typed).as_deref(), Some(sent), "{typed:?}");
            assert_eq!(wire(stored).as_deref(), Some(sent), "{stored:?}");
            assert_eq!(key(typed), key(stored), "{typed:?}");
            assert_eq!(
                sent.parse::<lettre::Address>().map(|address| address.to_string()).as_deref(),
                Ok(sent)
            );
        }
    }

    #[test]
    fn undeliverable_addresses_are_refused() {
        let malformed = [
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "ada@exam ple.com",
            "ada\0@example.com",
            "ada x@example.com",
            "Ada <ada@example.com>",
            "ada@example.org, bob@example.org",
            "ada@[127.0.0.1]",
            "ada@1.2.3.4",
            "ada@example.1",
            "ada@example.0x7f",
            "ada@exa_mple.org",
            "ada@example.org?subject=x",
            "ada@example.org/x",
            "ada@-example.org",
            "ada@example-.org",
            "ada@example..org",
            "ada@.example.org",
            "ada@example.org.",
            "ada@xn--a.org",
            "a..b@example.org",
            ".a@example.org",
            "a.@example.org",
            "\"a@b\"@example.org",
            "\"with space\"@example.org",
            "\"q\\uoted\"@example.org",
            "\"\"@example.org",
            "\"@example.org",
        ];
        let long = ["a".repeat(65) + "@example.org", format!("a@{}.org", "b".repeat(64))];
        for typed in malformed.into_iter().chain(long.iter().map(String::as_str)) {
            assert_eq!(check(typed), Err(Problem::EmailMalformed), "{typed:?}");
        }
        for typed in ["müller@example.org", "ﬁ@example.org", "ａda@example.org", "\"ü\"@example.org"] {
            assert_eq!((check(typed), wire(typed)), (Err(Problem::EmailUnreachable), None), "{typed:?}");
        }
        assert_eq!(check(" "), Err(Problem::Required));
        assert_eq!(check(&"x".repeat(255)), Err(Problem::TooLong { max: 254, found: 255 }));
        // Short as typed, but too long in ASCII.
        let host = vec!["ü".repeat(40); 4].join(".");
        assert_eq!(check(&format!("{}@{host}.org", "a".repeat(64))), Err(Problem::EmailMalformed));
    }

    #[test]
    fn each_mailbox_has_exactly_one_key() {
        for (one, other) in [
            ("eva@xn--mnchen-3ya.example", "eva@münchen.example"),
            ("ADA@Example.com", "ada@example.COM"),
            ("\"ada\"@example.com", "ada@example.com"),
            ("ada@example．com", "ada@example.com"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        for (one, other) in [
            ("info@straße.example", "info@strasse.example"),
            ("σ@βόλος.example", "σ@βόλοσ.example"),
            ("a.b@example.com", "ab@example.com"),
        ] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
        // Values from an import, and text that is not an address.
        assert_eq!(key("root@LOCALHOST"), "root@localhost");
        assert_eq!(key("MÜLLER@example.org"), "müller@example.org");
        assert_eq!(key("Ada"), "ada");
        assert_eq!(key(""), "");
        assert_eq!(key(&format!("a@{}", "x".repeat(100_000))).len(), 100_002);
    }

    #[test]
    fn intranet_hosts_are_accepted() {
        assert_eq!(wire("root@localhost").as_deref(), Some("root@localhost"));
        assert_eq!(wire("root@exa_mple"), None);
        assert_eq!(wire(""), None);
    }
}
