//! Logging in with a passkey, as the second step, and to confirm who is logged in.

use std::time::Duration;

use members_area::base::config::{Period, Rate};
use reqwest::Method;

use crate::support::{
    Page, TestSite, Visitor,
    authenticator::{CODES_PAGE, SECOND},
    passkey::{
        ADD, LOG_IN, ORIGIN, PASSKEYS_PAGE, REAUTHENTICATE, SECOND_STEP, SoftKey, USER_PRESENT,
        USER_VERIFIED, b64,
    },
    visitor::FormBody,
};

const REFUSED: &str = "This passkey does not work here. Please use another one, or your password.";
const TOO_LATE: &str = "This took too long. Please start again.";

/// The answer to a login, and what the login page then says.
async fn outcome(visitor: &mut Visitor, answer: Page) -> (u16, String, String) {
    let location = answer.location().to_owned();
    let said = visitor.get("/accounts/login").await.form_errors().join(" ");
    (answer.status, location, said)
}

fn refused() -> (u16, String, String) {
    (303, "/accounts/login".into(), REFUSED.into())
}

#[tokio::test]
async fn a_passkey_logs_in_without_a_name_and_counts_as_two_factors() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    let mut keys = [SoftKey::new(), SoftKey::ed25519(), SoftKey::rsa()];
    for key in &mut keys {
        ada.has_passkey(key).await;
    }
    site.set_up_app(&mut ada).await;
    for key in &keys {
        let mut visitor = site.visitor();
        let (status, options) = visitor.passkey_options("passkey_login").await;
        assert_eq!((status, options["rpId"].as_str()), (200, Some("members.test")));
        assert_eq!(options["userVerification"], "required");
        assert_eq!(options["allowCredentials"], serde_json::json!([]));
        let fields = [
            ("credential", key.get(&options)),
            ("next", "/members/profile".into()),
            ("remember", "yes".into()),
        ];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = visitor.post(LOG_IN, &fields).await;
        assert_eq!((answer.status, answer.location()), (303, "/members/profile"), "{}", answer.text());
        let cookies: Vec<_> =
            answer.headers.get_all("set-cookie").iter().map(|c| c.to_str().expect("ASCII")).collect();
        assert!(
            cookies.iter().any(|c| c.starts_with("__Host-sessionid=") && c.contains("Max-Age=")),
            "{cookies:?}"
        );
        // Neither a code nor the password is asked for before a sensitive action.
        assert_eq!(visitor.get("/accounts/email").await.status, 200);
        assert!(visitor.get("/members/activity").await.text().contains("With a passkey"));
    }
    assert!(ada.get(PASSKEYS_PAGE).await.find_all(".device dl").iter().all(|facts| !facts.contains("Never")));
    site.stop().await;
}

/// What a form and a script are answered, to the byte but for what is random.
async fn shown(site: &TestSite, key: &SoftKey) -> Vec<String> {
    let (mut visitor, mut script) = (site.visitor(), site.visitor());
    let form = visitor.log_in_with_passkey(key).await;
    let page = visitor.get("/accounts/login").await;
    let (_, options) = script.passkey_options("passkey_login").await;
    let call = script.call(LOG_IN, &[("credential", &key.get(&options))]).await;
    let shown = |page: &Page| {
        let mut names: Vec<_> = page.headers.keys().map(ToString::to_string).collect();
        names.sort();
        format!("{} {} {} {names:?}", page.status, page.location(), page.body.len())
    };
    vec![shown(&form), shown(&page), shown(&call), form.text(), call.text()]
}

