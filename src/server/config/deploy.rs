//! What `check --deploy` finds.

use std::time::Duration;

use super::{CacheUrl, Config, Environment, MailTransport};

/// Settings with which no site should go public, a sentence each (after Django's `check --deploy`).
pub fn deploy_findings(config: &Config) -> Vec<String> {
    let weak_hash = config.passwords.memory_kib < 19 * 1024 || config.passwords.iterations < 2;
    [
        (
            config.site.environment != Environment::Production,
            "site.environment is \"development\": demo members can be made. Set it to \"production\".",
        ),
        (
            config.site.base_url.is_empty(),
            "site.base_url is empty: set the address that members use, beginning with https://.",
        ),
        (
            !config.site.base_url.starts_with("https://"),
            "site.base_url is not https: cookies are sent without Secure and without the __Host- prefix, HSTS is off, \
             and passwords travel in the clear.",
        ),
        (
            weak_hash,
            "passwords.memory_kib or passwords.iterations is below 19456 KiB with 2 passes (OWASP's minimum for Argon2id).",
        ),
        (
            config.sessions.absolute.get() > Duration::from_secs(90 * 86_400),
            "sessions.absolute is over 90 days: a stolen cookie stays useful that long.",
        ),
        (
            config.sessions.cache_ttl.get() > Duration::from_secs(300),
            "sessions.cache_ttl is over 5 minutes: another instance goes on that long with a session that was ended.",
        ),
        (
            config.server.trusted_proxies.iter().any(|network| network.prefix_len() == 0),
            "server.trusted_proxies trusts every address: anybody can then choose the address that the log shows.",
        ),
        (
            config.mail.transport == MailTransport::Mailbox,
            "mail.transport is \"mailbox\": mails are shown at /dev/mailbox and go nowhere. Set it to smtp://….",
        ),
        (
            matches!(&config.mail.transport, MailTransport::Smtp(url) if url.starts_with("smtp://") && !url.contains("tls=required")),
            "mail.transport is smtp:// without ?tls=required: links for new passwords travel in the clear.",
        ),
        (
            config.cache.url == CacheUrl::Dummy,
            "cache.url is \"dummy://\": nothing is cached. Set it to memory:// or to a server that all instances share.",
        ),
        (config.log.file.as_os_str().is_empty(), "log.file is empty: requests are not written to a file."),
    ]
    .into_iter()
    .filter(|(found, _)| *found)
    .map(|(_, sentence)| sentence.to_owned())
    .collect()
}
