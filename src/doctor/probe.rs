//! The requests to send: every page of the site and everything else that returns data. Pages and
//! server functions are discovered; anything else is listed here.

use server_fn::ServerFn;

use super::{
    functions,
    visitor::{HTML, JSON, RequestBody},
};
use crate::{
    accounts::{api::LoadLink, mail_links},
    admin::{
        groups::api::LoadGroup,
        impersonation::api::LoadChoice,
        users::api::{LoadBatch, LoadUser},
    },
    base::member::Member,
    pictures::Size,
    server::{guard, pages},
    shared::{
        moved::MOVED,
        paths::{
            ACT, ADMIN_CACHE, ADMIN_TIMINGS, CACHE_STREAM, CODES_FILE, EXPORT, SESSION_STREAM,
            TIMINGS_STREAM, USERS_CSV,
        },
    },
};

/// Pages that vary with their query; `{id}` stands for an account's id.
const WITH_QUERY: [(&str, &str); 3] = [
    (ACT, "user={id}"),
    ("/admin/users/confirm", "action=deactivate&id={id}"),
    ("/members/dashboard", "x={id}"),
];

/// A request to send.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The route that answers.
    pub route: String,
    /// The address, with its query.
    pub address: String,
    /// The body.
    pub sent: RequestBody,
    /// The `Accept` header.
    pub kind: &'static str,
    /// Whether the site handles only a few of these at a time, so that some of several parallel
    /// requests would be refused.
    pub is_costly: bool,
    /// The page with the same permissions, for what is not a page itself.
    like: Option<&'static str>,
    /// Whether everybody gets an answer, though only some find data in it.
    answers_all: bool,
}

impl Probe {
    fn page(route: &str, address: String) -> Self {
        let (route, sent) = (route.to_owned(), RequestBody::Nothing);
        Self { route, address, sent, kind: HTML, is_costly: false, like: None, answers_all: false }
    }

    fn function(path: &str, arguments: String) -> Self {
        let (sent, like) = (RequestBody::Form(arguments), functions::page_like(path));
        Self { sent, kind: JSON, like, ..Self::page(path, path.to_owned()) }
    }

    fn stream(path: &str, like: Option<&'static str>) -> Self {
        Self { like, answers_all: true, ..Self::page(path, path.to_owned()) }
    }

    /// Returns whether the visitor may open it.
    pub fn admits(&self, member: Option<&Member>) -> bool {
        let admits = |route: &str| guard::lets_in(member, route);
        self.answers_all || (admits(&self.route) && self.like.is_none_or(admits))
    }

    /// Returns whether the visitor may see other people's data there: only on pages of the admin
    /// that are open to them.
    pub fn shows_others_to(&self, member: Option<&Member>) -> bool {
        let page = self.like.unwrap_or(&self.route);
        (page == "/admin" || page.starts_with("/admin/")) && guard::lets_in(member, page)
    }
}

/// Lists all probes. A route with an id in its address is probed with each of `ids`.
pub fn all(ids: &[i64]) -> Vec<Probe> {
    let mut all = Vec::new();
    let found = pages::routes().iter().map(|route| route.path());
    for route in found.chain(mail_links::all()).chain(MOVED.into_iter().map(|(old, _)| old)) {
        all.extend(filled(route, ids).into_iter().map(|address| Probe::page(route, address)));
    }
    for (route, query) in WITH_QUERY {
        let addresses = filled(&format!("{route}?{query}"), ids);
        all.extend(addresses.into_iter().map(|address| Probe::page(route, address)));
    }
    for path in functions::reading() {
        let arguments = match path {
            LoadUser::PATH | LoadGroup::PATH => filled("id={id}&query=", ids),
            LoadBatch::PATH => filled("query=action%3Ddeactivate%26id%3D{id}", ids),
            LoadChoice::PATH => filled("query=user%3D{id}", ids),
            LoadLink::PATH => vec!["link=reset_password".to_owned()],
            _ => vec!["query=".to_owned()],
        };
        all.extend(arguments.into_iter().map(|arguments| Probe::function(path, arguments)));
    }
    for size in [Size::Large, Size::Small] {
        all.push(Probe::page("/members/picture/{size}", format!("/members/picture/{}", size.name())));
    }
    all.push(Probe::page(EXPORT, EXPORT.to_owned()));
    let copy = Probe::page(EXPORT, EXPORT.to_owned());
    all.push(Probe { sent: RequestBody::Form(String::new()), is_costly: true, ..copy });
    let codes = Probe::page(CODES_FILE, CODES_FILE.to_owned());
    all.push(Probe { sent: RequestBody::Form(String::new()), ..codes.clone() });
    all.push(codes);
    let users = Probe::page(USERS_CSV, USERS_CSV.to_owned());
    all.push(Probe { sent: RequestBody::Form(String::new()), ..users.clone() });
    all.push(users);
    all.push(Probe::stream(SESSION_STREAM, None));
    all.push(Probe::stream(CACHE_STREAM, Some(ADMIN_CACHE)));
    all.push(Probe::stream(TIMINGS_STREAM, Some(ADMIN_TIMINGS)));
    all
}

/// Fills each id into the pattern. Returns the pattern itself if it has no placeholder.
fn filled(pattern: &str, ids: &[i64]) -> Vec<String> {
    let fill = |id: &i64| {
        let mut rest = pattern;
        let mut filled = String::new();
        while let Some((before, (_, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            filled.push_str(before);
            filled.push_str(&id.to_string());
            rest = after;
        }
        filled + rest
    };
    if pattern.contains('{') { ids.iter().map(fill).collect() } else { vec![pattern.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_requested_with_all_parameters_filled_in() {
        let all = all(&[7, 8]);
        for route in pages::routes() {
            assert!(all.iter().any(|probe| probe.route == route.path()), "{}", route.path());
        }
        assert!(WITH_QUERY.iter().all(|(route, _)| all.iter().any(|probe| probe.route == *route)));
        assert!(all.iter().all(|probe| !probe.address.contains('{')));
        assert!(all.iter().any(|probe| probe.address == "/admin/groups/8/delete"));
    }

    #[test]
    fn parameters_are_filled_in() {
        assert_eq!(filled("/a/{id}/b/{*rest}", &[1, 2]), ["/a/1/b/1", "/a/2/b/2"]);
        assert_eq!(filled("/a", &[1, 2]), ["/a"]);
        assert_eq!(filled("/a{", &[1]), ["/a{"]);
    }
}