/// Who has no passkey here, whose account is closed or has its password switched off by staff, and
/// whose device was not unlocked all get the same answer.
#[tokio::test]
async fn refused_logins_reveal_no_account() {
    let site = TestSite::with_passkeys().await;
    let mut keys = Vec::new();
    for name in ["ada", "bob", "eve", "kim", "lea"] {
        let mut key = SoftKey::new();
        site.proven_member(name).await.has_passkey(&mut key).await;
        keys.push(key);
    }
    let [mut ada, bob, eve, kim, lea] = <[SoftKey; 5]>::try_from(keys).unwrap_or_else(|_| panic!("five"));
    site.database.execute("UPDATE users SET is_active = 0 WHERE username = 'bob'").await;
    site.database
        .execute(&format!(
            "UPDATE users SET delete_after = {} WHERE username = 'eve'",
            site.clock.now() + 86_400_000
        ))
        .await;
    site.database.execute("DELETE FROM users WHERE username = 'kim'").await;
    site.database.execute("UPDATE users SET password_hash = '!x' WHERE username = 'lea'").await;
    let mut stranger = SoftKey::new();
    stranger.user_handle = ada.user_handle.clone();
    for key in [&bob, &eve, &kim, &lea, &stranger] {
        let mut visitor = site.visitor();
        let answer = visitor.log_in_with_passkey(key).await;
        let cookies: Vec<String> = visitor.cookies.keys().cloned().collect();
        assert_eq!(cookies, ["__Host-flash", "__Host-passkey"], "nothing else is set");
        assert_eq!(outcome(&mut visitor, answer).await, refused());
        assert!(!visitor.is_signed_in().await);
    }
    let unknown = shown(&site, &stranger).await;
    for (name, key) in [("bob", &bob), ("eve", &eve), ("kim", &kim), ("lea", &lea)] {
        assert_eq!(shown(&site, key).await, unknown, "{name}");
    }

    type Wrong = fn(&mut SoftKey);
    let wrongs: [(&str, Wrong); 9] = [
        ("another origin", |key| key.origin = "https://evil.test".into()),
        ("another host", |key| key.host = "evil.test".into()),
        ("another type", |key| key.kind = Some("webauthn.create")),
        ("in a frame of another site", |key| key.cross_origin = true),
        ("nobody was there", |key| key.flags = USER_VERIFIED),
        ("nobody was verified", |key| key.flags = USER_PRESENT),
        ("it can be synced all of a sudden", |key| key.flags |= crate::support::passkey::CAN_SYNC),
        ("another account's handle", |key| key.user_handle = vec![7; 16]),
        ("no handle", |key| key.user_handle = Vec::new()),
    ];
    for (what, wrong) in wrongs {
        let good = (ada.origin.clone(), ada.host.clone(), ada.flags, ada.user_handle.clone());
        wrong(&mut ada);
        let mut visitor = site.visitor();
        let answer = visitor.log_in_with_passkey(&ada).await;
        assert_eq!(outcome(&mut visitor, answer).await, refused(), "{what}");
        assert_eq!(shown(&site, &ada).await, unknown, "{what}");
        (ada.origin, ada.host, ada.flags, ada.user_handle) = good;
        (ada.kind, ada.cross_origin) = (None, false);
    }
    // Another key's signature.
    let mut forger = SoftKey::new();
    (forger.id, forger.user_handle) = (ada.id.clone(), ada.user_handle.clone());
    let mut visitor = site.visitor();
    let answer = visitor.log_in_with_passkey(&forger).await;
    assert_eq!(outcome(&mut visitor, answer).await, refused());
    for text in ["{}", "[", "\0", &"x".repeat(20_000), &"x".repeat(65_000)] {
        let answer = visitor.post(LOG_IN, &[("credential", text), ("form_page", "/accounts/login")]).await;
        assert_eq!(outcome(&mut visitor, answer).await, refused());
    }
    // More than 64 KiB: the browser goes back at once, and the page says why.
    let large = "x".repeat(64 * 1024);
    let fields = [("credential", large.as_str())];
    let request = visitor.request(Method::POST, LOG_IN).form_body(&fields);
    let answer = visitor.send(request.header("referer", format!("{ORIGIN}/accounts/login"))).await;
    assert_eq!((answer.status, answer.header("refresh")), (413, "0;url=/accounts/login"));
    let sentence = "That is more than this site accepts in one request. Please send less.";
    assert!(answer.find("main").contains(sentence), "{}", answer.find("main"));
    assert_eq!(visitor.get("/accounts/login").await.messages(), [sentence]);
    let answer = visitor.call(LOG_IN, &fields).await;
    assert_eq!((answer.status, answer.text().as_str()), (413, "\"TooLarge\""));
    assert_eq!(visitor.log_in_with_passkey(&ada).await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn a_login_challenge_is_good_once_for_five_minutes_in_its_browser() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    let mut key = SoftKey::new();
    ada.has_passkey(&mut key).await;
    let post = async |visitor: &mut Visitor, credential: &str| {
        let answer =
            visitor.post(LOG_IN, &[("credential", credential), ("form_page", "/accounts/login")]).await;
        answer.location().to_owned()
    };
    let said = async |visitor: &mut Visitor| visitor.get("/accounts/login").await.form_errors().join(" ");

    let (mut victim, mut thief) = (site.visitor(), site.visitor());
    thief.passkey_options("passkey_login").await;
    let (_, options) = victim.passkey_options("passkey_login").await;
    post(&mut thief, &key.get(&options)).await;
    assert_eq!(said(&mut thief).await, TOO_LATE, "made for another browser");

    let (_, options) = victim.passkey_options("passkey_login").await;
    let credential = key.get(&options);
    site.clock.advance(Duration::from_secs(5 * 60));
    post(&mut victim, &credential).await;
    assert_eq!(said(&mut victim).await, TOO_LATE, "expired");

    let (_, options) = victim.passkey_options("passkey_login").await;
    let credential = key.get(&options);
    let before = site.database.number("SELECT COUNT(*) FROM sessions").await;
    let (mut one, mut two) = (victim.clone(), victim.clone());
    let (first, second) = tokio::join!(post(&mut one, &credential), post(&mut two, &credential));
    assert_ne!(first, second, "of two at once one logs in");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, before + 1);
    post(&mut victim, &credential).await;
    assert_eq!(said(&mut victim).await, TOO_LATE, "replayed");
    let (_, options) = ada.passkey_options("passkey_reauthenticate").await;
    let mut elsewhere = site.visitor();
    elsewhere.cookies.insert("__Host-passkey".into(), ada.cookies["__Host-passkey"].clone());
    post(&mut elsewhere, &key.get(&options)).await;
    assert_eq!(said(&mut elsewhere).await, TOO_LATE, "for a confirmation");
    site.clock.advance(Duration::from_secs(3600));
    site.database.until("SELECT COUNT(*) FROM passkey_challenges", |count| count == 0).await;
    site.stop().await;
}

