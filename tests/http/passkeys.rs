//! Adding passkeys and removing them: what is asked of the browser, what is refused, and what the
//! owner sees.

use std::time::Duration;

use members_area::base::config::Switch;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    TestSite, Visitor,
    passkey::{
        ADD, CAN_SYNC, IS_SYNCED, LOG_IN, PASSKEYS_PAGE, SoftKey, USER_PRESENT, USER_VERIFIED, b64, unb64,
    },
    visitor::FormBody,
};

const NOT_ADDED: &str = "This passkey could not be added. Please try again, or use another device.";
const TOO_LATE: &str = "This took too long. Please start again.";
const COUNT: &str = "SELECT COUNT(*) FROM factors WHERE kind = 'passkey'";

/// Sends an answer and returns the error on the page.
async fn refusal(visitor: &mut Visitor, credential: &str) -> String {
    let answer = visitor.post(ADD, &[("credential", credential), ("form_page", PASSKEYS_PAGE)]).await;
    assert_eq!((answer.status, answer.location()), (303, PASSKEYS_PAGE), "{}", answer.text());
    visitor.get(PASSKEYS_PAGE).await.form_errors().join(" ")
}

/// The number in the address of the form with a new passkey's name.
fn number(location: &str) -> String {
    location.rsplit('=').next().expect("a number").to_owned()
}

#[tokio::test]
async fn the_browser_is_asked_for_a_discoverable_verified_passkey_without_attestation() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.member("ada").await;
    let (status, options) = ada.passkey_options("passkey_register").await;
    assert_eq!(status, 200);
    assert_eq!(options["rp"]["id"], "members.test");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!((&options["attestation"], &options["timeout"]), (&"none".into(), &300_000.into()));
    assert!(unb64(options["challenge"].as_str().expect("text")).len() >= 16);
    let algorithms = options["pubKeyCredParams"].as_array().expect("a list");
    assert_eq!(
        algorithms.iter().map(|one| one["alg"].as_i64()).collect::<Vec<_>>(),
        [-7, -8, -257].map(Some)
    );
    let handle = options["user"]["id"].as_str().expect("text").to_owned();
    assert_eq!(unb64(&handle).len(), 16);
    let id = site.user_id("ada").await;
    assert!(!handle.contains(&b64(id.to_string().as_bytes())) && !handle.contains(&b64(b"ada")));
    // It stays the same, and a known credential is excluded.
    let mut key = SoftKey::new();
    ada.has_passkey(&mut key).await;
    let (_, again) = ada.passkey_options("passkey_register").await;
    assert_eq!(again["user"]["id"], handle.as_str());
    assert_ne!(again["challenge"], options["challenge"]);
    assert_eq!(again["excludeCredentials"][0]["id"], b64(&key.id).as_str());
    assert_eq!(again["excludeCredentials"][0]["transports"][0], "internal");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM passkey_handles").await, 1);
    // Only hashes of challenges are stored.
    let challenge = unb64(again["challenge"].as_str().expect("text"));
    let hex: String = challenge.iter().map(|byte| format!("{byte:02x}")).collect();
    let stored = format!(
        "SELECT COUNT(*) FROM passkey_challenges WHERE challenge_hash = {}",
        site.database.bytes(&hex)
    );
    assert_eq!(site.database.number(&stored).await, 0);
    site.stop().await;
}

