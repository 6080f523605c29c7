//! Setting up an authenticator app, what it is asked for, and removing it.

use std::time::Duration;

use crate::support::{
    PASSWORD, TestSite,
    authenticator::{APP_PAGE, App, CODES_PAGE, SECOND},
    log,
};

const CONFIRM: &str = "/api/members/confirm_authenticator";
const START: &str = "/api/members/start_authenticator";
const REMOVE: &str = "/api/members/remove_authenticator";

/// Reads the QR code of the page as a camera would.
fn scanned(path: &str, width: usize) -> String {
    const SCALE: usize = 4;
    let mut is_dark = vec![false; width * width];
    for module in path.split('M').filter(|module| !module.is_empty()) {
        let (x, y) = module.trim_end_matches("h1v1h-1z").split_once(' ').expect("two numbers");
        is_dark[y.parse::<usize>().expect("y") * width + x.parse::<usize>().expect("x")] = true;
    }
    let mut image = rqrr::PreparedImage::prepare_from_bitmap(width * SCALE, width * SCALE, |x, y| {
        is_dark[y / SCALE * width + x / SCALE]
    });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().expect("it is readable").1
}

#[tokio::test]
async fn an_app_is_set_up_by_qr_code_key_or_link_and_counts_from_its_first_code() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    let links = member.get("/members/security").await.attributes("main a", "href");
    assert!(links.iter().any(|link| link == APP_PAGE), "{links:?}");
    let page = member.get(APP_PAGE).await;
    assert_eq!((page.status, page.form().0.as_str()), (200, START));
    assert_eq!(page.header("cache-control"), "private, no-store");
    assert_eq!(
        site.database.number("SELECT COUNT(*) FROM factors").await,
        0,
        "opening a page creates nothing"
    );
    assert_eq!(member.submit(APP_PAGE, &[]).await.location(), APP_PAGE);

    let page = member.get(APP_PAGE).await;
    let key = page.find("code.key");
    assert!(key.len() == 39 && key.split(' ').all(|four| four.len() == 4), "160 bits in fours: {key}");
    let link = page.attribute("main a[href^=otpauth]", "href").expect("a link");
    assert_eq!(
        link,
        format!("otpauth://totp/Members%20Area:ada?secret={}&issuer=Members%20Area", key.replace(' ', ""))
    );
    let size = page.attribute("svg.qr", "viewBox").expect("a QR code");
    let width = size.rsplit(' ').next().and_then(|width| width.parse().ok()).expect("a width");
    assert_eq!(scanned(&page.attribute("svg.qr path", "d").expect("a path"), width), link);
    assert!(page.find_all("main img").is_empty());
    // The stored secret is sealed.
    let app = App::from_page(&page);
    assert!(site.database.everything().await.iter().all(|row| !row.contains(&key.replace(' ', ""))));

    // Until one code fits, the password alone logs in.
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    for (typed, problem) in [
        ("", "This field is required."),
        (
            "000000",
            "That code is wrong, or was used before. Enter the code that your app shows now, or a recovery code.",
        ),
    ] {
        assert_eq!(
            member.post(CONFIRM, &[("code", typed), ("form_page", APP_PAGE)]).await.location(),
            APP_PAGE
        );
        assert_eq!(member.get(APP_PAGE).await.errors("code"), [problem]);
    }
    let session = member.session().expect("a session").to_owned();
    assert_eq!(member.submit(APP_PAGE, &[("code", &app.code_in(&site, 0))]).await.location(), CODES_PAGE);
    assert_ne!(member.session(), Some(session.as_str()), "more is proven: a new id");
    assert_eq!(site.visitor().log_in("ada").await.location(), SECOND);
    let mail = site.mail_to("ada@example.com", "An authenticator app was added", 1).await;
    assert!(mail.text.contains("This was not me") && !mail.text.contains(&key[..4]), "{}", mail.text);
    let lines = member.get("/members/activity").await.find_all(".what");
    assert!(lines.iter().any(|line| line == "Authenticator app added"), "{lines:?}");

    // From now on no page, and no copy of the data, has the secret.
    let page = member.get(APP_PAGE).await;
    assert!(page.text().contains("Two-step login is on") && page.find_all("main svg").is_empty());
    let zip = member.post("/members/export", &[]).await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&zip.body)).expect("a ZIP file");
    let mut copy = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("account.json").expect("a file"), &mut copy)
        .expect("text");
    assert!(copy.contains("\"kind\":\"totp\""), "{copy}");
    for secret in [key.as_str(), &key.replace(' ', "")] {
        assert!(!page.text().contains(secret) && !copy.contains(secret) && !log::contains(secret));
    }
    site.stop().await;
}

