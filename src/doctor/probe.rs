//! What is asked for: every page of the site, and what else tells something. Pages and server functions need not be named here, they
//! are found; what is neither is.

use server_fn::ServerFn;

use super::{
    functions,
    visitor::{HTML, JSON, Sent},
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
    shared::paths::{ACT, ADMIN_CACHE, CACHE_STREAM, EXPORT, MOVED, SESSION_STREAM},
};

/// Pages that are others with a query, in which `{id}` is somebody's.
const WITH_QUERY: [(&str, &str); 3] = [
    (ACT, "user={id}"),
    ("/admin/users/confirm", "action=deactivate&id={id}"),
    ("/members/dashboard", "x={id}"),
];

/// Something to ask for.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Which route answers.
    pub route: String,
    /// Under which address.
    pub address: String,
    /// What is sent along.
    pub sent: Sent,
    /// For `Accept`.
    pub kind: &'static str,
    /// Whether the site does only a few of these at a time, so that some of those who come at once would be sent away.
    pub is_costly: bool,
    /// The page that is for the same people, where it is none itself.
    like: Option<&'static str>,
    /// Whether it answers everybody, and tells only some of them something.
    answers_all: bool,
}

impl Probe {
    fn page(route: &str, address: String) -> Self {
        let (route, sent) = (route.to_owned(), Sent::Nothing);
        Self { route, address, sent, kind: HTML, is_costly: false, like: None, answers_all: false }
    }

    fn function(path: &str, arguments: String) -> Self {
        let (sent, like) = (Sent::Form(arguments), functions::page_like(path));
        Self { sent, kind: JSON, like, ..Self::page(path, path.to_owned()) }
    }

    fn stream(path: &str, like: Option<&'static str>) -> Self {
        Self { like, answers_all: true, ..Self::page(path, path.to_owned()) }
    }

    /// Whether the visitor may enter.
    pub fn admits(&self, member: Option<&Member>) -> bool {
        let admits = |route: &str| guard::lets_in(member, route);
        self.answers_all || (admits(&self.route) && self.like.is_none_or(admits))
    }

    /// Whether the visitor may see there what belongs to others: who may open a page of the admin.
    pub fn shows_others_to(&self, member: Option<&Member>) -> bool {
        let page = self.like.unwrap_or(&self.route);
        (page == "/admin" || page.starts_with("/admin/")) && guard::lets_in(member, page)
    }
}

/// All of them. Whatever has a number in its address is asked for with each of these.
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
    all.push(Probe { sent: Sent::Form(String::new()), is_costly: true, ..copy });
    all.push(Probe::stream(SESSION_STREAM, None));
    all.push(Probe::stream(CACHE_STREAM, Some(ADMIN_CACHE)));
    all
}

/// The pattern with each number in its place; as it is, where it has none.
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
    fn every_page_is_asked_for_and_no_parameter_left() {
        let all = all(&[7, 8]);
        for route in pages::routes() {
            assert!(all.iter().any(|errand| errand.route == route.path()), "{}", route.path());
        }
        assert!(WITH_QUERY.iter().all(|(route, _)| all.iter().any(|errand| errand.route == *route)));
        assert!(all.iter().all(|errand| !errand.address.contains('{')));
        assert!(all.iter().any(|errand| errand.address == "/admin/groups/8/delete"));
    }

    #[test]
    fn parameters_are_filled_in() {
        assert_eq!(filled("/a/{id}/b/{*rest}", &[1, 2]), ["/a/1/b/1", "/a/2/b/2"]);
        assert_eq!(filled("/a", &[1, 2]), ["/a"]);
        assert_eq!(filled("/a{", &[1]), ["/a{"]);
    }
}