#[tokio::test]
async fn a_counter_that_is_not_above_the_stored_one_is_refused_recorded_and_mailed() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    let mut key = SoftKey { counter: 5, ..SoftKey::new() };
    ada.has_passkey(&mut key).await;
    key.counter = 6;
    assert_eq!(site.visitor().log_in_with_passkey(&key).await.location(), "/members/dashboard");
    for counter in [6, 5, 0] {
        key.counter = counter;
        let mut visitor = site.visitor();
        let answer = visitor.log_in_with_passkey(&key).await;
        assert_eq!(outcome(&mut visitor, answer).await, refused(), "{counter}");
    }
    ada.post("/api/members/ask_passkey", &[("asks", "on")]).await;
    let mut half_way = site.visitor();
    assert_eq!(half_way.log_in("ada").await.location(), SECOND);
    assert_eq!(half_way.second_step_by(&key).await.location(), SECOND);
    assert_eq!(half_way.get(SECOND).await.form_errors(), [REFUSED]);
    assert_eq!(ada.reauthenticate_by(&key).await.location(), "/accounts/reauthenticate");
    let refusals = "SELECT COUNT(*) FROM activity WHERE kind = 'passkey_refused'";
    assert_eq!(site.database.number(refusals).await, 5, "three logins, a second step, a confirmation");
    site.mail_to("ada@example.com", "A passkey was refused", 1).await;
    assert!(ada.get("/members/activity").await.text().contains("Passkey refused: it may have been copied"));
    key.counter = 7;
    assert_eq!(site.visitor().log_in_with_passkey(&key).await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn a_passkey_is_the_second_step_and_so_is_a_security_key_without_a_pin() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    assert_eq!(ada.passkey_options("security_key_register").await.0, 404, "the login has one step");
    let mut key = SoftKey::new();
    ada.has_passkey(&mut key).await;
    assert_eq!(
        site.visitor().log_in("ada").await.location(),
        "/members/dashboard",
        "a passkey asks for no second step"
    );
    site.set_up_app(&mut ada).await;

    let mut usb = SoftKey { flags: USER_PRESENT, counter: 1, ..SoftKey::new() };
    let (status, options) = ada.passkey_options("security_key_register").await;
    assert_eq!(
        (status, options["authenticatorSelection"]["userVerification"].as_str()),
        (200, Some("discouraged"))
    );
    let added = ada.post(ADD, &[("credential", &usb.create(&options))]).await;
    assert!(added.location().contains("rename="), "{}", added.text());

    for key in [&key, &SoftKey { counter: 2, ..usb }] {
        let mut visitor = site.visitor();
        assert_eq!(visitor.log_in("ada").await.location(), SECOND);
        let page = visitor.get(SECOND).await;
        assert!(page.text().contains("Use a passkey or security key"));
        let (_, options) = visitor.passkey_options("passkey_second").await;
        assert_eq!(options["allowCredentials"].as_array().map(Vec::len), Some(2));
        let answer = visitor.second_step_by(key).await;
        assert_eq!(answer.location(), "/members/dashboard", "{}", answer.text());
        assert_eq!(visitor.get("/accounts/email").await.status, 200);
        assert_eq!(visitor.passkey_options("passkey_second").await.0, 404, "no login waits");
    }
    // Of two answers at once one logs in.
    let mut one = site.visitor();
    one.log_in("ada").await;
    let (sessions, mut two) = (site.database.number("SELECT COUNT(*) FROM sessions").await, one.clone());
    tokio::join!(one.second_step_by(&key), two.second_step_by(&key));
    assert_eq!(site.database.number("SELECT COUNT(*) FROM sessions").await, sessions + 1);
    // The app goes, and the passkeys stay.
    ada.post("/api/members/remove_authenticator", &[]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors").await, 2);
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn the_owner_decides_that_a_passkey_is_asked_for_after_the_password() {
    const ASK: &str = "/api/members/ask_passkey";
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    let mut key = SoftKey::new();
    ada.has_passkey(&mut key).await;
    let asked = ada.change(PASSKEYS_PAGE, ASK, &[]).await;
    assert_eq!(asked.location(), CODES_PAGE, "there are none yet");
    let codes = ada.get(CODES_PAGE).await.find_all(".codes code");
    let page = ada.get(PASSKEYS_PAGE).await;
    assert!(page.text().contains("Your account asks for a passkey after your password."), "{}", page.text());
    site.mail_to("ada@example.com", "Your passkey is asked for after your password", 1).await;

    let mut visitor = site.visitor();
    assert_eq!(visitor.log_in("ada").await.location(), SECOND);
    let page = visitor.get(SECOND).await;
    assert!(page.find_all("[name=code]").is_empty() && !page.text().contains("authenticator app"));
    assert_eq!(visitor.second_step_by(&key).await.location(), "/members/dashboard");
    // Recovery codes stand in for it as well.
    let mut visitor = site.visitor();
    visitor.log_in("ada").await;
    let page = visitor.get("/accounts/login/second?with=recovery").await;
    assert_eq!(page.attribute("[name=code]", "autocomplete").as_deref(), Some("off"));
    assert!(visitor.enter(&codes[0]).await.location().starts_with(CODES_PAGE));
    // The page that confirms asks for one, too.
    let page = visitor.get("/accounts/reauthenticate").await;
    assert!(page.text().contains("Recovery code") && page.text().contains("Use a passkey instead"));

    ada.change(PASSKEYS_PAGE, ASK, &[]).await;
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors WHERE kind = 'recovery'").await, 0);
    site.mail_to("ada@example.com", "Your passkey is no longer asked for", 1).await;
    let lines = ada.get("/members/activity").await.find_all("main li");
    assert_eq!(lines.iter().filter(|line| line.contains("Passkey asked for after the password")).count(), 2);
    site.stop().await;
}

#[tokio::test]
async fn with_the_last_passkey_the_second_step_goes() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    ada.has_passkey(&mut SoftKey::new()).await;
    ada.post("/api/members/ask_passkey", &[("asks", "on")]).await;
    let mut waiting = site.visitor();
    assert_eq!(waiting.log_in("ada").await.location(), SECOND);
    let id = site.database.number("SELECT id FROM factors WHERE kind = 'passkey'").await.to_string();
    ada.post("/api/members/remove_passkey", &[("passkey", &id)]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors").await, 0);
    assert!(waiting.get(SECOND).await.text().contains("This login took too long, or was ended."));
    assert_eq!(
        site.database.number("SELECT asks_passkey FROM users").await,
        0,
        "nor is the next one asked for"
    );
    let refused = ada.post("/api/members/ask_passkey", &[("asks", "on")]).await;
    assert_eq!(refused.location(), PASSKEYS_PAGE);
    let told = ada.get(PASSKEYS_PAGE).await.messages();
    assert!(told.iter().any(|told| told.starts_with("First log in with a passkey once")), "{told:?}");
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    site.stop().await;
}

/// Where a password alone has to be longer. How long the present one is, nobody knows.
#[tokio::test]
async fn with_the_last_passkey_a_longer_password_is_asked_for() {
    const CHANGE: &str = "/accounts/password_change";
    let site = TestSite::start_with(|config| {
        config.site.base_url = ORIGIN.into();
        config.passwords.min_length_without_second_factor = 15;
    })
    .await;
    let mut ada = site.proven_member("ada").await;
    for _ in 0..2 {
        ada.has_passkey(&mut SoftKey::new()).await;
    }
    for (asks, to) in [("on", CODES_PAGE), ("", CHANGE), ("on", CODES_PAGE)] {
        let answer = ada.post("/api/members/ask_passkey", &[("asks", asks)]).await;
        assert_eq!(answer.location(), to, "{asks:?}");
    }
    for to in [PASSKEYS_PAGE, CHANGE] {
        let last = "SELECT MAX(id) FROM factors WHERE kind = 'passkey'";
        let id = site.database.number(last).await.to_string();
        let answer = ada.post("/api/members/remove_passkey", &[("passkey", &id)]).await;
        assert_eq!(answer.location(), to);
    }
    site.stop().await;
}

#[tokio::test]
async fn a_security_key_without_a_pin_does_not_log_in_alone() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    site.set_up_app(&mut ada).await;
    let mut usb = SoftKey { flags: USER_PRESENT, ..SoftKey::new() };
    let (_, options) = ada.passkey_options("security_key_register").await;
    ada.post(ADD, &[("credential", &usb.create(&options))]).await;
    // Even if it says that it has verified its user.
    for flags in [USER_PRESENT, USER_PRESENT | USER_VERIFIED] {
        usb.flags = flags;
        let mut visitor = site.visitor();
        let answer = visitor.log_in_with_passkey(&usb).await;
        assert_eq!(outcome(&mut visitor, answer).await, refused());
    }
    assert_eq!(ada.passkey_options("passkey_reauthenticate").await.0, 404);
    site.stop().await;
}

#[tokio::test]
async fn wrong_passkeys_at_the_second_step_count_as_wrong_codes() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    ada.has_passkey(&mut SoftKey::new()).await;
    site.set_up_app(&mut ada).await;
    let mut eve = site.proven_member("eve").await;
    let mut of_eve = SoftKey::new();
    eve.has_passkey(&mut of_eve).await;
    let mut visitor = site.visitor();
    visitor.log_in("ada").await;
    for _ in 0..4 {
        assert_eq!(visitor.second_step_by(&of_eve).await.location(), SECOND);
        assert_eq!(visitor.get(SECOND).await.form_errors(), [REFUSED]);
    }
    assert_eq!(visitor.second_step_by(&of_eve).await.location(), "/accounts/login");
    assert_eq!(
        visitor.get("/accounts/login").await.messages(),
        ["Too many wrong codes. Please log in again."]
    );
    assert_eq!(visitor.post(SECOND_STEP, &[("credential", "{}")]).await.location(), SECOND, "it is over");
    assert!(ada.get("/members/activity").await.text().contains("right password, wrong code"));
    site.stop().await;
}

