//! Everything is asked for as everybody, in changing order, so that each of them comes upon what was made for another.

use axum::Router;
use tokio::task::JoinSet;

use super::{
    canary::{Canary, Kind, Role},
    detect_leaks::{Answer, Asked, What, judge},
    fixtures::Fixtures,
    probe::{self, Probe},
    report::{Finding, Report},
    visitor::Wanted,
};
use crate::{shared::paths::EXPORT, site::AppState};

/// Each begins with a cache in which nothing is.
struct Round {
    /// Who comes first.
    first: usize,
    /// For `Accept-Encoding`: at first, and when everybody comes a second time.
    encodings: [&'static str; 2],
    /// Whether all come at the same time.
    at_once: bool,
}

/// Everybody is first in one of them.
const ROUNDS: [Round; Role::ALL.len()] = [
    Round { first: 1, encodings: ["", "gzip"], at_once: false },
    Round { first: 4, encodings: ["br, gzip;q=0.5", ""], at_once: false },
    Round { first: 0, encodings: ["gzip, deflate, br, zstd", "br"], at_once: false },
    Round { first: 3, encodings: ["gzip", "identity"], at_once: false },
    Round { first: 2, encodings: ["", "gzip, deflate, br, zstd"], at_once: true },
];
/// Where everybody who is signed in sees themselves. Who does not proves nothing by not seeing others.
const OWN: [&str; 3] = ["/members/dashboard", "/members/picture/large", EXPORT];

/// Asks for everything as everybody.
pub async fn crawl(site: &AppState, people: &Fixtures, router: &Router) -> Report {
    let errands = probe::all(&people.ids);
    let mut examination = Report::default();
    let mut has_seen = [[false; OWN.len()]; Role::ALL.len()];
    for round in &ROUNDS {
        site.cache.clear("examined").await;
        for errand in &errands {
            for (time, encoding) in round.encodings.into_iter().enumerate() {
                let answers = match round.at_once && !errand.is_costly {
                    true => at_once(people, router, errand, encoding).await,
                    false => in_turn(people, router, errand, encoding, round.first, time).await,
                };
                for (number, answer) in answers {
                    let shows_own = look(people, errand, number, &answer, &mut examination);
                    if let Some(own) = OWN.iter().position(|own| shows_own && errand.address == *own) {
                        has_seen[number][own] = true;
                    }
                }
            }
        }
    }
    for (visitor, has_seen) in people.visitors.iter().zip(has_seen) {
        for (own, _) in OWN.iter().zip(has_seen).filter(|(_, has_seen)| !has_seen) {
            if visitor.role != Role::Anonymous {
                let (address, what) = ((*own).to_owned(), What::ShowsNothing);
                examination.find(Finding { address, asker: visitor.role, what });
            }
        }
    }
    examination
}

type Answers = Vec<(usize, Answer)>;

/// The second time the other way round.
async fn in_turn(
    people: &Fixtures,
    router: &Router,
    errand: &Probe,
    encoding: &'static str,
    first: usize,
    time: usize,
) -> Answers {
    let count = people.visitors.len();
    let mut order: Vec<usize> = (0..count).map(|turn| (first + turn) % count).collect();
    if time % 2 == 1 {
        order.reverse();
    }
    let mut answers = Vec::with_capacity(count);
    for number in order {
        let wanted = wanted(errand, encoding);
        let answer = people.visitors[number].ask(router.clone(), &wanted, &people.palette).await;
        answers.push((number, answer));
    }
    answers
}

async fn at_once(people: &Fixtures, router: &Router, errand: &Probe, encoding: &'static str) -> Answers {
    let mut asking = JoinSet::new();
    for (number, visitor) in people.visitors.iter().cloned().enumerate() {
        let (router, errand, palette) = (router.clone(), errand.clone(), people.palette.clone());
        asking.spawn(async move {
            let answer = visitor.ask(router, &wanted(&errand, encoding), &palette).await;
            (number, answer)
        });
    }
    let mut answers = Answers::with_capacity(people.visitors.len());
    while let Some(answer) = asking.join_next().await {
        answers.extend(answer.ok());
    }
    // Reading one has panicked: it counts as one that cannot be read.
    for number in 0..people.visitors.len() {
        if answers.iter().all(|(other, _)| *other != number) {
            answers.push((number, Answer::default()));
        }
    }
    answers
}

fn wanted<'a>(errand: &'a Probe, encoding: &'static str) -> Wanted<'a> {
    Wanted { address: &errand.address, sent: &errand.sent, kind: errand.kind, encoding }
}

/// Judges an answer; whether it showed the visitor who they are.
fn look(people: &Fixtures, errand: &Probe, number: usize, answer: &Answer, examination: &mut Report) -> bool {
    let visitor = &people.visitors[number];
    let member = visitor.member.as_ref();
    let asked = Asked {
        asker: visitor.role,
        may_enter: errand.admits(member),
        sees_others: errand.shows_others_to(member),
    };
    examination.add(errand, visitor.role, answer, judge(&asked, answer, &people.marks));
    let text = answer.text.as_deref().unwrap_or_default();
    let is_name = |mark: &Canary| mark.owner == visitor.role && mark.kind == Kind::Username;
    let has_name = people.marks.iter().any(|mark| is_name(mark) && mark.find(text).is_some());
    answer.status == 200 && (has_name || answer.picture_of == Some(visitor.role))
}