#[tokio::test]
async fn a_passkey_is_added_listed_renamed_and_removed() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.proven_member("ada").await;
    assert_eq!(
        ada.get(PASSKEYS_PAGE).await.find("main .without-passkeys"),
        "To add a passkey, you need JavaScript and a browser that supports passkeys."
    );
    let mut phone = SoftKey { flags: USER_PRESENT | USER_VERIFIED | CAN_SYNC | IS_SYNCED, ..SoftKey::new() };
    phone.aaguid.copy_from_slice(&0xea9b_8d66_4d01_1d21_3ce4_b6b4_8cb5_75d4_u128.to_be_bytes());
    let added = ada.add_passkey(&mut phone).await;
    let id = number(added.location());
    let page = ada.get(added.location()).await;
    assert_eq!(page.messages(), ["The passkey was added."]);
    assert_eq!(page.attribute("[name=passkey_name]", "value").as_deref(), Some("Google Password Manager"));
    site.mail_to("ada@example.com", "A passkey was added", 1).await;

    ada.has_passkey(&mut SoftKey::ed25519()).await;
    ada.has_passkey(&mut SoftKey { flags: USER_PRESENT | USER_VERIFIED | CAN_SYNC, ..SoftKey::new() }).await;
    let facts = ada.get(PASSKEYS_PAGE).await.find_all(".device dd");
    assert_eq!(facts[1..4], ["Never", "Synced to your devices", "Logs in by itself"]);
    assert_eq!(facts[5..8], ["Never", "This device only", "Logs in by itself"]);
    assert_eq!(facts[9..], ["Never", "This device only, but it can be synced", "Logs in by itself"]);

    let rename = "/api/members/rename_passkey";
    let form_page = format!("{PASSKEYS_PAGE}?rename={id}");
    let long = "x".repeat(61);
    for (name, problem) in [
        ("", "This field is required."),
        (" \u{200d}", "This field is required."),
        (long.as_str(), "Ensure this value has at most 60 characters (it has 61)."),
        ("a\u{202e}b", "Enter a name without control characters."),
        ("a\0b", "Enter a name without control characters."),
    ] {
        let fields = [("passkey", id.as_str()), ("passkey_name", name), ("form_page", &form_page)];
        assert_eq!(ada.post(rename, &fields).await.location(), form_page);
        assert_eq!(ada.get(&form_page).await.errors("passkey_name"), [problem], "{name:?}");
    }
    let longest = "水".repeat(60);
    ada.post(rename, &[("passkey", &id), ("passkey_name", &longest)]).await;
    assert_eq!(ada.get(PASSKEYS_PAGE).await.find(".device h2"), longest);

    // Nobody changes another member's.
    let mut eve = site.member("eve").await;
    for path in [rename, "/api/members/remove_passkey"] {
        eve.post(path, &[("passkey", &id), ("passkey_name", "mine")]).await;
        assert_eq!(eve.get(PASSKEYS_PAGE).await.messages(), ["That passkey was already removed."]);
    }
    assert_eq!(site.database.number(COUNT).await, 3);
    ada.post("/api/members/remove_passkey", &[("passkey", &id)]).await;
    assert_eq!(site.database.number(COUNT).await, 2);
    site.mail_to("ada@example.com", "A passkey was removed", 1).await;
    let activity = ada.get("/members/activity").await.text();
    assert!(activity.contains("Passkey added") && activity.contains("Passkey removed"));
    site.stop().await;
}

/// What the page has the browser report by `signalAllAcceptedCredentials` and
/// `signalCurrentUserDetails`.
async fn reported(visitor: &mut Visitor) -> Option<Value> {
    let page = visitor.get(PASSKEYS_PAGE).await;
    let text = page.attribute("[data-accepted]", "data-accepted");
    text.map(|text| serde_json::from_str(&text).expect("JSON"))
}

#[tokio::test]
async fn authenticators_are_told_which_passkeys_are_left_and_the_present_name() {
    let site = TestSite::with_passkeys().await;
    let (mut ada, mut eve) = (site.proven_member("ada").await, site.member("eve").await);
    assert_eq!(reported(&mut ada).await, None, "she never had one");
    let (mut first, mut second) = (SoftKey::new(), SoftKey::ed25519());
    let id = number(ada.add_passkey(&mut first).await.location());
    site.clock.advance(Duration::from_secs(1));
    ada.has_passkey(&mut second).await;
    eve.has_passkey(&mut SoftKey::new()).await;
    let report = |keys: &[&SoftKey], name: &str| {
        let ids: Vec<_> = keys.iter().map(|key| b64(&key.id)).collect();
        Some(serde_json::json!({
            "rpId": "members.test", "userId": b64(&first.user_handle), "allAcceptedCredentialIds": ids,
            "name": name, "displayName": name,
        }))
    };
    assert_eq!(reported(&mut ada).await, report(&[&first, &second], "ada"));
    // The name that its owner gave it is none of theirs.
    ada.post("/api/members/rename_passkey", &[("passkey", &id), ("passkey_name", "My phone")]).await;
    assert_eq!(reported(&mut ada).await, report(&[&first, &second], "ada"));
    ada.post("/api/members/remove_passkey", &[("passkey", &id)]).await;
    assert_eq!(reported(&mut ada).await, report(&[&second], "ada"));
    ada.submit("/members/profile", &[("username", "countess")]).await;
    assert_eq!(reported(&mut ada).await, report(&[&second], "countess"));
    let id = ada.get(PASSKEYS_PAGE).await.attribute("[name=passkey]", "value").expect("a passkey");
    ada.post("/api/members/remove_passkey", &[("passkey", &id)]).await;
    assert_eq!(reported(&mut ada).await, report(&[], "countess"));
    site.stop().await;
}

