//! The accounts that probe the site, each full of canaries, created and signed in through the
//! site's own forms.

mod passkey;

use std::{io::Cursor, net::IpAddr};

use axum::{Router, body::to_bytes, response::Response};
use image::{ImageFormat, Rgb, RgbImage};
use server_fn::ServerFn;

use super::{
    answer::Palette,
    canary::{Canary, CanaryKind, Role, unguessable},
    visitor::{JSON, ProbeRequest, RequestBody, Visitor},
};
use crate::{
    accounts::{
        api::{LoadAuthenticator, LogIn, StartAuthenticator},
        service as accounts,
        service::NewAccount,
    },
    admin::{
        edit::{Edit, Holder},
        groups::service::group_name,
        users::{
            api::{AddUser, LoadUser, SaveUser},
            service::{self as users, UserRow},
        },
    },
    audit::service::Actor,
    base::{
        failure::Failure,
        member::{Permission, UserId},
    },
    members::api::SaveProfile,
    shared::{
        error::AppError,
        forms::{Field, Secret, Submission},
        paths::SAVE_PICTURE,
    },
    site::AppState,
};

/// The visitors, and the canaries in their data.
#[derive(Debug)]
pub struct Fixtures {
    /// The visitors, in the order of [`Role::ALL`].
    pub visitors: Vec<Visitor>,
    /// The canaries.
    pub canaries: Vec<Canary>,
    /// The ids of the accounts and of their group.
    pub ids: Vec<i64>,
    /// The colour of each role's profile picture.
    pub palette: Palette,
}

/// Far enough apart to survive lossy compression.
const COLOURS: [[u8; 3]; 4] = [[200, 40, 40], [40, 200, 40], [40, 40, 200], [200, 200, 40]];

/// An account to be created.
struct Person {
    visitor: Visitor,
    username: String,
    email: String,
    first_name: String,
    last_name: String,
    password: String,
}

impl Person {
    fn new(site: &AppState, role: Role, canaries: &mut Vec<Canary>) -> Self {
        let mut canary = |kind| {
            let text = if kind == CanaryKind::Password { password() } else { unguessable() };
            canaries.push(Canary::new(role, kind, &text));
            text
        };
        let agent = format!("Mozilla/5.0 (X11; Linux x86_64) {}/1.0", canary(CanaryKind::Agent));
        let person = Self {
            username: canary(CanaryKind::Username),
            email: format!("{}@example.com", canary(CanaryKind::Email)),
            first_name: canary(CanaryKind::FirstName),
            last_name: canary(CanaryKind::LastName),
            password: canary(CanaryKind::Password),
            visitor: visitor(site, role, agent),
        };
        if !site.config.admin.allow_from.iter().any(|network| network.contains(&person.visitor.peer)) {
            canaries.push(Canary::new(role, CanaryKind::Address, &person.visitor.peer.to_string()));
        }
        person
    }

    fn names(&self) -> [(&str, &str); 3] {
        [("username", &self.username), ("first_name", &self.first_name), ("last_name", &self.last_name)]
    }

    /// Logs in twice, so that there is a second device. The values of the cookies become canaries.
    /// The first device adds a passkey.
    async fn sign_in(
        &mut self,
        site: &AppState,
        router: &Router,
        canaries: &mut Vec<Canary>,
    ) -> Result<(), Failure> {
        let (username, password) = (self.username.clone(), self.password.clone());
        let fields = [("login", username.as_str()), ("password", &password), ("remember", "yes")];
        for is_first in [true, false] {
            self.visitor.cookies.clear();
            let answer = self.ask(router, LogIn::PATH, &fields, canaries).await?;
            accepted(answer, "sign in").await?;
            if is_first {
                self.add_passkey(site, router, canaries).await?;
            }
        }
        Ok(())
    }

    async fn post(&self, router: &Router, address: &str, fields: &[(&str, &str)]) -> Result<(), Failure> {
        accepted(self.visitor.post(router, address, fields).await.ok_or_else(no_answer)?, address).await
    }

