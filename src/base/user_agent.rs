//! Describes a `User-Agent`.

use woothee::parser::{Parser, WootheeResult};

/// Returns browser and system, such as "Firefox on Linux". Never the raw text: it is long, and
/// anybody can put anything in it.
pub fn describe(agent: &str) -> String {
    let found = Parser::new().parse(agent).unwrap_or_default();
    match (browser(&found), system(&found, agent)) {
        (browser, Some(system)) => format!("{} on {system}", browser.unwrap_or("Unknown browser")),
        (Some(browser), None) => browser.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

fn browser<'a>(found: &WootheeResult<'a>) -> Option<&'a str> {
    // Crawlers, feed readers and libraries are not browsers.
    let is_browser = !["crawler", "misc"].contains(&found.category);
    match found.name {
        "" | "UNKNOWN" => None,
        _ if !is_browser => None,
        "SamsungBrowser" => Some("Samsung Internet"),
        "Webview" => Some("An app"),
        name => Some(name),
    }
}

/// Returns the system without its version: browsers hide it, and report Windows 11 and every macOS
/// since 2020 as "10".
fn system(found: &WootheeResult<'_>, agent: &str) -> Option<&'static str> {
    [
        ("iPad", "iPad"),
        ("iPhone", "iPhone"),
        ("iPod", "iPod"),
        ("Android", "Android"),
        ("Windows Phone", "Windows Phone"),
        ("Windows", "Windows"),
        ("Mac", "macOS"),
        ("ChromeOS", "ChromeOS"),
        ("Linux", "Linux"),
        ("BSD", "BSD"),
    ]
    .into_iter()
    .find(|(os, _)| found.os.starts_with(os))
    .map(|(_, name)| name)
    // woothee knows only one BSD.
    .or_else(|| agent.contains("BSD").then_some("BSD"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn current_browsers_are_recognised() {
        for (agent, words) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15",
                "Firefox on iPad",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0",
                "Opera on Windows",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            ("Mozilla/5.0 (X11; OpenBSD amd64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on BSD"),
        ] {
            assert_eq!(describe(agent), words, "{agent}");
        }
    }

    #[test]
    fn unknown_agents_are_never_shown_verbatim() {
        for agent in [
            "",
            "-",
            "curl/8.14.1",
            "python-requests/2.32",
            "Googlebot/2.1 (+http://www.google.com/bot.html)",
            "<script>alert(1)</script>",
            "Your bank. Please call 555 0100",
            &"Windows NT ".repeat(27),
            "Mozilla/5.0 (\u{202e}xuniL)",
        ] {
            let words = describe(agent);
            assert!(words.starts_with("Unknown browser"), "{agent}: {words}");
        }
    }
}
