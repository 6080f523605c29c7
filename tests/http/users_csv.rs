//! `POST /admin/users.csv`: the users that a list finds, as a file. Who may have it is tested in
//! `admin.rs` and `acting.rs`.

use std::time::Duration;

use reqwest::Method;

use crate::support::{PASSWORD, Page, TestSite, visitor::FormBody};

const CSV: &str = "/admin/users.csv";

/// Returns the cells of a file; none of its cells has a line break.
fn lines(page: &Page) -> Vec<Vec<String>> {
    assert_eq!((page.status, page.header("content-type").split(';').next()), (200, Some("text/csv")));
    let text = page.text();
    let text = text.strip_prefix('\u{FEFF}').expect("the mark of UTF-8");
    assert!(text.ends_with("\r\n"));
    let cells = |line: &str| {
        let (mut cells, mut is_quoted) = (vec![String::new()], false);
        for c in line.chars() {
            match c {
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => cells.push(String::new()),
                c => cells.last_mut().expect("one").push(c),
            }
        }
        cells
    };
    text.trim_end().split("\r\n").map(cells).collect()
}

#[tokio::test]
async fn the_file_has_what_the_list_finds_and_runs_no_formula() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user", "accounts.change_user"]).await;
    for name in ["anna", "bert", "cleo"] {
        site.member(name).await;
    }
    site.database
        .execute(
            "UPDATE users SET first_name = '=HYPERLINK(1)', last_name = 'Zoë, of', date_joined = 1700000000123, \
             last_login = NULL WHERE username = 'anna'",
        )
        .await;
    let all = lines(&staff.post(CSV, &[]).await);
    assert_eq!(all.len(), 5);
    let head = "Username,Email address,First name,Last name,Active,Staff,Superuser,Email confirmed,\
                Second factor,Joined,Last login";
    assert_eq!(all[0].join(","), head);

    // The button keeps search, filters and order.
    let list = staff.get("/admin/users?q=example.com&staff=0&sort=-username&size=50").await;
    let address = list.attribute("form[action^='/admin/users.csv']", "action").expect("the form");
    let answer = staff.post(&address, &[]).await;
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let name = answer.header("content-disposition").to_owned();
    assert!(name.starts_with("attachment; filename=\"users-20") && name.ends_with(".csv\""), "{name}");
    let found = lines(&answer);
    assert_eq!(found[1..].iter().map(|line| line[0].as_str()).collect::<Vec<_>>(), ["cleo", "bert", "anna"]);
    let anna = &found[3];
    assert_eq!(anna[1], "anna@example.com");
    assert_eq!((anna[2].as_str(), anna[3].as_str()), ("'=HYPERLINK(1)", "Zoë, of"));
    assert_eq!(anna[4..7], ["yes", "no", "no"]);
    assert_eq!(anna[9..], ["2023-11-14T22:13:20.123Z", ""]);

    // Both are recorded, with the filter, on the page of who did it.
    let own = staff.get(&format!("/admin/users/{}", site.user_id("sam").await)).await.text();
    assert!(own.contains("sam exported 4 users"), "{own}");
    assert!(own.contains("sam exported 3 users, found by q=example.com, staff=0, sort=-username"), "{own}");
    site.stop().await;
}

#[tokio::test]
async fn exports_are_limited_per_account() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user"]).await;
    for _ in 0..30 {
        assert_eq!(staff.post(CSV, &[]).await.status, 200);
    }
    let refused = staff.post(CSV, &[]).await;
    assert_eq!((refused.status, refused.header("content-disposition")), (429, ""));
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes WHERE what = 'exported'").await, 30);
    let mut other = site.staff("tess", &["accounts.view_user"]).await;
    assert_eq!(other.post(CSV, &[]).await.status, 200);
    site.stop().await;
}

