//! The backend of axum-login: credentials, members and permissions.

use std::collections::HashSet;

use axum_login::{AuthUser, AuthnBackend, AuthzBackend};

use super::service;
use crate::{
    base::member::{Member, Permission, UserId},
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem, Secret},
    },
    site::{AppState, RequestContext},
};

/// The credentials that a visitor types to log in.
#[derive(Clone)]
pub struct Credentials {
    /// The request in which they were typed.
    pub context: RequestContext,
    /// A username or email address.
    pub login: String,
    /// The password.
    pub password: Secret,
}

impl Credentials {
    /// Checks that both fields are filled in, before anything is looked up or hashed.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with the empty fields.
    pub fn check(context: RequestContext, login: String, password: Secret) -> Result<Self, AppError> {
        let mut errors = FormErrors::default();
        if login.trim().is_empty() {
            errors.add(Field::Login, Problem::Required);
        }
        if password.expose().is_empty() {
            errors.add(Field::Password, Problem::Required);
        }
        errors.into_result().map(|()| Self { context, login, password })
    }
}

impl AuthUser for Member {
    type Id = UserId;

    fn id(&self) -> UserId {
        Member::id(self)
    }

    /// A random stamp, not the password hash: a hash upgraded at login must not end the other
    /// sessions, and no part of a hash belongs in a session's row.
    fn session_auth_hash(&self) -> &[u8] {
        self.session_stamp()
    }
}

/// Checks credentials and finds members for axum-login.
#[derive(Clone)]
pub struct Backend(AppState);

impl Backend {
    /// Creates the backend of this site.
    pub const fn new(site: AppState) -> Self {
        Self(site)
    }
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Backend")
    }
}

impl AuthnBackend for Backend {
    type User = Member;
    type Credentials = Credentials;
    type Error = AppError;

    async fn authenticate(&self, credentials: Credentials) -> Result<Option<Member>, AppError> {
        service::authenticate(&credentials.context, &credentials.login, &credentials.password).await
    }

    async fn get_user(&self, id: &UserId) -> Result<Option<Member>, AppError> {
        service::member(&self.0, *id).await
    }
}

/// Permissions by codename, as in the tables, read from the account's present state: an account
/// that was deactivated meanwhile has none.
impl AuthzBackend for Backend {
    type Permission = String;

    async fn get_user_permissions(&self, user: &Member) -> Result<HashSet<String>, AppError> {
        let member = service::member(&self.0, user.id()).await?;
        Ok(member.map(|member| member.rights().own.iter().cloned().collect()).unwrap_or_default())
    }

    async fn get_group_permissions(&self, user: &Member) -> Result<HashSet<String>, AppError> {
        let member = service::member(&self.0, user.id()).await?;
        Ok(member.map(|member| member.rights().of_groups.iter().cloned().collect()).unwrap_or_default())
    }

    /// A superuser has all permissions that the program knows, as in Django.
    async fn get_all_permissions(&self, user: &Member) -> Result<HashSet<String>, AppError> {
        let mut all = self.get_user_permissions(user).await?;
        all.extend(self.get_group_permissions(user).await?);
        if service::member(&self.0, user.id()).await?.is_some_and(|member| member.is_superuser()) {
            all.extend(Permission::ALL.map(|permission| permission.codename().to_owned()));
        }
        Ok(all)
    }

    async fn has_perm(&self, user: &Member, permission: String) -> Result<bool, AppError> {
        let member = service::member(&self.0, user.id()).await?;
        Ok(member.is_some_and(|member| member.has_perm(&permission)))
    }
}