#[tokio::test]
async fn responses_that_do_not_fit_are_refused() {
    type Wrong = fn(&mut SoftKey);
    let site = TestSite::with_passkeys().await;
    let mut ada = site.member("ada").await;
    let cases: [(&str, Wrong); 13] = [
        ("another origin", |key| key.origin = "https://members.test.evil".into()),
        ("http", |key| key.origin = "http://members.test".into()),
        ("another port", |key| key.origin = "https://members.test:8443".into()),
        ("another host", |key| key.host = "evil.test".into()),
        ("another type", |key| key.kind = Some("webauthn.get")),
        ("in a frame of another site", |key| key.cross_origin = true),
        ("in a frame of a site that it names", |key| key.top_origin = Some("https://evil.test")),
        ("nobody was there", |key| key.flags = USER_VERIFIED),
        ("nobody was verified", |key| key.flags = USER_PRESENT),
        ("synced, but cannot be", |key| key.flags |= IS_SYNCED),
        ("an unknown algorithm", |key| key.algorithm = -9),
        ("cut off", |key| key.cut = 1),
        ("cut off in the key", |key| key.cut = 40),
    ];
    for (what, wrong) in cases {
        let mut key = SoftKey::new();
        wrong(&mut key);
        let (_, options) = ada.passkey_options("passkey_register").await;
        assert_eq!(refusal(&mut ada, &key.create(&options)).await, NOT_ADDED, "{what}");
    }
    let (long, deep) = ("x".repeat(20_000), "[".repeat(20_000));
    for text in ["{}", "null", "[]", "\0", &long, &deep] {
        assert_eq!(refusal(&mut ada, text).await, NOT_ADDED);
    }
    assert_eq!(refusal(&mut ada, "").await, "Your browser sent no passkey. Please try again.");
    let large = ada.post(ADD, &[("credential", &"x".repeat(64 * 1024)), ("form_page", PASSKEYS_PAGE)]).await;
    assert_eq!(large.status, 413);
    assert_eq!(site.database.number(COUNT).await, 0);
    site.stop().await;
}

#[tokio::test]
async fn a_challenge_is_good_once_for_five_minutes_for_its_browser_and_purpose() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.member("ada").await;
    let mut bob = site.member("bob").await;
    let (_, options) = ada.passkey_options("passkey_register").await;
    let credential = SoftKey::new().create(&options);
    assert_eq!(refusal(&mut bob, &credential).await, TOO_LATE, "of another browser");
    // Bob has Ada's cookie, but not her account.
    let mut thief = bob.clone();
    let cookie = ada.cookies["__Host-passkey"].clone();
    thief.cookies.insert("__Host-passkey".into(), cookie);
    let (_, options) = ada.passkey_options("passkey_register").await;
    assert_eq!(refusal(&mut thief, &SoftKey::new().create(&options)).await, TOO_LATE, "of another member");

    let (_, options) = ada.passkey_options("passkey_register").await;
    let credential = SoftKey::new().create(&options);
    site.clock.advance(Duration::from_secs(5 * 60));
    assert_eq!(refusal(&mut ada, &credential).await, TOO_LATE, "expired");
    let (_, options) = ada.passkey_options("passkey_login").await;
    let login = serde_json::json!({ "challenge": options["challenge"], "user": { "id": b64(b"x") } });
    assert_eq!(refusal(&mut ada, &SoftKey::new().create(&login)).await, TOO_LATE, "for a login");
    let made_up = serde_json::json!({ "challenge": b64(&[7; 32]), "user": { "id": b64(b"x") } });
    assert_eq!(refusal(&mut ada, &SoftKey::new().create(&made_up)).await, TOO_LATE, "made up");

    // Two at once: one passkey.
    let (_, options) = ada.passkey_options("passkey_register").await;
    let (first, second) = (SoftKey::new().create(&options), SoftKey::new().create(&options));
    let (mut one, mut other) = (ada.clone(), ada.clone());
    let [first, second] = [&first, &second].map(|credential| [("credential", credential.as_str())]);
    let (added, _) = tokio::join!(one.post(ADD, &first), other.post(ADD, &second));
    assert_eq!(site.database.number(COUNT).await, 1);
    // The session has a new id in the one that was quicker.
    let mut ada = if added.location().contains("rename=") { one } else { other };
    // Two pages that wait at once do not disturb each other.
    let (_, early) = ada.passkey_options("passkey_register").await;
    ada.passkey_options("passkey_register").await;
    let answer = ada.post(ADD, &[("credential", &SoftKey::new().create(&early))]).await;
    assert!(answer.location().contains("rename="), "{}", answer.location());
    site.stop().await;
}