/// A page elsewhere that navigates there, or sends the form, uses up none of the exports.
#[tokio::test]
async fn only_the_sites_own_button_starts_an_export() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user"]).await;
    let filtered = format!("{CSV}?q=a%26b&staff=0&other=x");
    for method in [Method::GET, Method::HEAD] {
        let request = staff.request(method.clone(), &filtered);
        let answer = staff.send(request).await;
        assert_eq!((answer.status, answer.location()), (303, "/admin/users?q=a%26b&staff=0"), "{method}");
    }
    let from_elsewhere = staff.request(Method::POST, CSV).form_body(&[]).headers(
        [("sec-fetch-site".parse().expect("a name"), "cross-site".parse().expect("a value"))]
            .into_iter()
            .collect(),
    );
    assert_eq!(staff.send(from_elsewhere).await.status, 403);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, 0);
    for _ in 0..30 {
        assert_eq!(staff.post(CSV, &[]).await.status, 200, "none was used up");
    }
    // After a login on the way the list is shown, with its filters.
    let answer = site.visitor().post(&filtered, &[]).await;
    assert_eq!(
        (answer.status, answer.location()),
        (303, "/accounts/login?next=/admin/users.csv%3Fq%3Da%2526b%26staff%3D0%26other%3Dx")
    );
    site.stop().await;
}

#[tokio::test]
async fn it_requires_recent_reauthentication_and_comes_back_to_the_list() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user"]).await;
    let list = "/admin/users?q=sam&staff=1";
    let file = staff.get(list).await.attribute("form[action*='.csv']", "action").expect("the form");
    site.clock.advance(Duration::from_secs(601));
    let answer = staff.post(&file, &[]).await;
    let ask = "/accounts/reauthenticate?next=/admin/users%3Fq%3Dsam%26staff%3D1";
    assert_eq!((answer.status, answer.location()), (303, ask));
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes").await, 0);
    let answer = staff.call(&file, &[]).await;
    assert_eq!((answer.status, answer.text().as_str()), (403, "\"ReauthenticationRequired\""));
    assert_eq!(staff.submit(ask, &[("password", PASSWORD)]).await.location(), list);
    let shown = staff.get(list).await;
    assert_eq!(
        shown.messages(),
        ["Your request has not been carried out yet. Please check it and send it again."]
    );
    assert_eq!(shown.attribute("form[action*='.csv']", "action").as_deref(), Some(file.as_str()));
    assert_eq!(lines(&staff.post(&file, &[]).await).len(), 2);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM changes WHERE what = 'exported'").await, 1);
    site.stop().await;
}

/// Read in batches, and cut at a hundred thousand, which the file says.
#[tokio::test]
async fn a_long_file_is_cut_and_says_so() {
    let site = TestSite::start_without_mail().await;
    let mut staff = site.staff("sam", &["accounts.view_user"]).await;
    let hash = site.database.bytes("00");
    let insert = async |from: i64, to: i64| {
        site.database
            .execute(&format!(
                "WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n < {to}) \
                 INSERT INTO users (id, username, username_key, email, email_key, password_hash, session_stamp, is_active, \
                 is_staff, is_superuser, date_joined) SELECT n, 'u' || n, 'u' || n, '', '', '!', {hash}, 1, 0, 0, n FROM numbers"
            ))
            .await;
    };
    insert(1, 2500).await;
    let few = lines(&staff.post("/admin/users.csv?staff=0&sort=joined", &[]).await);
    assert_eq!(few.len(), 2501);
    assert!(few[1..].iter().zip(1..).all(|(line, n)| line[0] == format!("u{n}")));
    insert(2501, 100_001).await;
    let cut = lines(&staff.post("/admin/users.csv?staff=0&sort=joined", &[]).await);
    assert_eq!(cut.len(), 100_002);
    assert_eq!(cut[100_000][0], "u100000");
    assert_eq!(
        cut[100_001][0],
        "Only the first 100,000 users are in this file. Narrow the list to export the others."
    );
    site.stop().await;
}
