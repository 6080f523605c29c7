use crate::support::{PASSWORD, TestSite};

#[tokio::test]
async fn changed_parameters_upgrade_the_hash_at_login_and_log_nobody_out() {
    let site = TestSite::start().await;
    let mut other_device = site.member("ada").await;
    let old = site.database.text("SELECT password_hash FROM users").await;
    let database = site.halt().await;
    let site = TestSite::start_on(database, |config| config.passwords.iterations = 2).await;
    let mut here = site.visitor();
    here.log_in_with("ada", "wrong").await;
    assert_eq!(site.database.text("SELECT password_hash FROM users").await, old);
    assert_eq!(here.log_in("ada").await.location(), "/members/dashboard");
    let new = site.database.text("SELECT password_hash FROM users").await;
    assert!(old.contains("t=1") && new.contains("m=7168,t=2,p=1"), "{new}");
    other_device = {
        let mut moved = site.visitor();
        moved.cookies = std::mem::take(&mut other_device.cookies);
        moved
    };
    assert!(other_device.is_signed_in().await);
    // And with the new hash.
    assert_eq!(site.visitor().log_in("ada").await.location(), "/members/dashboard");
    site.stop().await;
}

#[tokio::test]
async fn past_the_queue_a_login_gets_a_503_page_and_other_pages_stay_fast() {
    let site = TestSite::start_with(|config| {
        config.passwords.slots = 1;
        config.passwords.queue = 1;
        config.passwords.memory_kib = 32 * 1024;
        config.passwords.iterations = 4;
    })
    .await;
    let logins: Vec<_> = (0..12)
        .map(|_| {
            let mut visitor = site.visitor();
            tokio::spawn(async move {
                visitor.post("/api/accounts/log_in", &[("login", "x"), ("password", "y")]).await
            })
        })
        .collect();
    let mut visitor = site.visitor();
    while !logins.iter().any(|login| login.is_finished()) {
        assert_eq!(visitor.get("/accounts/login").await.status, 200);
    }
    let mut busy = 0;
    for login in logins {
        let answer = login.await.expect("no panic");
        if answer.status == 503 {
            assert_eq!(answer.header("retry-after"), "2");
            assert_eq!(answer.find("main h1"), "Please try again in a moment");
            busy += 1;
        } else {
            assert_eq!(answer.status, 303);
        }
    }
    assert!(busy >= 1, "twelve at once do not fit into one slot and one place to wait");
    // Script clients are told the same.
    site.stop().await;
}

#[tokio::test]
async fn a_very_long_password_at_login_costs_no_more_than_a_short_one() {
    let site = TestSite::start().await;
    site.signed_up("ada").await;
    let mut visitor = site.visitor();
    let answer = visitor.log_in_with("ada", &PASSWORD.repeat(2000)).await;
    assert_eq!(answer.location(), "/accounts/login");
    site.stop().await;
}