#[tokio::test]
async fn a_credential_belongs_to_one_account_and_a_member_has_at_most_twenty() {
    let site = TestSite::with_passkeys().await;
    let (mut ada, mut eve) = (site.member("ada").await, site.member("eve").await);
    let mut key = SoftKey::new();
    ada.has_passkey(&mut key).await;
    for visitor in [&mut eve, &mut ada] {
        let (_, options) = visitor.passkey_options("passkey_register").await;
        assert_eq!(refusal(visitor, &key.create(&options)).await, NOT_ADDED);
    }
    let mut waiting = Value::Null;
    for _ in 0..20 {
        (_, waiting) = eve.passkey_options("passkey_register").await;
        let (_, options) = eve.passkey_options("passkey_register").await;
        eve.post(ADD, &[("credential", &SoftKey::new().create(&options))]).await;
    }
    assert_eq!(
        refusal(&mut eve, &SoftKey::new().create(&waiting)).await,
        "You have 20 passkeys. Please remove one first."
    );
    assert_eq!(eve.passkey_options("passkey_register").await.0, 422);
    assert_eq!(site.database.number(COUNT).await, 21);
    site.stop().await;
}

#[tokio::test]
async fn the_page_and_its_functions_need_a_recent_password() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.member("ada").await;
    let mut key = SoftKey::new();
    ada.has_passkey(&mut key).await;
    let id = site.database.number("SELECT id FROM factors").await.to_string();
    let (_, options) = ada.passkey_options("passkey_register").await;
    let credential = SoftKey::new().create(&options);
    site.clock.advance(Duration::from_secs(601));
    assert!(ada.get(PASSKEYS_PAGE).await.location().starts_with("/accounts/reauthenticate?next="));
    assert_eq!(ada.passkey_options("passkey_register").await.0, 403);
    for (path, fields) in [
        (ADD, vec![("credential", credential.as_str())]),
        ("/api/members/rename_passkey", vec![("passkey", id.as_str()), ("passkey_name", "x")]),
        ("/api/members/remove_passkey", vec![("passkey", id.as_str())]),
    ] {
        let answer = ada.post(path, &fields).await;
        assert!(answer.location().starts_with("/accounts/reauthenticate"), "{path} {}", answer.location());
    }
    assert_eq!(site.database.number(COUNT).await, 1);
    assert_eq!(site.visitor().passkey_options("passkey_register").await.0, 401);
    site.stop().await;
}

#[tokio::test]
async fn the_last_way_to_log_in_is_not_removed() {
    let site = TestSite::with_passkeys().await;
    let mut ada = site.member("ada").await;
    ada.has_passkey(&mut SoftKey::new()).await;
    ada.has_passkey(&mut SoftKey::new()).await;
    site.database.execute("UPDATE users SET password_hash = '?x' WHERE username = 'ada'").await;
    for (left, problem) in [(1, None), (1, Some("You have no password: set one, or add another passkey"))] {
        let page = ada.get(PASSKEYS_PAGE).await;
        let id = page.attribute("[name=passkey]", "value").expect("a passkey");
        let fields = [("passkey", id.as_str()), ("form_page", PASSKEYS_PAGE)];
        ada.post("/api/members/remove_passkey", &fields).await;
        assert_eq!(site.database.number(COUNT).await, left);
        let text = ada.get(PASSKEYS_PAGE).await.text();
        assert!(problem.is_none_or(|problem| text.contains(problem)), "{text}");
    }
    site.stop().await;
}

#[tokio::test]
async fn nobody_who_acts_as_a_member_comes_to_their_passkeys() {
    let site = TestSite::with_passkeys().await;
    site.member("ada").await;
    let mut root = site.superuser("root").await;
    let fields = [("username", "ada"), ("reason", "a call")];
    assert_eq!(root.submit("/admin/act?username=ada", &fields).await.status, 303);
    assert_eq!(root.get(PASSKEYS_PAGE).await.status, 403);
    for purpose in ["passkey_register", "passkey_reauthenticate"] {
        assert_eq!(root.passkey_options(purpose).await.0, 403, "{purpose}");
    }
    for path in [
        ADD,
        "/api/members/rename_passkey",
        "/api/members/remove_passkey",
        "/api/accounts/passkey_reauthenticate",
    ] {
        assert_eq!(root.post(path, &[("credential", "{}"), ("passkey", "1")]).await.status, 403, "{path}");
    }
    site.stop().await;
}