#[tokio::test]
async fn a_secret_waits_half_an_hour_and_two_pages_show_the_same() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    let mut other = member.clone();
    let (one, two) = tokio::join!(member.post(START, &[]), other.post(START, &[]));
    assert_eq!((one.location(), two.location()), (APP_PAGE, APP_PAGE));
    let key = member.get(APP_PAGE).await.find("code.key");
    assert_eq!(other.get(APP_PAGE).await.find("code.key"), key);
    member.post(START, &[]).await;
    assert_eq!(member.get(APP_PAGE).await.find("code.key"), key, "a second press keeps it");

    site.clock.advance(Duration::from_secs(1801));
    let reauthenticate = "/accounts/reauthenticate?next=/members/security/authenticator";
    assert_eq!(member.get(APP_PAGE).await.location(), reauthenticate);
    member.submit(reauthenticate, &[("password", PASSWORD)]).await;
    let page = member.get(APP_PAGE).await;
    assert!(page.find_all("code.key").is_empty() && page.form().0 == START);
    let late = member.post(CONFIRM, &[("code", "123456"), ("form_page", APP_PAGE)]).await;
    assert_eq!(late.location(), APP_PAGE);
    member.post(START, &[]).await;
    let page = member.get(APP_PAGE).await;
    assert_ne!(page.find("code.key"), key);
    let code = App::from_page(&page).code_in(&site, 0);
    // Of two presses one sets it up; the other finds it done.
    let mut other = member.clone();
    let fields = [("code", code.as_str())];
    let (one, two) = tokio::join!(member.post(CONFIRM, &fields), other.post(CONFIRM, &fields));
    for answer in [&one, &two] {
        assert!([303, 307].contains(&answer.status), "{}: {}", answer.status, answer.text());
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors WHERE kind = 'totp'").await, 1);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors WHERE kind = 'recovery'").await, 10);
    site.stop().await;
}

#[tokio::test]
async fn an_unconfirmed_secret_is_deleted() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.member("ada").await;
    member.post(START, &[]).await;
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors").await, 1);
    site.clock.advance(Duration::from_secs(3601));
    site.database.until("SELECT COUNT(*) FROM factors", |count| count == 0).await;
    site.stop().await;
}

#[tokio::test]
async fn sensitive_actions_ask_for_password_and_code() {
    let site = TestSite::start_without_mail().await;
    let mut member = site.proven_member("ada").await;
    let (app, codes) = site.set_up_app(&mut member).await;
    // Nothing is asked again a moment later.
    for page in [APP_PAGE, CODES_PAGE, "/accounts/email", "/accounts/password_change"] {
        assert_eq!(member.get(page).await.status, 200, "{page}");
    }
    site.clock.advance(Duration::from_secs(601));
    for page in [APP_PAGE, CODES_PAGE, "/accounts/email", "/accounts/password_change", "/members/sessions"] {
        let ask = format!("/accounts/reauthenticate?next={page}");
        assert_eq!(member.get(page).await.location(), ask, "{page}");
    }
    for (function, fields) in [
        (START, vec![]),
        (REMOVE, vec![]),
        ("/api/members/new_recovery_codes", vec![]),
        ("/api/accounts/ask_for_email_change", vec![("email", "new@example.com")]),
        (
            "/api/accounts/change_password",
            vec![("old_password", PASSWORD), ("password1", "another horse"), ("password2", "another horse")],
        ),
    ] {
        let answer = member.post(function, &[fields.as_slice(), &[("form_page", APP_PAGE)]].concat()).await;
        assert!(
            answer.location().starts_with("/accounts/reauthenticate?next="),
            "{function}: {}",
            answer.text()
        );
    }
    let hash = "SELECT COUNT(*) FROM activity WHERE kind IN ('password_changed', 'second_factor_removed')";
    assert_eq!(site.database.number(hash).await, 0);
    member.cookies.remove("kept_form");

    let ask = "/accounts/reauthenticate?next=/accounts/email";
    let page = member.get(ask).await;
    assert_eq!(page.find_all("main input[name=password], main input[name=code]").len(), 2);
    // The code is looked at after the right password only.
    let code = app.new_code(&site);
    for (password, typed, wrong) in
        [("wrong", code.as_str(), "password"), (PASSWORD, "000000", "code"), (PASSWORD, "", "code")]
    {
        assert_eq!(member.submit(ask, &[("password", password), ("code", typed)]).await.location(), ask);
        let page = member.get(ask).await;
        assert_eq!(page.errors(wrong).len(), 1, "{password} {typed}");
        assert_eq!(page.find_all("[aria-invalid]").len(), 1, "{password} {typed}");
    }
    assert_eq!(
        member.submit(ask, &[("password", PASSWORD), ("code", &code)]).await.location(),
        "/accounts/email"
    );
    for page in [APP_PAGE, CODES_PAGE, "/accounts/email", "/members/sessions"] {
        assert_eq!(member.get(page).await.status, 200, "{page}");
    }
    // The password is proven anew by the form that changes it, the code is not.
    site.clock.advance(Duration::from_secs(400));
    let new = "another horse battery";
    let fields = [("old_password", PASSWORD), ("password1", new), ("password2", new)];
    assert_eq!(member.post("/api/accounts/change_password", &fields).await.location(), "/members/profile");
    site.clock.advance(Duration::from_secs(201));
    assert_eq!(member.get("/accounts/email").await.location(), ask);
    // A recovery code does as well.
    let answer = member.submit(ask, &[("password", new), ("code", &codes[0])]).await;
    assert_eq!(answer.location(), "/accounts/email");
    let answer = member.submit(ask, &[("password", new), ("code", &codes[0])]).await;
    assert_eq!(answer.location(), ask, "once");
    site.stop().await;
}

