use std::time::Duration;

use members_area::base::config::{Period, Rate, Throttle};

use crate::support::{PASSWORD, Page, TestSite, Visitor};

/// The shipped limits, and a trusted proxy to simulate many addresses.
async fn site() -> TestSite {
    TestSite::start_with(|config| {
        config.throttle = Throttle::default();
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await
}

async fn log_in_from(visitor: &mut Visitor, address: &str, login: &str, password: &str) -> Page {
    use crate::support::visitor::FormBody;
    let fields = [("login", login), ("password", password), ("form_page", "/accounts/login")];
    let request = visitor
        .request(reqwest::Method::POST, "/api/accounts/log_in")
        .header("x-forwarded-for", address)
        .form_body(&fields);
    visitor.send(request).await
}

async fn wrong_from(site: &TestSite, address: &str, login: &str) -> u16 {
    log_in_from(&mut site.visitor(), address, login, "wrong").await.status
}

#[tokio::test]
async fn the_sixth_wrong_password_is_limited_from_any_address() {
    let site = site().await;
    site.signed_up("ada").await;
    for number in 1..=5 {
        let login = if number % 2 == 0 { "ada" } else { "ADA" };
        assert_eq!(wrong_from(&site, &format!("203.0.113.{number}"), login).await, 303);
    }
    let answer = log_in_from(&mut site.visitor(), "203.0.113.6", "ada", PASSWORD).await;
    assert_eq!(answer.status, 429, "not even the right one, or it would be an oracle");
    let wait: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((280..=300).contains(&wait), "{wait}");
    assert!(
        answer.find("main").contains("Too many attempts. Please try again in 5 minutes."),
        "{}",
        answer.text()
    );
    // Scripts get the same answer.
    let answer =
        site.visitor().call("/api/accounts/log_in", &[("login", "ada"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 429);
    site.clock.advance(Duration::from_secs(wait));
    let answer = log_in_from(&mut site.visitor(), "203.0.113.6", "ada", PASSWORD).await;
    assert_eq!(answer.location(), "/members/dashboard");
    site.stop().await;
}

/// If both names of an account shared a limit, exhausting it by username would reveal the address.
#[tokio::test]
async fn rate_limits_do_not_reveal_whose_address_it_is() {
    let site = site().await;
    site.signed_up("ada").await;
    site.prove("ada").await;
    for (used_up, others) in
        [("ada", ["ada@example.com", "nobody@example.com"]), ("ADA@example.com", ["ada", "nobody"])]
    {
        for number in 1..=5 {
            assert_eq!(wrong_from(&site, &format!("203.0.113.{number}"), used_up).await, 303);
        }
        assert_eq!(wrong_from(&site, "203.0.113.6", used_up).await, 429);
        let mut seen = Vec::new();
        for login in others {
            let mut statuses = Vec::new();
            for number in 11..=16 {
                statuses.push(wrong_from(&site, &format!("203.0.113.{number}"), login).await);
            }
            seen.push(statuses);
        }
        assert_eq!(seen[0], [303, 303, 303, 303, 303, 429], "a name has its own count");
        assert_eq!(seen[0], seen[1]);
        site.clock.advance(Duration::from_secs(301));
    }
    site.stop().await;
}

/// The period begins with the first attempt: neither later nor refused attempts extend it.
#[tokio::test]
async fn retrying_does_not_extend_the_wait() {
    let site = site().await;
    site.signed_up("ada").await;
    for number in 1..=5 {
        assert_eq!(wrong_from(&site, &format!("203.0.113.{number}"), "ada").await, 303);
        site.clock.advance(Duration::from_secs(50));
    }
    // 250 seconds later.
    for number in 6..=8 {
        assert_eq!(wrong_from(&site, &format!("203.0.113.{number}"), "ada").await, 429);
    }
    site.clock.advance(Duration::from_secs(51));
    let answer = log_in_from(&mut site.visitor(), "203.0.113.9", "ada", PASSWORD).await;
    assert_eq!(answer.location(), "/members/dashboard");
    site.stop().await;
}

/// A known device has its own limit, but not a larger one for successful logins, which cost a hash
/// each.
#[tokio::test]
async fn a_known_device_has_its_own_limit_for_correct_passwords_too() {
    let site = TestSite::start_with(|config| {
        config.throttle.login_per_address = Rate::new(6, Period::minutes(1));
    })
    .await;
    let mut owner = site.member("ada").await;
    for _ in 1..=6 {
        assert_eq!(owner.log_in("ada").await.location(), "/members/dashboard");
    }
    assert_eq!(owner.log_in("ada").await.status, 429);
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(owner.log_in("ada").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn unknown_names_are_limited_like_known_ones() {
    let site = site().await;
    site.signed_up("ada").await;
    let mut seen = Vec::new();
    for login in ["ada", "nobody"] {
        let mut statuses = Vec::new();
        for number in 1..=6 {
            statuses.push(wrong_from(&site, &format!("203.0.113.{number}"), login).await);
        }
        seen.push(statuses);
        site.clock.advance(Duration::from_secs(301));
    }
    assert_eq!(seen[0], [303, 303, 303, 303, 303, 429]);
    assert_eq!(seen[0], seen[1]);
    site.stop().await;
}

#[tokio::test]
async fn the_owner_is_not_locked_out_on_a_known_device() {
    let site = site().await;
    let mut owner = site.member("ada").await;
    owner.log_out().await;
    for number in 1..=6 {
        wrong_from(&site, &format!("203.0.113.{number}"), "ada").await;
    }
    assert_eq!(wrong_from(&site, "203.0.113.7", "ada").await, 429);
    assert_eq!(
        log_in_from(&mut owner, "203.0.113.1", "ada", PASSWORD).await.location(),
        "/members/dashboard"
    );
    // The device has five attempts of its own, and it is known for this account only.
    owner.log_out().await;
    for _ in 1..=5 {
        assert_eq!(log_in_from(&mut owner, "203.0.113.9", "ada", "wrong").await.status, 303);
    }
    assert_eq!(log_in_from(&mut owner, "203.0.113.9", "ada", PASSWORD).await.status, 429);
    site.signed_up("bob").await;
    for number in 1..=5 {
        wrong_from(&site, &format!("198.51.100.{number}"), "bob").await;
    }
    assert_eq!(log_in_from(&mut owner, "198.51.100.9", "bob", PASSWORD).await.status, 429);
    site.stop().await;
}

#[tokio::test]
async fn an_address_or_ipv6_slash_64_has_ten_failures_a_minute() {
    let site = site().await;
    for number in 1..=10 {
        assert_eq!(wrong_from(&site, &format!("2001:db8:1:2::{number}"), &format!("n{number}")).await, 303);
    }
    assert_eq!(wrong_from(&site, "2001:db8:1:2:ffff::1", "n11").await, 429);
    assert_eq!(wrong_from(&site, "2001:db8:1:3::1", "n12").await, 303);
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(wrong_from(&site, "2001:db8:1:2::1", "n13").await, 303);
    site.stop().await;
}

#[tokio::test]
async fn forged_client_addresses_are_ignored() {
    let site = TestSite::start_with(|config| config.throttle = Throttle::default()).await;
    for number in 1..=10 {
        let address = format!("203.0.113.{number}");
        assert_eq!(wrong_from(&site, &address, &format!("n{number}")).await, 303);
    }
    assert_eq!(wrong_from(&site, "203.0.113.99", "n11").await, 429);
    site.stop().await;
}

#[tokio::test]
async fn a_restart_and_a_new_cookie_jar_forget_nothing() {
    let site = site().await;
    site.signed_up("ada").await;
    for number in 1..=5 {
        wrong_from(&site, &format!("203.0.113.{number}"), "ada").await;
    }
    let database = site.halt().await;
    let site = TestSite::start_on(database, |config| config.throttle = Throttle::default()).await;
    assert_eq!(site.visitor().log_in("ada").await.status, 429);
    site.stop().await;
}

#[tokio::test]
async fn concurrent_attempts_do_not_bypass_the_limit() {
    let site = TestSite::start_with(|config| {
        config.throttle.failed_login_per_account = Rate::new(5, Period::minutes(5));
    })
    .await;
    site.signed_up("ada").await;
    let many: Vec<_> = (0..40)
        .map(|_| {
            let mut visitor = site.visitor();
            tokio::spawn(async move {
                visitor.call("/api/accounts/log_in", &[("login", "ada"), ("password", "wrong")]).await.status
            })
        })
        .collect();
    let mut tried = 0;
    for one in many {
        tried += usize::from(one.await.expect("no panic") == 200);
    }
    assert_eq!(tried, 5);
    site.stop().await;
}

/// Limits are checked before hashing: attempts over the limit cost no hash and take no slot.
#[tokio::test]
async fn attempts_over_the_limit_cost_no_hash() {
    let site = TestSite::start_with(|config| {
        config.throttle.failed_login_per_account = Rate::new(1, Period::minutes(5));
        config.passwords.memory_kib = 32 * 1024;
        config.passwords.iterations = 8;
        config.passwords.slots = 1;
        config.passwords.queue = 0;
    })
    .await;
    site.signed_up("ada").await;
    site.visitor().log_in_with("ada", "wrong").await;
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.clear();
        // Another account, so that the limit under test does not apply.
        let held = site.busy_hash().await;
        for _ in 0..3 {
            let status = site.visitor().log_in("ada").await.status;
            if !held.is_finished() {
                seen.push(status);
            }
        }
        let _ = held.await;
    }
    assert_eq!(seen, [429, 429, 429]);
    site.stop().await;
}

#[tokio::test]
async fn correct_passwords_charge_only_the_address_limit() {
    let site = TestSite::start_with(|config| {
        config.throttle.failed_login_per_account = Rate::new(2, Period::minutes(5));
        config.throttle.login_per_address = Rate::new(6, Period::minutes(1));
    })
    .await;
    site.signed_up("ada").await;
    for _ in 1..=6 {
        assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    }
    assert_eq!(site.visitor().log_in("ada").await.status, 429);
    site.stop().await;
}

#[tokio::test]
async fn sign_up_reset_verification_and_codes_have_separate_limits() {
    let site = TestSite::start_with(|config| {
        let few = Rate::new(2, Period::minutes(10));
        config.throttle.sign_up_per_address = few;
        config.throttle.reset_per_email = few;
        config.throttle.verification_per_account = few;
        config.throttle.code_per_account = few;
        config.throttle.failed_login_per_account = few;
    })
    .await;
    let mut member = site.member("ada").await;
    site.signed_up("bob").await;
    assert_eq!(site.visitor().sign_up("cyd", "cyd@example.com").await.status, 429);
    // A refused form does not count as a sign-up.
    for _ in 0..3 {
        assert_eq!(site.visitor().sign_up("two words", "nowhere").await.status, 303);
    }
    for (path, fields) in [
        ("/api/accounts/ask_for_reset", [("email", "ADA@example.com")]),
        ("/api/accounts/ask_for_reset", [("email", "nobody@example.com")]),
        ("/api/accounts/ask_for_verification", [("", "")]),
        ("/api/accounts/verify_by_code", [("code", "BCDF-GHJK")]),
        ("/api/accounts/reauthenticate", [("password", "wrong")]),
    ] {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(member.call(path, &fields).await.status);
        }
        assert_eq!(statuses, [200, 200, 429], "{path} {fields:?}");
    }
    // Mails that confirm an address share one limit, whichever address it is.
    let answer = member.call("/api/accounts/ask_for_email_change", &[("email", "new@example.com")]).await;
    assert_eq!(answer.status, 429);
    // The account's password has one limit, wherever it is asked for.
    let fields = [("old_password", "wrong"), ("password1", PASSWORD), ("password2", PASSWORD)];
    assert_eq!(member.call("/api/accounts/change_password", &fields).await.status, 429);
    // An anonymous login has a limit of its own.
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    site.stop().await;
}

/// For many addresses, and with invented links.
#[tokio::test]
async fn resets_and_link_attempts_are_limited_per_address() {
    let site = TestSite::start_with(|config| {
        config.throttle.reset_per_address = Rate::new(2, Period::minutes(1));
    })
    .await;
    for path in ["ask_for_reset", "reset_password"] {
        let mut statuses = Vec::new();
        for number in 0..3 {
            let email = format!("nobody{number}@example.com");
            let fields = [("email", email.as_str()), ("password1", PASSWORD), ("password2", PASSWORD)];
            statuses.push(site.visitor().call(&format!("/api/accounts/{path}"), &fields).await.status);
        }
        assert_eq!(statuses, [200, 200, 429], "{path}");
        site.clock.advance(Duration::from_secs(61));
    }
    site.stop().await;
}

#[tokio::test]
async fn sign_ups_cannot_flood_a_mailbox() {
    let site = TestSite::start_with(|config| {
        config.throttle.mail_per_address = Rate::new(8, Period::minutes(15));
    })
    .await;
    for number in 0..4 {
        let answer = site.visitor().sign_up(&format!("name{number}"), "ada@example.com").await;
        assert_eq!(answer.location(), "/accounts/login");
    }
    site.all_mails_sent().await;
    assert_eq!(site.mails_to("ada@example.com").len(), 2);
    site.stop().await;
}

#[tokio::test]
async fn a_reset_lifts_the_limit_for_the_owner() {
    let site = site().await;
    site.signed_up("ada").await;
    for number in 1..=6 {
        wrong_from(&site, &format!("203.0.113.{number}"), "ada").await;
        wrong_from(&site, &format!("203.0.113.{number}"), "ada@example.com").await;
    }
    let mut owner = site.visitor();
    owner.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    let link = site.mail_to("ada@example.com", "Set a new password", 1).await.link();
    let page = owner.get(&link).await.location().to_owned();
    let new = "another horse battery";
    owner.submit(&page, &[("password1", new), ("password2", new)]).await;
    for login in ["ada", "ada@example.com"] {
        let answer = log_in_from(&mut site.visitor(), "203.0.113.50", login, new).await;
        assert_eq!(answer.location(), "/members/dashboard", "{login}");
    }
    site.stop().await;
}

#[tokio::test]
async fn the_table_stores_hashes_and_is_swept() {
    let site = site().await;
    wrong_from(&site, "203.0.113.1", "my secret password").await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM throttles").await, 3);
    site.clock.advance(Duration::from_secs(601));
    site.database.until("SELECT COUNT(*) FROM throttles", |count| count == 0).await;
    site.stop().await;
}