#[tokio::test]
async fn where_browsers_have_no_passkeys_the_page_says_why() {
    const IP: &str = "Passkeys do not work at an IP address";
    type Change = fn(&mut members_area::base::config::Config);
    let cases: [(Change, &str); 4] = [
        (|_| {}, IP),
        (
            |config| config.site.base_url = "http://192.0.2.1".into(),
            "this site has an IP address instead of a name",
        ),
        (|config| config.site.base_url = "http://members.test".into(), "only over https"),
        (|config| config.accounts.passkeys = Switch::Off, "switched off on this site"),
    ];
    for (change, sentence) in cases {
        let site = TestSite::start_with(change).await;
        let mut ada = site.member("ada").await;
        let page = ada.get(PASSKEYS_PAGE).await;
        assert!(page.find("main .message").contains(sentence), "{}", page.find("main .message"));
        assert!(page.find("main .passkey").is_empty());
        let local = format!("http://localhost:{}{PASSKEYS_PAGE}", site.address.port());
        let link = page.attribute("main .message a[rel=external]", "href");
        assert_eq!(link, (sentence == IP).then_some(local));
        assert_eq!(ada.passkey_options("passkey_register").await.0, 422);
        assert_eq!(ada.get("/.well-known/passkey-endpoints").await.status, 404);
        site.stop().await;
    }
}

/// The address that the page at the IP address names.
#[tokio::test]
async fn opened_by_its_name_a_site_on_this_machine_has_passkeys() {
    let site = TestSite::start().await;
    let mut ada = site.member("ada").await;
    let local = format!("localhost:{}", site.address.port());
    let ask = async |visitor: &mut Visitor, purpose: &str| -> Value {
        let request = visitor.request(Method::POST, "/api/accounts/passkey_options").header("host", &local);
        let request = request.form_body(&[("purpose", purpose)]).wanting("application/json");
        let text: String = serde_json::from_slice(&visitor.send(request).await.body).expect("options");
        serde_json::from_str(&text).expect("JSON")
    };
    let answer = async |visitor: &mut Visitor, path: &str, credential: &str| {
        let request = visitor.request(Method::POST, path).header("host", &local);
        visitor.send(request.form_body(&[("credential", credential)])).await.location().to_owned()
    };
    let request = ada.request(Method::GET, "/.well-known/passkey-endpoints").header("host", &local);
    let endpoints: Value = serde_json::from_slice(&ada.send(request).await.body).expect("JSON");
    assert_eq!(endpoints["enroll"], format!("http://{local}{PASSKEYS_PAGE}"));
    let request = ada.request(Method::GET, PASSKEYS_PAGE).header("host", &local);
    let page = ada.send(request).await;
    assert!(page.find("main .message").is_empty() && !page.find("main .passkey").is_empty());

    let origin = format!("http://{local}");
    let mut key = SoftKey { host: "localhost".into(), origin, ..SoftKey::new() };
    let options = ask(&mut ada, "passkey_register").await;
    assert_eq!(options["rp"]["id"], "localhost");
    let added = answer(&mut ada, ADD, &key.create(&options)).await;
    assert!(added.contains("rename="), "{added}");
    let mut visitor = site.visitor();
    let options = ask(&mut visitor, "passkey_login").await;
    assert_eq!(answer(&mut visitor, LOG_IN, &key.get(&options)).await, "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn the_module_and_the_headers_allow_passkeys_where_they_are_used() {
    let site = TestSite::with_passkeys().await;
    let page = site.visitor().get("/accounts/login").await;
    let policy = page.header("permissions-policy");
    assert!(
        policy.contains("publickey-credentials-create=(self), publickey-credentials-get=(self)"),
        "{policy}"
    );
    assert_eq!(page.attribute("[name=login]", "autocomplete").as_deref(), Some("username webauthn"));
    assert!(page.text().contains("import(\"/passkeys.js\")"));
    let endpoints: Value =
        serde_json::from_slice(&site.visitor().get("/.well-known/passkey-endpoints").await.body)
            .expect("JSON");
    let address = format!("https://members.test{PASSKEYS_PAGE}");
    assert_eq!(endpoints, serde_json::json!({ "enroll": address, "manage": address }));
    site.stop().await;
    let off = TestSite::start_with(|config| config.accounts.passkeys = Switch::Off).await;
    assert!(!off.visitor().get("/accounts/login").await.text().contains("passkeys.js"));
    off.stop().await;
    let mut module = Vec::new();
    let source = include_bytes!("../../public/passkeys.js");
    std::io::Write::write_all(&mut brotli::CompressorWriter::new(&mut module, 4096, 9, 22), source)
        .expect("packed");
    assert!(module.len() <= 3000, "{} bytes", module.len());
}
