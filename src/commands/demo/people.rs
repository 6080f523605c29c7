//! Who the demo members are. A person follows from the seed, their number and the present time
//! alone.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::{
    activity::ActivityKind,
    base::{clock::Millis, member::ClientInfo},
};

const FIRST_NAMES: [&str; 36] = [
    "Ada",
    "Alan",
    "Amina",
    "Anders",
    "Barbara",
    "Chen",
    "Claude",
    "Dorothy",
    "Edsger",
    "Fatima",
    "Frances",
    "Grace",
    "Hedy",
    "Ines",
    "Jean",
    "Joan",
    "Katherine",
    "Kenji",
    "Leila",
    "Linus",
    "Lucía",
    "Mary",
    "Mei",
    "Niklaus",
    "Olga",
    "Priya",
    "Radia",
    "Rosa",
    "Shafi",
    "Sofía",
    "Tim",
    "Tomás",
    "Yuki",
    "Zainab",
    "Zoë",
    "Željko",
];
const LAST_NAMES: [&str; 36] = [
    "Almeida",
    "Andersson",
    "Bauer",
    "Bello",
    "Bennett",
    "Castillo",
    "Chandra",
    "Dubois",
    "Eriksen",
    "Fischer",
    "García",
    "Haddad",
    "Hopper",
    "Ivanova",
    "Jensen",
    "Kaya",
    "Kowalski",
    "Lindqvist",
    "Lovelace",
    "Martins",
    "Moreau",
    "Nakamura",
    "Novák",
    "O’Brien",
    "Okafor",
    "Patel",
    "Quispe",
    "Rossi",
    "Sato",
    "Schneider",
    "Silva",
    "Tanaka",
    "Turing",
    "Vargas",
    "Weber",
    "Yılmaz",
];
const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
];
/// The groups that demo members are in.
pub const GROUPS: [&str; 3] = ["Editors", "Support team", "Translators"];

const MINUTE: Millis = 60_000;
const DAY: Millis = 24 * 60 * MINUTE;

/// A made-up member.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub first_name: &'static str,
    pub last_name: &'static str,
    /// When they signed up.
    pub joined: Millis,
    /// When they confirmed their address, if they did.
    pub confirmed: Option<Millis>,
    pub last_login: Millis,
    /// What happened, in this order.
    pub events: Vec<(ActivityKind, Millis, ClientInfo)>,
    /// The devices that are signed in, each with the time of its login.
    pub devices: Vec<(Millis, ClientInfo)>,
    /// Their group, if they are in one.
    pub group: Option<&'static str>,
    /// Which of the pictures is theirs, if they have one.
    pub picture: Option<usize>,
}

/// Makes the person with this number.
pub fn person(seed: u64, number: u64, now: Millis) -> Person {
    let mut random = StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number));
    let pick = |random: &mut StdRng, from: &[&'static str]| *from.choose(random).unwrap_or(&"");
    let (first_name, last_name) = (pick(&mut random, &FIRST_NAMES), pick(&mut random, &LAST_NAMES));
    let clients: Vec<ClientInfo> = (0..random.random_range(1..=3))
        .map(|_| ClientInfo {
            // Addresses that are only for documents (RFC 5737).
            address: format!("203.0.113.{}", random.random_range(1..255)),
            agent: pick(&mut random, &AGENTS).to_owned(),
            impersonator: None,
        })
        .collect();
    let joined = now - random.random_range(2 * DAY..180 * DAY);
    let mut events = vec![(ActivityKind::SignUp, joined, clients[0].clone())];
    let confirmed = random.random_bool(0.9).then(|| joined + random.random_range(MINUTE..60 * MINUTE));
    events.extend(confirmed.map(|at| (ActivityKind::EmailVerified, at, clients[0].clone())));
    let (mut last_login, mut devices) = (0, Vec::new());
    for at in 0..random.random_range(clients.len()..=8).max(clients.len()) {
        // The last login of each client is recent, so that it is still signed in.
        let first = joined + 60 * MINUTE;
        let from = if at < clients.len() { first.max(now - 9 * DAY) } else { first };
        let (client, login) = (&clients[at % clients.len()], random.random_range(from..now - 10 * MINUTE));
        if random.random_bool(0.2) {
            events.push((ActivityKind::LoginFailed, login - MINUTE, client.clone()));
        }
        events.push((ActivityKind::Login, login, client.clone()));
        last_login = last_login.max(login);
        if at < clients.len() {
            devices.push((login, client.clone()));
        } else if random.random_bool(0.3) {
            events.push((ActivityKind::Logout, login + 9 * MINUTE, client.clone()));
        }
    }
    let picture = random.random_bool(0.7).then(|| random.random_range(0..super::avatars::COUNT));
    for (kind, is_there) in [
        (ActivityKind::ProfileChanged, random.random_bool(0.5)),
        (ActivityKind::PictureChanged, picture.is_some()),
        (ActivityKind::PasswordChanged, random.random_bool(0.1)),
    ] {
        if is_there {
            events.push((kind, random.random_range(joined + 60 * MINUTE..now), clients[0].clone()));
        }
    }
    events.sort_by_key(|(_, at, _)| *at);
    let group = random.random_bool(0.4).then(|| pick(&mut random, &GROUPS));
    Person { first_name, last_name, joined, confirmed, last_login, events, devices, group, picture }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_795_000_000_000;

    #[test]
    fn a_person_follows_from_seed_and_number() {
        let people = |seed| (1..=50).map(|number| person(seed, number, NOW)).collect::<Vec<_>>();
        assert_eq!(people(7), people(7));
        assert_ne!(people(7), people(8));
        let names = people(7)
            .iter()
            .map(|person| (person.first_name, person.last_name))
            .collect::<std::collections::BTreeSet<_>>();
        assert!(names.len() > 40, "{names:?}");
    }

    #[test]
    fn people_have_a_history_that_could_have_been() {
        let people: Vec<_> = (1..=300).map(|number| person(1, number, NOW)).collect();
        for person in &people {
            let Person { joined, confirmed, last_login, events, devices, .. } = person;
            assert!(
                events.is_sorted_by_key(|(_, at, _)| *at) && events[0].0 == ActivityKind::SignUp,
                "{person:?}"
            );
            assert!(events.iter().all(|(_, at, _)| (*joined..NOW).contains(at)), "{person:?}");
            assert!(confirmed.is_none_or(|at| at > *joined && at < NOW));
            let logins: Vec<_> = events.iter().filter(|(kind, ..)| *kind == ActivityKind::Login).collect();
            assert_eq!(logins.iter().map(|(_, at, _)| at).max(), Some(last_login));
            assert!((1..=3).contains(&devices.len()) && devices.iter().all(|(at, _)| *at <= *last_login));
        }
        let share = |is: fn(&Person) -> bool| people.iter().filter(|person| is(person)).count();
        assert!((240..299).contains(&share(|person| person.confirmed.is_some())));
        assert!((60..180).contains(&share(|person| person.group.is_some())));
        assert!((150..270).contains(&share(|person| person.picture.is_some())));
        assert!(share(|person| person.devices.len() > 1) > 100);
        assert!(
            share(|person| person.events.iter().any(|(kind, ..)| *kind == ActivityKind::LoginFailed)) > 100
        );
        assert!(share(|person| NOW - person.joined > 90 * DAY) > 80, "months of it");
    }
}