    /// Begins to set up an authenticator app, so that its key is on a page.
    async fn start_app(&self, router: &Router, canaries: &mut Vec<Canary>) -> Result<(), Failure> {
        self.post(router, StartAuthenticator::PATH, &[]).await?;
        let shown = self.visitor.post(router, LoadAuthenticator::PATH, &[]).await.ok_or_else(no_answer)?;
        let shown = to_bytes(shown.into_body(), usize::MAX).await.unwrap_or_default();
        let shown: serde_json::Value = serde_json::from_slice(&shown).unwrap_or_default();
        let key = shown["state"]["waiting"]["key"].as_str().ok_or_else(no_answer)?;
        for text in [key, &key.replace(' ', "")] {
            canaries.push(Canary::new(self.visitor.role, CanaryKind::AppKey, text));
        }
        Ok(())
    }

    async fn put_picture(&self, router: &Router, colour: [u8; 3]) -> Result<(), Failure> {
        let form = picture_form(colour).map_err(|error| Failure::start("create a picture", error))?;
        let sent = RequestBody::File("multipart/form-data; boundary=doctor".into(), form);
        let wanted = ProbeRequest { address: SAVE_PICTURE, sent: &sent, kind: JSON, encoding: "" };
        accepted(self.visitor.send(router.clone(), &wanted).await.ok_or_else(no_answer)?, SAVE_PICTURE).await
    }
}

/// Creates all accounts.
///
/// # Errors
/// A [`Failure`] when the site does not do what is needed for that.
pub async fn settle(site: &AppState, router: &Router) -> Result<Fixtures, Failure> {
    let mut canaries = Vec::new();
    let mut persons: Vec<Person> =
        Role::ALL[1..].iter().map(|role| Person::new(site, *role, &mut canaries)).collect();
    let (superuser, others) = persons.split_last_mut().ok_or_else(no_answer)?;
    let password = Secret::new(&superuser.password);
    let (username, email) = (superuser.username.clone(), superuser.email.clone());
    let account = NewAccount { username, email, password1: password.clone(), password2: password };
    accounts::create_superuser(site, account, true).await.map_err(outage)?;
    superuser.sign_in(site, router, &mut canaries).await?;
    superuser.post(router, SaveProfile::PATH, &superuser.names()).await?;
    for person in others.iter() {
        add(site, router, superuser, person).await?;
    }
    for person in others {
        person.sign_in(site, router, &mut canaries).await?;
    }
    let group = gather(site, &persons, &mut canaries).await?;
    let mut ids = Vec::new();
    let mut palette = Palette::new();
    for (person, colour) in persons.iter_mut().zip(COLOURS) {
        person.put_picture(router, colour).await?;
        person.start_app(router, &mut canaries).await?;
        palette.push((person.visitor.role, colour));
        let id = find(site, &person.username).await?.id;
        ids.push(id);
        person.visitor.member = accounts::member(site, UserId(id)).await.map_err(outage)?;
    }
    ids.push(group);
    let nobody = visitor(site, Role::Anonymous, "Mozilla/5.0 (X11; Linux x86_64)".into());
    let visitors = std::iter::once(nobody).chain(persons.into_iter().map(|person| person.visitor)).collect();
    Ok(Fixtures { visitors, canaries, ids, palette })
}

/// Returns a random password. It shares no letters with the other canaries; otherwise it would be
/// refused as too similar to them.
fn password() -> String {
    unguessable().bytes().map(|byte| char::from(b'g' + byte % 20)).collect()
}

/// Creates a visitor with a random address; staff get one from `admin.allow_from`.
fn visitor(site: &AppState, role: Role, agent: String) -> Visitor {
    let (first, rest) = (0xfd_u128 << 120, rand::random::<u128>() >> 8);
    let office = site.config.admin.allow_from.first().map(ipnet::IpNet::addr);
    let address = match role {
        Role::Staff | Role::Superuser => office,
        Role::Anonymous | Role::FirstMember | Role::SecondMember => None,
    };
    let peer = address.unwrap_or(IpAddr::V6((first | rest).into()));
    let host = site.base_url.host_str().unwrap_or("localhost");
    let port = site.base_url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Visitor { role, member: None, peer, agent, host: format!("{host}{port}"), cookies: String::new() }
}