#[tokio::test]
async fn a_passkey_confirms_who_is_logged_in_and_sends_the_waiting_form() {
    let site = TestSite::with_passkeys().await;
    let (mut ada, mut eve) = (site.proven_member("ada").await, site.proven_member("eve").await);
    let (mut key, mut of_eve) = (SoftKey::new(), SoftKey::new());
    ada.has_passkey(&mut key).await;
    eve.has_passkey(&mut of_eve).await;
    site.clock.advance(Duration::from_secs(601));
    let ask = ada.get(PASSKEYS_PAGE).await.location().to_owned();
    assert!(ada.get(&ask).await.text().contains("Use a passkey instead"));
    let session = ada.session().map(str::to_owned);
    // Not another member's passkey, and not one that has not verified its user.
    let unverified = USER_PRESENT;
    for (flags, wrong) in [(of_eve.flags, &mut of_eve), (unverified, &mut key)] {
        let before = std::mem::replace(&mut wrong.flags, flags);
        assert_eq!(ada.reauthenticate_by(wrong).await.location(), "/accounts/reauthenticate");
        assert_eq!(ada.get("/accounts/reauthenticate").await.form_errors(), [REFUSED]);
        wrong.flags = before;
    }
    // A form that was late is sent again.
    let id = site.database.number("SELECT MIN(id) FROM factors").await.to_string();
    let fields = [("passkey", id.as_str()), ("passkey_name", "My phone"), ("form_page", PASSKEYS_PAGE)];
    let late = ada.post("/api/members/rename_passkey", &fields).await;
    assert!(late.location().starts_with("/accounts/reauthenticate"), "{}", late.location());
    let (_, options) = ada.passkey_options("passkey_reauthenticate").await;
    assert_eq!(options["userVerification"], "required");
    let fields = [("credential", key.get(&options)), ("next", PASSKEYS_PAGE.into())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(ada.post(REAUTHENTICATE, &fields).await.location(), PASSKEYS_PAGE);
    assert_ne!(ada.session().map(str::to_owned), session, "the session has a new id");
    let page = ada.get(PASSKEYS_PAGE).await;
    assert_eq!((page.status, page.find(".device h2")), (200, "My phone".into()));
    assert!(ada.get("/members/activity").await.text().contains("Confirmed with a passkey"));
    site.stop().await;
}

#[tokio::test]
async fn strangers_are_slowed_down_before_and_after_their_answer() {
    let site = TestSite::start_with(|config| {
        config.site.base_url = crate::support::passkey::ORIGIN.into();
        config.throttle.login_per_address = Rate::new(3, Period::minutes(1));
    })
    .await;
    let mut visitor = site.visitor();
    let mut statuses = Vec::new();
    let mut challenge = String::new();
    for _ in 0..4 {
        let (status, options) = visitor.passkey_options("passkey_login").await;
        challenge = options["challenge"].as_str().map_or(challenge, str::to_owned);
        statuses.push(status);
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    let credential = SoftKey::new().get(&serde_json::json!({ "challenge": challenge }));
    let made_up = SoftKey::new().get(&serde_json::json!({ "challenge": b64(&[1; 32]) }));
    let mut statuses = Vec::new();
    for credential in [&credential, &made_up, &made_up, &made_up] {
        statuses.push(
            visitor
                .post(LOG_IN, &[("credential", credential), ("form_page", "/accounts/login")])
                .await
                .status,
        );
    }
    assert_eq!(statuses, [303, 303, 303, 429]);
    site.stop().await;
}

#[tokio::test]
async fn an_unconfirmed_address_logs_in_no_passkey_where_it_must_be_confirmed() {
    let site = TestSite::start_with(|config| {
        config.site.base_url = crate::support::passkey::ORIGIN.into();
        config.accounts.require_verified_email = true;
    })
    .await;
    site.signed_up("ada").await;
    site.prove("ada").await;
    let mut ada = site.visitor();
    ada.log_in("ada").await;
    let mut key = SoftKey::new();
    ada.has_passkey(&mut key).await;
    site.database.execute("UPDATE users SET email_verified_at = NULL").await;
    let mut visitor = site.visitor();
    let answer = visitor.log_in_with_passkey(&key).await;
    let (.., said) = outcome(&mut visitor, answer).await;
    assert!(said.contains("confirm your email address first"), "{said}");
    assert!(!visitor.is_signed_in().await);
    site.stop().await;
}

/// A thief who added a passkey does not keep the owner from a new password.
#[tokio::test]
async fn the_link_in_a_mail_removes_a_new_passkey_and_keeps_its_link_for_a_password() {
    let site = TestSite::with_passkeys().await;
    let mut thief = site.proven_member("ada").await;
    let mut old = SoftKey::new();
    thief.has_passkey(&mut old).await;
    site.clock.advance(Duration::from_secs(73 * 3600));
    let mut thief = site.visitor();
    thief.log_in("ada").await;
    let mut key = SoftKey::new();
    thief.has_passkey(&mut key).await;
    let link = site.mail_to("ada@example.com", "A passkey was added", 2).await.link();
    let mut owner = site.visitor();
    owner.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    let reset = site.mail_to("ada@example.com", "Set a new password", 1).await.link();
    assert_eq!(site.visitor().log_in_with_passkey(&key).await.location(), "/members/dashboard");
    assert_eq!(owner.get(&reset).await.location(), "/accounts/reset/new", "a login by a passkey leaves it");
    let page = owner.get("/accounts/reset/new").await;
    assert!(!page.find_all("[name=password1]").is_empty(), "{}", page.text());

    let page = owner.get(&link).await.location().to_owned();
    owner.submit(&page, &[]).await;
    let answer = site.visitor().log_in_with_passkey(&key).await;
    assert_eq!(answer.location(), "/accounts/login");
    assert_eq!(
        site.visitor().log_in_with_passkey(&old).await.location(),
        "/members/dashboard",
        "the old one stays"
    );
    site.stop().await;
}

#[tokio::test]
async fn a_passkey_is_offered_after_a_login_with_the_password_once_a_month() {
    const OFFER: &str = "__Host-offer_passkey";
    let site = TestSite::with_passkeys().await;
    site.proven_member("ada").await;
    let mut ada = site.visitor();
    let answer = ada.log_in("ada").await;
    let cookie = answer.headers.get_all("set-cookie").iter().find_map(|cookie| {
        let cookie = cookie.to_str().expect("ASCII");
        cookie.starts_with(OFFER).then(|| cookie.to_owned())
    });
    let cookie = cookie.expect("a script reads it");
    assert!(!cookie.contains("HttpOnly") && cookie.contains("Max-Age=300"), "{cookie}");
    // Browsers make it without a touch, and without verifying anybody.
    let mut key = SoftKey { flags: 0, ..SoftKey::new() };
    let (status, options) = ada.passkey_options("passkey_offer").await;
    assert_eq!((status, options["authenticatorSelection"]["residentKey"].as_str()), (200, Some("required")));
    assert_eq!(options["authenticatorSelection"]["userVerification"], "preferred");
    let added = ada.call(ADD, &[("credential", &key.create(&options))]).await;
    assert_eq!((added.status, added.text().as_str()), (200, "\"Accepted\""));
    site.mail_to("ada@example.com", "Your browser made a passkey", 1).await;
    assert!(!ada.cookies.contains_key(OFFER) || ada.cookies[OFFER].is_empty(), "withdrawn");
    // Before it has verified its owner it is no second factor.
    ada.post("/api/members/ask_passkey", &[("asks", "on")]).await;
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    key.flags = USER_PRESENT | USER_VERIFIED;
    assert_eq!(site.visitor().log_in_with_passkey(&key).await.location(), "/members/dashboard");
    assert_eq!(ada.post("/api/members/ask_passkey", &[("asks", "on")]).await.location(), CODES_PAGE);
    assert_eq!(site.visitor().log_in("ada").await.location(), SECOND);
    ada.post("/api/members/ask_passkey", &[]).await;

    let offers = async |visitor: &mut Visitor| {
        visitor.cookies.remove(OFFER);
        visitor.log_in("ada").await;
        visitor.cookies.contains_key(OFFER)
    };
    assert!(!offers(&mut site.visitor()).await, "there is one");
    site.database.execute("DELETE FROM factors").await;
    ada.log_out().await;
    assert!(!offers(&mut ada).await, "within a month");
    assert!(offers(&mut site.visitor()).await);
    // For a key without anybody at it the other challenges are no way in.
    let mut silent = SoftKey { flags: 0, ..SoftKey::new() };
    let answer = ada.add_passkey(&mut silent).await;
    assert_eq!(answer.location(), PASSKEYS_PAGE);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn the_login_page_says_what_the_last_login_was() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    let mut key = SoftKey::new();
    ada.has_passkey(&mut key).await;
    ada.log_out().await;
    let said = async |visitor: &mut Visitor| {
        let page = visitor.get("/accounts/login").await;
        let lines = page.find_all("main .help");
        lines.into_iter().find(|line| line.starts_with("Last time")).unwrap_or_default()
    };
    assert_eq!(said(&mut ada).await, "Last time you logged in here with your password.");
    // Nor does a cached page say it, or hide it.
    for _ in 0..2 {
        assert_eq!(said(&mut site.visitor()).await, "", "nobody else is told");
    }
    assert_eq!(said(&mut ada).await, "Last time you logged in here with your password.");
    let answer = ada.log_in_with_passkey(&key).await;
    let mut cookies =
        answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().expect("ASCII"));
    let cookie = cookies.find(|cookie| cookie.starts_with("__Host-last_login=")).expect("the cookie");
    assert!(cookie.starts_with("__Host-last_login=passkey;") && !cookie.contains("HttpOnly"), "{cookie}");
    ada.log_out().await;
    assert_eq!(said(&mut ada).await, "Last time you logged in here with a passkey.");
    site.stop().await;
}

/// Otherwise the mailbox alone would be enough.
#[tokio::test]
async fn the_link_in_a_mail_does_not_remove_the_only_second_factor() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    let mut key = SoftKey::new();
    ada.has_passkey(&mut key).await;
    let link = site.mail_to("ada@example.com", "A passkey was added", 1).await.link();
    ada.post("/api/members/ask_passkey", &[("asks", "on")]).await;
    let mut thief = site.visitor();
    let page = thief.get(&link).await.location().to_owned();
    thief.submit(&page, &[]).await;
    let reset = site.mail_to("ada@example.com", "Set a new password", 1).await.link();
    let page = thief.get(&reset).await.location().to_owned();
    let new = "another horse battery";
    thief.submit(&page, &[("password1", new), ("password2", new)]).await;
    assert_eq!(thief.log_in_with("ada", new).await.location(), SECOND);
    assert_eq!(thief.second_step_by(&key).await.location(), "/members/dashboard");
    site.stop().await;
}