/// A form that waits for the password waits for the code as well, and is then sent.
#[tokio::test]
async fn a_waiting_form_is_sent_after_both() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    let (app, _) = site.set_up_app(&mut member).await;
    site.clock.advance(Duration::from_secs(601));
    let fields = [("email", "new@example.com"), ("form_page", "/accounts/email")];
    let ask = "/accounts/reauthenticate?next=/accounts/email";
    assert_eq!(member.post("/api/accounts/ask_for_email_change", &fields).await.location(), ask);
    member.submit(ask, &[("password", PASSWORD)]).await;
    assert!(site.mails_to("new@example.com").is_empty());
    let answer = member.submit(ask, &[("password", PASSWORD), ("code", &app.new_code(&site))]).await;
    assert_eq!(answer.location(), "/accounts/email/confirm", "{}", answer.text());
    site.mail_to("new@example.com", "", 1).await;
    site.stop().await;
}

#[tokio::test]
async fn a_removed_app_is_not_asked_for() {
    let site = TestSite::start().await;
    let mut member = site.proven_member("ada").await;
    let (app, codes) = site.set_up_app(&mut member).await;
    let mut half_way = site.visitor();
    half_way.log_in("ada").await;
    let page = member.get(APP_PAGE).await;
    assert_eq!(page.form().0, REMOVE);
    assert_eq!(member.submit(APP_PAGE, &[]).await.location(), APP_PAGE);
    assert_eq!(
        member.get(APP_PAGE).await.messages(),
        ["Two-step login is off. Your password alone logs you in."]
    );
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors").await, 0);
    site.mail_to("ada@example.com", "Two-step login was switched off", 1).await;
    for code in [&app.new_code(&site), &codes[0]] {
        half_way.enter(code).await;
        assert!(
            half_way.get(SECOND).await.find_all("main form").is_empty() && !half_way.is_signed_in().await
        );
    }
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    // The password alone is enough again.
    site.clock.advance(Duration::from_secs(601));
    let ask = "/accounts/reauthenticate?next=/accounts/email";
    assert_eq!(member.submit(ask, &[("password", PASSWORD)]).await.location(), "/accounts/email");
    // Pressed twice, it is off all the same.
    assert_eq!(member.post(REMOVE, &[]).await.location(), APP_PAGE);
    site.stop().await;
}

/// Also for a session that another device has: it proved itself by the password alone.
#[tokio::test]
async fn sessions_from_before_the_app_are_asked_for_a_code() {
    let site = TestSite::start_without_mail().await;
    let (mut member, mut there) = (site.member("ada").await, site.visitor());
    there.log_in("ada").await;
    assert_eq!(there.get("/accounts/email").await.status, 200);
    site.set_up_app(&mut member).await;
    assert_eq!(
        there.get("/accounts/email").await.location(),
        "/accounts/reauthenticate?next=/accounts/email"
    );
    site.stop().await;
}

/// Staff who act as a member neither see nor change the second factor.
#[tokio::test]
async fn it_is_closed_while_acting() {
    let site = TestSite::start_without_mail().await;
    site.member("ada").await;
    let mut root = site.superuser("root").await;
    let fields = [("username", "ada"), ("reason", "a call")];
    assert_eq!(root.submit("/admin/act?username=ada", &fields).await.status, 303);
    for page in [APP_PAGE, CODES_PAGE] {
        assert_eq!(root.get(page).await.status, 403, "{page}");
    }
    for function in [START, CONFIRM, REMOVE, "/api/members/new_recovery_codes", "/members/security/codes.txt"]
    {
        assert_eq!(root.post(function, &[("code", "123456")]).await.status, 403, "{function}");
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM factors").await, 0);
    site.stop().await;
}
