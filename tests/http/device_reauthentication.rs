//! A button of the devices page whose password entry is too old: the action is replayed after
//! re-authentication.

use std::time::Duration;

use crate::support::{PASSWORD, TestSite, Visitor};

const DEVICES: &str = "/members/sessions";
const ASK: &str = "/accounts/reauthenticate?next=/members/sessions";

/// Presses a button of a page that was loaded ten minutes ago, which leads to re-authentication.
async fn press(site: &TestSite, here: &mut Visitor, verb: &str) {
    let page = here.get(DEVICES).await;
    let session = page.attribute("input[name=session]", "value").expect("another device");
    site.clock.advance(Duration::from_secs(601));
    let fields = [("session", session.as_str()), ("form_page", DEVICES)];
    let answer = here.post(&format!("/api/members/{verb}"), &fields).await;
    assert_eq!((answer.status, answer.location()), (303, ASK), "{verb}");
}

async fn two(site: &TestSite, name: &str) -> (Visitor, Visitor) {
    let (here, mut there) = (site.member(name).await, site.visitor());
    there.log_in(name).await;
    (here, there)
}

#[tokio::test]
async fn the_pending_action_runs_after_the_correct_password() {
    let site = TestSite::start().await;
    for (verb, to, message) in [
        ("end_session", DEVICES, "The device was logged out."),
        ("end_other_sessions", DEVICES, "All other devices have been logged out."),
        ("end_all_sessions", "/accounts/login", "All devices have been logged out, including this one."),
    ] {
        for hydrated in [false, true] {
            let name = format!("{}-{hydrated}", verb.replace('_', "-"));
            let (mut here, mut there) = two(&site, &name).await;
            press(&site, &mut here, verb).await;
            here.submit(ASK, &[("password", "wrong")]).await;
            assert!(there.is_signed_in().await, "{name}: not yet");
            let answer = if hydrated {
                let fields = [("password", PASSWORD), ("next", DEVICES)];
                here.call("/api/accounts/reauthenticate", &fields).await
            } else {
                here.submit(ASK, &[("password", PASSWORD)]).await
            };
            assert_eq!((answer.status, answer.location()), (if hydrated { 200 } else { 303 }, to), "{name}");
            assert!(!there.is_signed_in().await, "{name}");
            assert_eq!(here.get(to).await.messages(), [message], "{name}");
            assert_eq!(here.is_signed_in().await, verb != "end_all_sessions", "{name}");
            // Nothing is left that could be replayed a second time.
            assert!(!here.cookies.contains_key("kept_form"), "{name}");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn an_abandoned_action_is_not_run_later() {
    let site = TestSite::start().await;
    let (mut here, mut there) = two(&site, "ada").await;
    // Left, and opened again by its own link.
    press(&site, &mut here, "end_other_sessions").await;
    assert_eq!(here.get(DEVICES).await.location(), ASK);
    assert_eq!(here.submit(ASK, &[("password", PASSWORD)]).await.location(), DEVICES);
    assert!(here.get(DEVICES).await.messages().is_empty() && there.is_signed_in().await);
    // Re-authenticated for another page.
    press(&site, &mut here, "end_other_sessions").await;
    let other = "/accounts/reauthenticate?next=/accounts/email";
    assert_eq!(here.submit(other, &[("password", PASSWORD)]).await.location(), "/accounts/email");
    assert!(there.is_signed_in().await);
    here.get(DEVICES).await;
    assert!(!here.cookies.contains_key("kept_form") && there.is_signed_in().await);
    site.stop().await;
}

/// The cookie names the button. A forged one can trigger only these three.
#[tokio::test]
async fn reauthentication_alone_runs_no_action() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let site = TestSite::start().await;
    let (mut ada, mut of_bob) = two(&site, "ada").await;
    of_bob.log_out().await;
    let (mut bob, mut bobs_other) = two(&site, "bob").await;
    let session = bob.get(DEVICES).await.attribute("input[name=session]", "value").expect("a session");
    for (form, values) in [
        ("/api/members/end_session", serde_json::json!({ "session": session })),
        ("/api/members/delete", serde_json::json!({ "username": "ada" })),
        ("/api/accounts/log_out", serde_json::json!({})),
        ("", serde_json::json!({})),
    ] {
        let kept =
            serde_json::json!({ "page": DEVICES, "form": { "form": form, "errors": [], "values": values } });
        ada.cookies.insert("kept_form".into(), URL_SAFE_NO_PAD.encode(kept.to_string()));
        assert_eq!(ada.submit(ASK, &[("password", PASSWORD)]).await.location(), DEVICES, "{form}");
        assert!(ada.is_signed_in().await && bobs_other.is_signed_in().await && bob.is_signed_in().await);
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM users WHERE delete_after IS NOT NULL").await, 0);
    site.stop().await;
}