/// A passkey that nobody can use any more locks nobody out.
#[tokio::test]
async fn passkeys_of_another_host_or_switched_off_are_asked_of_nobody() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    let mut key = SoftKey::new();
    ada.has_passkey(&mut key).await;
    ada.post("/api/members/ask_passkey", &[("asks", "on")]).await;
    assert_eq!(site.visitor().log_in("ada").await.location(), SECOND);
    let database = site.halt().await;
    for off in [true, false] {
        let site = TestSite::start_on(database.once_more(), |config| {
            config.site.base_url =
                if off { crate::support::passkey::ORIGIN } else { "https://new.test" }.into();
            if off {
                config.accounts.passkeys = members_area::base::config::Switch::Off;
            }
        })
        .await;
        let mut visitor = site.visitor();
        assert_eq!(visitor.log_in("ada").await.location(), "/members/dashboard", "{off}");
        let (status, options) = visitor.passkey_options("passkey_reauthenticate").await;
        assert_ne!(status, 200, "{options}");
        assert_eq!(site.visitor().passkey_options("passkey_login").await.0 == 200, !off);
        site.halt().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn a_member_with_two_passkeys_can_do_without_a_password() {
    const REMOVE: &str = "/api/members/remove_password";
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    let (mut key, mut second) = (SoftKey::new(), SoftKey::new());
    ada.has_passkey(&mut key).await;
    assert!(!ada.get(PASSKEYS_PAGE).await.text().contains("Remove my password"));
    ada.post(REMOVE, &[]).await;
    let told = ada.get(PASSKEYS_PAGE).await.messages();
    assert!(told.iter().any(|told| told.starts_with("Your password was not removed")), "{told:?}");
    ada.has_passkey(&mut second).await;
    let mut other = site.visitor();
    other.log_in("ada").await;

    site.clock.advance(Duration::from_secs(590));
    assert_eq!(ada.change(PASSKEYS_PAGE, REMOVE, &[]).await.location(), PASSKEYS_PAGE);
    let page = ada.get(PASSKEYS_PAGE).await;
    assert!(page.text().contains("You have no password."), "{}", page.text());
    assert!(!other.is_signed_in().await, "all other devices are logged out");
    assert_eq!(ada.post(REMOVE, &[]).await.location(), PASSKEYS_PAGE, "pressed twice");
    site.mail_to("ada@example.com", "Your password was removed", 1).await;
    let removals = "SELECT COUNT(*) FROM activity WHERE kind = 'password_removed'";
    assert_eq!(site.database.number(removals).await, 1);
    assert!(ada.get("/members/activity").await.text().contains("Password removed"));
    let mut visitor = site.visitor();
    let answer = visitor.log_in("ada").await;
    let (status, location, said) = outcome(&mut visitor, answer).await;
    assert_eq!((status, location.as_str()), (303, "/accounts/login"));
    assert!(said.starts_with("Please enter a correct username"), "as for a wrong password: {said}");
    assert_eq!(visitor.log_in_with_passkey(&key).await.location(), "/members/dashboard");
    // Nothing was proven by that.
    site.clock.advance(Duration::from_secs(20));
    assert!(ada.get(PASSKEYS_PAGE).await.location().starts_with("/accounts/reauthenticate"));
    ada.reauthenticate_by(&key).await;
    // The last passkey stays; one of two goes.
    for left in [1, 1] {
        let id = ada.get(PASSKEYS_PAGE).await.attribute("[name=passkey]", "value").expect("a passkey");
        ada.post("/api/members/remove_passkey", &[("passkey", &id)]).await;
        assert_eq!(site.database.number("SELECT COUNT(*) FROM factors").await, left);
    }
    // A password again.
    let mut visitor = site.visitor();
    visitor.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
    let link = site.mail_to("ada@example.com", "Set a new password", 1).await.link();
    let page = visitor.get(&link).await.location().to_owned();
    let new = "another horse battery";
    visitor.submit(&page, &[("password1", new), ("password2", new)]).await;
    assert_eq!(visitor.log_in_with("ada", new).await.location(), "/members/dashboard");
    site.stop().await;
}

/// For the second step after a mailed code.
#[tokio::test]
async fn one_passkey_and_recovery_codes_are_enough_without_a_password() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    ada.has_passkey(&mut SoftKey::new()).await;
    ada.post("/api/members/ask_passkey", &[("asks", "on")]).await;
    let codes = ada.get(CODES_PAGE).await.find_all(".codes code");
    ada.post("/api/members/remove_password", &[]).await;
    assert!(ada.get(PASSKEYS_PAGE).await.text().contains("You have no password."));
    let mut visitor = site.visitor();
    visitor.post("/api/accounts/mail_code", &[("login", "ada")]).await;
    let code = site.mail_to("ada@example.com", "Your code to log in", 1).await.code();
    assert_eq!(visitor.post("/api/accounts/log_in_by_code", &[("code", &code)]).await.location(), SECOND);
    assert!(visitor.enter(&codes[0]).await.location().starts_with(CODES_PAGE));
    site.stop().await;
}