/// Adds the account as the superuser, who also confirms its address.
async fn add(site: &AppState, router: &Router, superuser: &Person, person: &Person) -> Result<(), Failure> {
    let mut fields = person.names().to_vec();
    fields.push(("email", &person.email));
    let passwords = [("password1", person.password.as_str()), ("password2", &person.password)];
    superuser.post(router, AddUser::PATH, &[fields.as_slice(), &passwords].concat()).await?;
    let user = find(site, &person.username).await?;
    let id = user.id.to_string();
    let shown = superuser.visitor.post(router, LoadUser::PATH, &[("id", &id)]).await.ok_or_else(no_answer)?;
    let shown = to_bytes(shown.into_body(), usize::MAX).await.unwrap_or_default();
    let shown: serde_json::Value = serde_json::from_slice(&shown).unwrap_or_default();
    let version = shown["version"].to_string();
    fields.extend([
        ("user", id.as_str()),
        ("version", &version),
        ("is_active", "yes"),
        ("is_verified", "yes"),
    ]);
    if person.visitor.role == Role::Staff {
        fields.push(("is_staff", "yes"));
        superuser.post(router, SaveUser::PATH, &fields).await?;
        let mut edit = Edit::begin(site, Actor::Operator).await.map_err(outage)?;
        let holder = Holder::User(UserId(user.id), &user.username);
        edit.set_permissions(holder, &[Permission::ViewUser.codename()], &[]).await.map_err(outage)?;
        return edit.commit().await.map_err(outage);
    }
    superuser.post(router, SaveUser::PATH, &fields).await
}

/// Creates a group with the superuser in it, and a canary for its name.
async fn gather(site: &AppState, persons: &[Person], canaries: &mut Vec<Canary>) -> Result<i64, Failure> {
    let name = unguessable();
    canaries.push(Canary::new(Role::Superuser, CanaryKind::Group, &name));
    let named = group_name(&name).map_err(|_| no_answer())?;
    let mut edit = Edit::begin(site, Actor::Operator).await.map_err(outage)?;
    let group = edit.add_group(&named, ("added", "", "")).await.map_err(outage)?;
    for person in persons.iter().filter(|person| person.visitor.role == Role::Superuser) {
        let user = find(site, &person.username).await?;
        edit.join(&[(UserId(user.id), &user.username)], (group, &name)).await.map_err(outage)?;
    }
    edit.commit().await.map_err(outage)?;
    Ok(group)
}

async fn find(site: &AppState, username: &str) -> Result<UserRow, Failure> {
    let found = users::by_name(site, username).await.map_err(outage)?.pop();
    found.ok_or_else(|| Failure::message("a user who was just added does not exist"))
}

async fn accepted(answer: Response, what: &str) -> Result<(), Failure> {
    let status = answer.status();
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap_or_default();
    match serde_json::from_slice(&body) {
        Ok(Submission::Accepted) => Ok(()),
        _ => Err(Failure::message(format!("cannot prepare the visitors: {what} answers {status}"))),
    }
}

fn picture_form(colour: [u8; 3]) -> Result<Vec<u8>, image::ImageError> {
    let mut picture = Cursor::new(Vec::new());
    RgbImage::from_pixel(64, 64, Rgb(colour)).write_to(&mut picture, ImageFormat::Png)?;
    let name = Field::Picture.name();
    let head = format!(
        "--doctor\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\n"
    );
    Ok([head.as_bytes(), picture.get_ref().as_slice(), b"\r\n--doctor--\r\n"].concat())
}

fn outage(error: AppError) -> Failure {
    Failure::start("prepare the visitors", error)
}

fn no_answer() -> Failure {
    Failure::message("cannot prepare the visitors: the site does not answer")
}
