//! Replaces nonces by hashes in cached pages. A nonce is valid for one response: if it were cached,
//! everybody who has seen the page would know it, and an injected script could carry it. So it is
//! removed, and the policy lists the hashes of exactly those scripts that carried it. Other scripts
//! get no hash and do not run, as in a page rendered afresh.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// Returns the page without its nonce, and its policy. Returns `None` if that cannot be done for
/// certain; such a page is not cached.
pub fn replace_nonces_with_hashes(html: &str, policy: &str) -> Option<(String, String)> {
    let nonce = nonce(policy)?;
    let attribute = format!(" nonce=\"{nonce}\"");
    let mut hashes = Vec::new();
    let mut pinned = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(&attribute) {
        let (before, after) = (&rest[..at], &rest[at + attribute.len()..]);
        let tag = before.rfind('<')?;
        let (first, others) = (&before[tag..], &after[..after.find('>')?]);
        if !is_start_of_script(first, others) {
            return None;
        }
        let content = &after[others.len() + 1..];
        let content = &content[..end_of_script(content)?];
        let hash = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(content)));
        if !hashes.contains(&hash) {
            hashes.push(hash);
        }
        pinned.push_str(before);
        rest = after;
    }
    pinned.push_str(rest);
    // It also occurs in a place where it was not expected.
    if pinned.contains(nonce) {
        return None;
    }
    Some((pinned, policy.replace(&format!("'nonce-{nonce}'"), &hashes.join(" "))))
}

/// Returns the policy's only nonce.
fn nonce(policy: &str) -> Option<&str> {
    const MARK: &str = "'nonce-";
    let (before, rest) = policy.split_once(MARK)?;
    let (nonce, after) = rest.split_once('\'')?;
    (nonce.len() >= 16 && !before.contains(MARK) && !after.contains(MARK)).then_some(nonce)
}

/// Returns whether the halves around the nonce form the start tag of an inline script. (An external
/// script is allowed or refused by its address.)
fn is_start_of_script(first: &str, others: &str) -> bool {
    let is_closed =
        |text: &str| text.matches('"').count().is_multiple_of(2) && !text.contains(['<', '>', '\'']);
    let is_script =
        first.strip_prefix("<script").is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let is_fetched = |text: &str| text.split(' ').any(|attribute| attribute.starts_with("src"));
    is_script && is_closed(&first[1..]) && is_closed(others) && !is_fetched(first) && !is_fetched(others)
}

/// Returns the end of an inline script, or `None` if an HTML parser might find another one: after
/// `<!--` the first end tag need not be the end, and CR and NUL are replaced before the browser
/// computes the hash.
fn end_of_script(content: &str) -> Option<usize> {
    let end = content.match_indices("</").find(|(at, _)| {
        content.as_bytes().get(at + 2..at + 8).is_some_and(|name| name.eq_ignore_ascii_case(b"script"))
    });
    let (end, _) = end?;
    (!content[..end].contains("<!--") && !content[..end].contains(['\r', '\0'])).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "AAAAAAAAAAAAAAAAAAAAAA";

    fn policy(scripts: &str) -> String {
        format!("default-src 'none'; script-src 'self' {scripts} 'wasm-unsafe-eval'; style-src 'self'")
    }

    fn pin(html: &str) -> Option<(String, String)> {
        replace_nonces_with_hashes(&html.replace("NONCE", NONCE), &policy(&format!("'nonce-{NONCE}'")))
    }

    fn hash(script: &str) -> String {
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)))
    }

    #[test]
    fn the_hash_equals_the_browsers() {
        // The example of the CSP specification, level 2, 7.17.1.
        assert_eq!(hash("alert('Hello, world.');"), "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
    }

    #[test]
    fn exactly_the_scripts_with_the_nonce_are_allowed() {
        let html = "<script type=\"module\" nonce=\"NONCE\">a()</script><p>x</p><script>planted()</script>\
                    <script nonce=\"guessed\">guessed()</script><script nonce=\"NONCE\" async>b(\"</p>\")</script>\
                    <script nonce=\"NONCE\">a()</SCRIPT ><script nonce=\"NONCE\"></script>";
        let (html, found) = pin(html).expect("it can be kept");
        assert_eq!(
            html,
            "<script type=\"module\">a()</script><p>x</p><script>planted()</script>\
             <script nonce=\"guessed\">guessed()</script><script async>b(\"</p>\")</script>\
             <script>a()</SCRIPT ><script></script>"
        );
        assert_eq!(found, policy(&[hash("a()"), hash("b(\"</p>\")"), hash("")].join(" ")));
    }

    #[test]
    fn a_page_without_scripts_allows_none() {
        let (html, found) = pin("<p>x</p>").expect("it can be kept");
        assert_eq!((html.as_str(), found), ("<p>x</p>", policy("")));
    }

    #[test]
    fn ambiguous_markup_is_not_cached() {
        for html in [
            "<script nonce=\"NONCE\">a()",
            "<script nonce=\"NONCE\">a(\r\n)</script>",
            "<script nonce=\"NONCE\">\0</script>",
            "<script nonce=\"NONCE\"><!-- <script> </script> --></script>",
            "<script nonce=\"NONCE\" src=\"https://elsewhere.example/x.js\"></script>",
            "<script src=\"/x.js\" nonce=\"NONCE\"></script>",
            "<script title=\"> nonce=\"NONCE\">a()</script>",
            "<script title='>' nonce=\"NONCE\">a()</script>",
            "<scripts nonce=\"NONCE\">a()</scripts>",
            "<style nonce=\"NONCE\">p{}</style>",
            "<link rel=\"modulepreload\" nonce=\"NONCE\">",
            "<script nonce='NONCE'>a()</script>",
            "<p>NONCE</p>",
            " nonce=\"NONCE\"",
            "<script nonce=\"NONCE\"",
        ] {
            assert_eq!(pin(html), None, "{html}");
        }
    }

    #[test]
    fn a_policy_without_exactly_one_nonce_is_unchanged() {
        for scripts in ["", "'nonce-'", "'nonce-short'", &format!("'nonce-{NONCE}' 'nonce-{NONCE}'")] {
            assert_eq!(replace_nonces_with_hashes("<p>x</p>", &policy(scripts)), None, "{scripts}");
        }
    }
}
