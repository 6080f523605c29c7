//! Many members at once, over everything that is cached, cold and warm, with changes in between:
//! nobody gets another member's data.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Mutex;

use crate::support::{Page, TestSite, Visitor};

const MEMBERS: usize = 24;
const CLIENTS: usize = 32;

/// A name that occurs in no word and in no other name. Each member also has it in first name, last
/// name and address.
fn name(number: usize) -> String {
    format!("canary{number:02}x")
}

/// The members whose names occur in the page.
fn names_in(page: &Page) -> Vec<usize> {
    let text = page.text();
    (0..MEMBERS).filter(|number| text.contains(&name(*number)[..8])).collect()
}

fn change(number: usize, turn: usize) -> [(&'static str, String); 3] {
    [
        ("username", name(number)),
        ("first_name", format!("{}-{turn}", name(number))),
        ("last_name", format!("{} last", name(number))),
    ]
}

/// One request of a member, or a change that invalidates their cached data.
async fn act(site: &TestSite, member: &mut Visitor, number: usize, turn: usize, changing: &Mutex<()>) {
    let page = match turn % 50 {
        7 => {
            let _alone = changing.lock().await;
            let fields = change(number, turn);
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let saved = member.post("/api/members/save_profile", &fields).await;
            assert_eq!((saved.status, saved.location()), (303, "/members/profile"));
            // The next page shows the saved name at once, whichever it is, with the message;
            // afterwards without.
            member.cookies.remove("flash");
            let page = member.get("/members/dashboard").await;
            assert!(page.text().contains(&format!("{}-{turn}", name(number))), "an older page of their own");
            page
        }
        23 => {
            let mut elsewhere = site.visitor();
            elsewhere.log_in(&name(number)).await;
            let page = elsewhere.get("/members/dashboard").await;
            elsewhere.log_out().await;
            page
        }
        31 => {
            site.clock.advance(Duration::from_millis(1500));
            member.get("/members/dashboard").await
        }
        other => match other % 5 {
            0 => member.get("/members/secret").await,
            1 => member.call("/api/members/dashboard", &[]).await,
            2 => member.get(&format!("/members/dashboard?x={}", name((number + 1) % MEMBERS))).await,
            _ => member.get("/members/dashboard").await,
        },
    };
    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(names_in(&page), [number], "on a page of {}", name(number));
}

async fn strangers_and_members(requests: usize) {
    let site = Arc::new(
        TestSite::start_with(|config| {
            config.mail.transport =
                members_area::base::config::MailTransport::Smtp("smtp://127.0.0.1:9".into());
            config.cache.site_ttl = members_area::base::config::Period::seconds(20);
        })
        .await,
    );
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        members.push(site.member(&name(number)).await);
    }
    let (members, turns) = (Arc::new(members), Arc::new(AtomicUsize::new(0)));
    let (hits, strangers) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (asked, changing) =
        (Arc::new(AtomicUsize::new(0)), Arc::new([const { Mutex::const_new(()) }; MEMBERS]));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (site, members, turns) = (site.clone(), members.clone(), turns.clone());
            let (hits, strangers) = (hits.clone(), strangers.clone());
            let (asked, changing) = (asked.clone(), changing.clone());
            tokio::spawn(async move {
                while asked.load(Ordering::Relaxed) < requests {
                    let turn = turns.fetch_add(1, Ordering::Relaxed);
                    // In an order in which members are spread out.
                    let number = (turn * 7 + turn / MEMBERS) % MEMBERS;
                    if turn % 11 == 10 {
                        let page = site.visitor().get(["/", "/accounts/login"][turn % 2]).await;
                        assert_eq!((page.status, names_in(&page)), (200, vec![]), "on a page of nobody's");
                        strangers.fetch_add(usize::from(page.cache() == "HIT"), Ordering::Relaxed);
                        asked.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    let mut member = members[number].clone();
                    act(&site, &mut member, number, turn, &changing[number]).await;
                    let page = member.get("/members/dashboard").await;
                    assert_eq!((page.status, names_in(&page)), (200, vec![number]));
                    hits.fetch_add(usize::from(page.cache() == "HIT"), Ordering::Relaxed);
                    asked.fetch_add(2, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("only their own");
    }
    // Otherwise the test would prove nothing about the cache.
    let (hits, strangers) = (hits.load(Ordering::Relaxed), strangers.load(Ordering::Relaxed));
    assert!(
        hits > requests / 4 && strangers > requests / 40,
        "{hits} and {strangers} of {requests} from the cache"
    );
    Arc::into_inner(site).expect("the last one").stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_requests_leak_nothing_between_members() {
    strangers_and_members(5_000).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a quarter of an hour; `script/test --long` runs it"]
async fn nobody_gets_a_byte_of_anybody_else_in_two_hundred_thousand_requests() {
    strangers_and_members(200_000).await;
}
