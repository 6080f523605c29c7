//! Configurable rules for new passwords: each form lists the configured rules, and enforces them.

use members_area::base::config::{CommonList, Config, Period, Rate};

use crate::support::{
    PASSWORD, Page, TestSite, log,
    program::{program, refused, run, said, text},
};

const ADVICE: &str = "A few unrelated words make a good password.";

fn as_shipped(_: &mut Config) {}

fn few_rules(config: &mut Config) {
    config.passwords.min_length = 12;
    config.passwords.max_similarity = 0.0;
    config.passwords.common = CommonList::Off;
}

/// The help text of the first field, by its `aria-describedby`.
fn help(page: &Page) -> String {
    let ids = page.attribute("[name=password1]", "aria-describedby").expect("a help text");
    ids.split(' ').map(|id| page.find(&format!("#{id}"))).collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[tokio::test]
async fn every_form_shows_the_configured_rules() {
    for (change, rules) in [
        (
            as_shipped as fn(&mut Config),
            "At least 8 characters, not similar to WHOSE name or address or the name of this site, not a common password, not only digits.",
        ),
        (few_rules as fn(&mut Config), "At least 12 characters, not only digits."),
    ] {
        let site = TestSite::start_with(change).await;
        let mut staff = site.superuser("root").await;
        site.signed_up("ada").await;
        let id = site.user_id("ada").await;
        let mut owner = site.visitor();
        owner.submit("/accounts/password_reset", &[("email", "ada@example.com")]).await;
        let link = site.mail_to("ada@example.com", "Set a new password", 1).await.link();
        let reset = owner.get(&link).await.location().to_owned();
        let own = format!("{} {ADVICE}", rules.replace("WHOSE", "your"));
        assert_eq!(help(&site.visitor().get("/accounts/signup").await), own);
        assert_eq!(help(&staff.get("/accounts/password_change").await), own);
        assert_eq!(help(&owner.get(&reset).await), own);
        let theirs = format!("{} {ADVICE}", rules.replace("WHOSE", "their"));
        for page in [format!("/admin/users/{id}"), "/admin/users/new".to_owned()] {
            let said = help(&staff.get(&page).await);
            assert!(said.contains(&theirs), "{page}: {said}");
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn password_managers_learn_the_rules_and_every_password_can_be_shown() {
    for (change, rules) in [
        (as_shipped as fn(&mut Config), "minlength: 8; maxlength: 4096;"),
        (few_rules as fn(&mut Config), "minlength: 12; maxlength: 4096;"),
    ] {
        let site = TestSite::start_with(change).await;
        let mut staff = site.superuser("root").await;
        let pages = ["/accounts/login", "/accounts/signup", "/accounts/password_change", "/admin/users/new"];
        for (path, new, present) in [(pages[0], 0, 1), (pages[1], 2, 0), (pages[2], 2, 1), (pages[3], 2, 0)] {
            let visitor = if pages[..2].contains(&path) { &mut site.visitor() } else { &mut staff };
            let page = visitor.get(path).await;
            let count = |selector: &str| page.find_all(selector).len();
            let told = format!("[type=password][autocomplete=new-password][passwordrules='{rules}']");
            assert_eq!(count(&told), new, "{path}");
            assert_eq!(count("[passwordrules]"), new, "{path}");
            assert_eq!(count("[type=password][autocomplete=current-password]"), present, "{path}");
            let button = "[type=password] + button.show-password[type=button][aria-pressed=false]";
            assert_eq!(count(button), new + present, "{path}");
        }
        site.stop().await;
    }
}

/// What a hydrated page asks when a new password loses the focus.
const JUDGE: &str = "/api/accounts/judge_password";

#[tokio::test]
async fn the_verdict_before_the_submit_is_that_of_the_form() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let mut visitor = site.visitor();
    for (username, email, password) in [
        ("eva", "eva@example.net", "1234"),
        ("eva_lovelace", "eva@example.net", "Lovelace1"),
        ("eva", "countess@analytical.engine", "analytical-engine"),
        ("eva", "eva@example.net", "members-area"),
        ("eva", "eva@example.net", ""),
    ] {
        let fields = [("username", username), ("email", email), ("password1", password)];
        let verdict = visitor.call(JUDGE, &fields).await.text();
        let form = [fields.as_slice(), &[("password2", password)]].concat();
        let refused = visitor.call("/api/accounts/sign_up", &form).await.text();
        let required = r#"["password2","Required"],"#;
        assert_eq!(verdict, refused.replace(required, ""), "{password}");
        assert!(verdict.contains("password1"), "{verdict}");
    }
    // The names of staff's forms count, and taken names and addresses do not.
    let names = [("first_name", "Augusta"), ("last_name", "Gordon Byron"), ("password1", "GordonByron")];
    assert!(visitor.call(JUDGE, &names).await.text().contains("PasswordLikeName"));
    let taken = [("username", "ada"), ("email", "ada@example.com"), ("password1", PASSWORD)];
    assert_eq!(visitor.call(JUDGE, &taken).await.text(), r#""Accepted""#);
    site.stop().await;
}

/// Otherwise it would be a way to look up breached passwords at our cost.
#[tokio::test]
async fn verdicts_are_limited_and_nothing_is_logged_of_the_password() {
    let site = TestSite::start_with(|config| {
        config.throttle.sign_up_per_address = Rate::new(2, Period::minutes(1));
    })
    .await;
    let mut visitor = site.visitor();
    let fields = [("username", "zarquon"), ("password1", "q7!kD")];
    for refused in [true, true, false] {
        let answer = visitor.call(JUDGE, &fields).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.text().contains("PasswordTooShort"), refused, "{}", answer.text());
    }
    assert!(log::contains(JUDGE) && !log::contains("q7!kD") && !log::contains("zarquon"));
    site.stop().await;
}

#[tokio::test]
async fn every_form_enforces_the_configured_rules() {
    let site = TestSite::start_with(few_rules).await;
    let mut staff = site.superuser("root").await;
    site.signed_up("ada").await;
    let (id, short) = (site.user_id("ada").await.to_string(), "eleven char");
    let refused = r#"{"Refused":[["password1",{"PasswordTooShort":{"min":12}}]]}"#;
    let passwords = [("password1", short), ("password2", short)];
    for (path, more) in [
        ("/api/accounts/sign_up", vec![("username", "eva"), ("email", "eva@example.com")]),
        ("/api/accounts/change_password", vec![("old_password", PASSWORD)]),
        ("/api/admin/set_password", vec![("user", id.as_str())]),
        ("/api/admin/add_user", vec![("username", "kim"), ("email", "kim@example.com")]),
    ] {
        let answer = staff.call(path, &[more.as_slice(), &passwords].concat()).await;
        assert_eq!(answer.text(), refused, "{path}");
    }
    // No other rules apply: similar to the name, common, but long enough.
    let mut visitor = site.visitor();
    let fields = [
        ("username", "passwordpassword"),
        ("email", "eva@example.com"),
        ("password1", "passwordpassword"),
        ("password2", "passwordpassword"),
    ];
    assert_eq!(visitor.submit("/accounts/signup", &fields).await.location(), "/accounts/login");
    site.stop().await;
}

#[tokio::test]
async fn site_words_and_a_custom_list_are_rejected() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("list.txt");
    std::fs::write(&list, "Queen's Gambit\n").expect("a file");
    let site = TestSite::start_with(|config| {
        config.site.name = "Chess Club".into();
        config.site.base_url = "https://rookery.example.org".into();
        config.passwords.common = CommonList::File(list);
        config.passwords.context_words = vec!["Zugzwang".into()];
    })
    .await;
    const LIKE_SITE: &str = "The password is too similar to the name of this site.";
    const COMMON: &str = "This password is too common.";
    for (password, problem) in [
        ("chess-club1", LIKE_SITE),
        ("Chess Club", LIKE_SITE),
        ("ch3ssclub!", LIKE_SITE),
        ("rookery2024", LIKE_SITE),
        ("zugzwang!", LIKE_SITE),
        ("Queen's Gambit", COMMON),
        ("qu33n's gambit!", COMMON),
        ("Passw0rd!", ""),
        ("the club of chess", ""),
    ] {
        let mut visitor = site.visitor();
        let name = format!("n{:08x}", rand::random::<u32>());
        let fields = [
            ("username", name.as_str()),
            ("email", "x@example.net"),
            ("password1", password),
            ("password2", password),
        ];
        visitor.submit("/accounts/signup", &fields).await;
        let errors = visitor.get("/accounts/signup").await.errors("password1");
        assert_eq!(errors.join(" "), problem, "{password}");
    }
    site.stop().await;
}

#[tokio::test]
async fn the_command_line_enforces_the_rules_too() {
    let site = TestSite::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let create = |password: &str| {
        let mut command = program(&site.database, folder.path());
        command
            .args(["createsuperuser", "--noinput"])
            .env("MEMBERS_AREA_PASSWORDS__MIN_LENGTH", "12")
            .env("MEMBERS_AREA_PASSWORDS__COMMON", "off")
            .env("SUPERUSER_USERNAME", "root")
            .env("SUPERUSER_EMAIL", "root@example.com")
            .env("SUPERUSER_PASSWORD", password);
        command
    };
    let said_no = refused(&mut create("eleven char"));
    assert!(said_no.contains("It must contain at least 12 characters."), "{said_no}");
    said(&mut create("passwordpassword"));
    let mut missing = create("passwordpassword");
    let output = run(missing.env("MEMBERS_AREA_PASSWORDS__COMMON", "/nowhere/list.txt"));
    assert!(!output.status.success() && text(&output).contains("passwords.common"), "{}", text(&output));
    site.stop().await;
}

#[tokio::test]
async fn a_password_that_is_the_only_factor_has_to_be_longer() {
    const SHORT: &str = "ten quails";
    const LONG: &str = "ten quails at dusk";
    const CHANGE: &str = "/accounts/password_change";
    let site = TestSite::start_with(|config| config.passwords.min_length_without_second_factor = 15).await;
    let sign_up = async |password: &str| {
        let fields = [
            ("username", "ada"),
            ("email", "ada@example.com"),
            ("password1", password),
            ("password2", password),
        ];
        let mut visitor = site.visitor();
        let to = visitor.submit("/accounts/signup", &fields).await.location().to_owned();
        (to, visitor.get("/accounts/signup").await.errors("password1").join(" "))
    };
    let (_, error) = sign_up(SHORT).await;
    assert!(error.contains("at least 15 characters"), "{error}");
    assert_eq!(sign_up(LONG).await.0, "/accounts/login");
    let mut ada = site.visitor();
    ada.log_in_with("ada", LONG).await;
    assert!(help(&ada.get(CHANGE).await).starts_with("At least 15 characters (8 with two-step login),"));
    site.set_up_app(&mut ada).await;
    let fields = [("old_password", LONG), ("password1", SHORT), ("password2", SHORT)];
    assert_eq!(ada.submit(CHANGE, &fields).await.location(), "/members/profile");

    // Without the second factor, a new one is asked for at once.
    assert_eq!(ada.post("/api/members/remove_authenticator", &[]).await.location(), CHANGE);
    let asked = ada.get(CHANGE).await.messages();
    assert!(asked.iter().any(|asked| asked.contains("passwords must be longer")), "{asked:?}");
    // Old passwords keep logging in.
    let mut visitor = site.visitor();
    assert_eq!(visitor.log_in_with("ada", SHORT).await.location(), "/members/dashboard");
    let told = visitor.get("/members/dashboard").await.messages();
    assert!(told.iter().any(|told| told.contains("asks for a longer password than yours")), "{told:?}");
    let fields = [("old_password", SHORT), ("password1", LONG), ("password2", LONG)];
    visitor.submit(CHANGE, &fields).await;
    let mut visitor = site.visitor();
    visitor.log_in_with("ada", LONG).await;
    assert!(visitor.get("/members/dashboard").await.messages().is_empty());
    site.stop().await;
}
