//! Requests everything as every role, in changing order, so that each role meets pages that were
//! cached for another.

use axum::Router;
use tokio::task::JoinSet;

use super::{
    canary::{Canary, CanaryKind, Role},
    detect_leaks::{Answer, Asked, What, find_leaks},
    fixtures::Fixtures,
    probe::{self, Probe},
    report::{DoctorReport, Finding},
    visitor::ProbeRequest,
};
use crate::{shared::paths::EXPORT, site::AppState};

/// A round of requests, which begins with an empty cache.
struct Round {
    /// The role that comes first.
    first: usize,
    /// `Accept-Encoding`, at first and when every role comes a second time.
    encodings: [&'static str; 2],
    /// Whether all roles send their requests at the same time.
    at_once: bool,
}

/// Every role comes first in one of the rounds.
const ROUNDS: [Round; Role::ALL.len()] = [
    Round { first: 1, encodings: ["", "gzip"], at_once: false },
    Round { first: 4, encodings: ["br, gzip;q=0.5", ""], at_once: false },
    Round { first: 0, encodings: ["gzip, deflate, br, zstd", "br"], at_once: false },
    Round { first: 3, encodings: ["gzip", "identity"], at_once: false },
    Round { first: 2, encodings: ["", "gzip, deflate, br, zstd"], at_once: true },
];
/// Pages that show signed-in roles their own data. A role that never sees its own proves nothing by
/// not seeing others'.
const OWN: [&str; 3] = ["/members/dashboard", "/members/picture/large", EXPORT];

/// Sends every probe as every role, and reports the findings.
pub async fn crawl(site: &AppState, people: &Fixtures, router: &Router) -> DoctorReport {
    let probes = probe::all(&people.ids);
    let mut report = DoctorReport::default();
    let mut has_seen = [[false; OWN.len()]; Role::ALL.len()];
    for round in &ROUNDS {
        site.cache.clear("examined").await;
        for probe in &probes {
            for (time, encoding) in round.encodings.into_iter().enumerate() {
                let answers = match round.at_once && !probe.is_costly {
                    true => at_once(people, router, probe, encoding).await,
                    false => in_turn(people, router, probe, encoding, round.first, time).await,
                };
                for (number, answer) in answers {
                    let shows_own = look(people, probe, number, &answer, &mut report);
                    if let Some(own) = OWN.iter().position(|own| shows_own && probe.address == *own) {
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
                report.find(Finding { address, asker: visitor.role, what });
            }
        }
    }
    report
}

type Answers = Vec<(usize, Answer)>;

/// Sends the requests one after the other, the second time in reverse order.
async fn in_turn(
    people: &Fixtures,
    router: &Router,
    probe: &Probe,
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
        let wanted = wanted(probe, encoding);
        let answer = people.visitors[number].ask(router.clone(), &wanted, &people.palette).await;
        answers.push((number, answer));
    }
    answers
}

async fn at_once(people: &Fixtures, router: &Router, probe: &Probe, encoding: &'static str) -> Answers {
    let mut asking = JoinSet::new();
    for (number, visitor) in people.visitors.iter().cloned().enumerate() {
        let (router, probe, palette) = (router.clone(), probe.clone(), people.palette.clone());
        asking.spawn(async move {
            let answer = visitor.ask(router, &wanted(&probe, encoding), &palette).await;
            (number, answer)
        });
    }
    let mut answers = Answers::with_capacity(people.visitors.len());
    while let Some(answer) = asking.join_next().await {
        answers.extend(answer.ok());
    }
    // A task has panicked while reading: its answer counts as unreadable.
    for number in 0..people.visitors.len() {
        if answers.iter().all(|(other, _)| *other != number) {
            answers.push((number, Answer::default()));
        }
    }
    answers
}

fn wanted<'a>(probe: &'a Probe, encoding: &'static str) -> ProbeRequest<'a> {
    ProbeRequest { address: &probe.address, sent: &probe.sent, kind: probe.kind, encoding }
}

/// Adds the findings about one answer to the report. Returns whether the answer showed the
/// visitor's own data.
fn look(people: &Fixtures, probe: &Probe, number: usize, answer: &Answer, report: &mut DoctorReport) -> bool {
    let visitor = &people.visitors[number];
    let member = visitor.member.as_ref();
    let asked = Asked {
        asker: visitor.role,
        may_enter: probe.admits(member),
        sees_others: probe.shows_others_to(member),
    };
    report.add(probe, visitor.role, answer, find_leaks(&asked, answer, &people.canaries));
    let text = answer.text.as_deref().unwrap_or_default();
    let is_name = |canary: &Canary| canary.owner == visitor.role && canary.kind == CanaryKind::Username;
    let has_name = people.canaries.iter().any(|canary| is_name(canary) && canary.find(text).is_some());
    answer.status == 200 && (has_name || answer.picture_of == Some(visitor.role))
}
