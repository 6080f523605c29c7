//! Creating accounts.

use std::time::Duration;

use super::{
    super::store,
    first_superuser,
    login_steps::{LoginStep, after},
    tokens::{self, Purpose},
};
use crate::{
    activity::{self, ActivityKind},
    audit::{
        service as audit,
        service::{Actor, Object},
    },
    auth::{password, throttle::service::Limit},
    base::{
        clock::to_millis,
        email_address,
        id::new_id,
        member::{Member, UserId},
        username,
        work_queue::Lane,
    },
    mail::{
        service as mail,
        service::{MailContext, MailJob, MailKind},
    },
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem, Secret},
        login_method::LoginMethod,
    },
    site::{AppState, RequestContext},
};

/// A sign-up as typed.
pub struct NewAccount {
    /// The username, visible to members.
    pub username: String,
    /// The email address.
    pub email: String,
    /// The password.
    pub password1: Secret,
    /// The password, repeated.
    pub password2: Secret,
}

/// A new account.
pub struct SignedUp {
    /// The address, as it is stored.
    pub email: String,
    /// Shows, in a cookie of this browser, that the account was created there.
    pub token: String,
    /// The login that follows, unless the configuration says that members log in themselves.
    pub login: Option<LoginStep>,
}

/// Creates an account, or returns all errors of the form.
///
/// Addresses are unique only once verified. An error for a taken address would reveal to anybody
/// who has an account, so its owner gets a mail instead (`accounts.reveal_taken_email` changes
/// that). The account is created in either case, and so is its login. Usernames are unique, and a
/// taken one is an error.
///
/// # Errors
/// [`AppError::Invalid`] with the form's errors; [`AppError::Throttled`] past a rate limit;
/// [`AppError::Busy`] when the hash queue is full; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn sign_up(context: &RequestContext, typed: NewAccount) -> Result<SignedUp, AppError> {
    let (site, now) = (&context.site, context.site.clock.now());
    let rate = site.config.throttle.sign_up_per_address;
    let limit = |what| [Limit::for_address(what, &context.client.address, rate)];
    let (account, errors) = Account::check(&site.password_rules, typed);
    if errors.is_empty() {
        site.throttle.take(&limit("sign_up_per_address")).await?;
    } else if let Err(error) = site.throttle.take(&limit("refused_sign_up_per_address")).await {
        // A form with errors is not a sign-up. Past its limit the errors are shown without a look
        // at the accounts.
        return match error {
            AppError::Throttled { .. } => Err(AppError::Invalid(errors)),
            error => Err(error),
        };
    }
    let email = account.email.clone();
    let member = account.create(site, Creator::Visitor(context), errors).await?;
    let mut transaction = site.db.begin().await?;
    let issued = tokens::issue(&mut transaction, now, now, member.id(), Purpose::SignUp, &email).await?;
    transaction.commit().await?;
    let accounts = &site.config.accounts;
    let login = match accounts.login_after_sign_up && !accounts.require_verified_email {
        // The form may have been sent again after a while, when the account has a second factor.
        true => Some(after(context, member, LoginMethod::Password, String::new(), false, None).await?),
        false => None,
    };
    Ok(SignedUp { email, token: issued.token, login })
}

/// Creates a superuser from the command line.
///
/// # Errors
/// As [`sign_up`], except for the rate limit.
pub async fn create_superuser(
    site: &AppState,
    typed: NewAccount,
    check_password: bool,
) -> Result<UserId, AppError> {
    let (account, errors) =
        if check_password { Account::check(&site.password_rules, typed) } else { Account::read(typed) };
    account.create(site, Creator::Operator, errors).await.map(|member| member.id())
}

/// Who creates an account.
#[derive(Clone, Copy)]
pub(super) enum Creator<'a> {
    /// A visitor, their own.
    Visitor(&'a RequestContext),
    /// The operator, a superuser, on the command line.
    Operator,
    /// The operator, the first superuser, in a browser.
    SetupLink(&'a RequestContext),
}

/// An account to create.
pub(super) struct Account {
    username: String,
    email: String,
    password: Secret,
    /// Whether the password has to keep the rules.
    is_checked: bool,
}

impl Account {
    /// Checks the form.
    pub(super) fn check(rules: &password::Rules, typed: NewAccount) -> (Self, FormErrors) {
        let second = typed.password2.clone();
        let (mut account, mut errors) = Self::read(typed);
        if second.expose().is_empty() {
            errors.add(Field::Password2, Problem::Required);
        } else if password::differ(&account.password, &second) {
            errors.add(Field::Password2, Problem::PasswordMismatch);
        }
        let (username, email) = (&account.username, &account.email);
        let owner = password::PasswordOwner { username, email, ..Default::default() };
        for problem in rules.problems(account.password.expose(), owner) {
            errors.add(Field::Password1, problem);
        }
        account.is_checked = true;
        (account, errors)
    }

    /// Returns the key by which the username is compared.
    pub(super) fn key(&self) -> String {
        username::key(&self.username)
    }

    fn read(typed: NewAccount) -> (Self, FormErrors) {
        let (username, mut errors) = (username::normalize(&typed.username), FormErrors::default());
        for problem in username::problems(&username) {
            errors.add(Field::Username, problem);
        }
        let email = email_address::check(&typed.email).unwrap_or_else(|problem| {
            errors.add(Field::Email, problem);
            typed.email.trim().to_owned()
        });
        (Self { username, email, password: typed.password1, is_checked: false }, errors)
    }

    /// Creates the account; `errors` are those of the form alone.
    pub(super) async fn create(
        self,
        site: &AppState,
        creator: Creator<'_>,
        mut errors: FormErrors,
    ) -> Result<Member, AppError> {
        let (actor, context) = match creator {
            Creator::Visitor(context) => (None, Some(context)),
            Creator::Operator => (Some(Actor::Operator), None),
            Creator::SetupLink(context) => (Some(Actor::SetupLink), Some(context)),
        };
        let is_superuser = actor.is_some();
        // Only valid names and addresses are looked up.
        let is_good = |field| errors.of(field).next().is_none();
        let key = if is_good(Field::Username) { username::key(&self.username) } else { String::new() };
        let email_key = if is_good(Field::Email) { email_address::key(&self.email) } else { String::new() };
        // Reported before the hash is computed, with all other errors; the constraint decides.
        if !key.is_empty() && store::account_with(&mut *site.db.read().await?, &key).await?.is_some() {
            if !is_superuser
                && errors.is_empty()
                && let Some(made) = self.made_just_now(site, &key).await?
            {
                return Ok(made);
            }
            errors.add(Field::Username, Problem::UsernameTaken);
        }
        let accounts = match email_key.is_empty() {
            true => Vec::new(),
            false => store::by_email(&mut *site.db.read().await?, &email_key).await?,
        };
        let owner = accounts.into_iter().find(|account| account.email_verified_at.is_some());
        if owner.is_some() && (is_superuser || site.config.accounts.reveal_taken_email) {
            errors.add(Field::Email, Problem::EmailTaken);
        }
        errors.into_result()?;
        if self.is_checked {
            site.password_rules.refuse_breached(&self.password).await?;
        }
        let password_hash = site.hasher.hash(&self.password, Lane::Open).await?;
        let now = site.clock.now();
        let (id, session_stamp): (_, [u8; 32]) = (UserId(new_id(now)), rand::random());
        let user = store::NewUser {
            id: id.0,
            username: &self.username,
            username_key: &key,
            email: &self.email,
            email_key: &email_key,
            // The operator who creates a superuser vouches for the address.
            email_verified_at: is_superuser.then_some(now),
            password_hash: &password_hash,
            password_changed_at: Some(now),
            session_stamp,
            is_staff: is_superuser,
            is_superuser,
            date_joined: now,
            ..Default::default()
        };
        let client = context.map(|context| context.client.clone()).unwrap_or_default();
        let mut transaction = site.db.begin().await?;
        if matches!(creator, Creator::SetupLink(_))
            && let Err(error) = first_superuser::admit(site, &mut transaction).await
        {
            transaction.rollback().await?;
            return Err(error);
        }
        if let Err(error) = store::insert(&mut transaction, &[user]).await {
            transaction.rollback().await?;
            // The same form may have been sent twice at once.
            return match (error.into(), is_superuser) {
                (AppError::Invalid(errors), false) => {
                    self.made_just_now(site, &key).await?.ok_or(AppError::Invalid(errors))
                }
                (error, _) => Err(error),
            };
        }
        activity::service::record(&mut transaction, now, id, ActivityKind::SignUp, "", &client).await?;
        if let Some(actor) = actor {
            let object = Object::User(id, &self.username);
            audit::record(&mut transaction, now, actor, object, &[("added", "", "superuser")]).await?;
        } else {
            // One mail and the same work in either case: nothing reveals whose the address is.
            let (kind, user, address) = match owner {
                Some(owner) => (MailKind::SignUpWithYourAddress, UserId(owner.id), owner.email),
                None => (MailKind::VerifyEmail, id, self.email.clone()),
            };
            let occasion = MailContext { at: now, client, ..Default::default() };
            let order = MailJob { kind, user: Some(user), address, is_proven: false, occasion };
            match mail::enqueue(site, &mut transaction, &order).await {
                // Past the address's limit no mail is sent. The page does not say so, and the
                // member can request another.
                Ok(()) | Err(AppError::Throttled { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        transaction.commit().await?;
        site.mails.wake();
        Ok(Member::new(id, self.username, session_stamp.to_vec()))
    }

    /// Returns the account with this username if the same form created it a moment ago, so that
    /// resending the form after a lost answer succeeds. Others wait for a hash all the same and
    /// learn nothing; wrong passwords count in a rate limit.
    pub(super) async fn made_just_now(&self, site: &AppState, key: &str) -> Result<Option<Member>, AppError> {
        const RETRY_WINDOW: Duration = Duration::from_secs(10 * 60);
        let limit = [Limit::new("repeated_sign_up", key, site.config.throttle.failed_login_per_account)];
        let may_try = match site.throttle.take(&limit).await {
            Ok(()) => true,
            Err(AppError::Throttled { .. }) => false,
            Err(error) => return Err(error),
        };
        let account = store::account_with(&mut *site.db.read().await?, key).await?;
        let age = account.as_ref().map(|account| site.clock.now().saturating_sub(account.date_joined));
        let is_candidate = |account: &store::AccountRow| {
            may_try
                && account.is_active == 1
                && (&account.username, &account.email) == (&self.username, &self.email)
                && age.is_some_and(|age| (0..to_millis(RETRY_WINDOW)).contains(&age))
        };
        let account = account.filter(is_candidate);
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        if !site.hasher.matches(&self.password, hash, Lane::Open).await? {
            return Ok(None);
        }
        site.throttle.refund(&limit).await?;
        Ok(account.map(|account| Member::new(UserId(account.id), account.username, account.session_stamp)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{clock::Clock, config::Config};

    #[test]
    fn all_errors_at_once() {
        let typed = NewAccount {
            username: "two words".into(),
            email: "nowhere".into(),
            password1: Secret::new("1234"),
            password2: Secret::new("12345"),
        };
        let base_url = url::Url::parse("http://localhost").expect("an address");
        let rules = password::Rules::new(&Config::default(), &Clock::default(), &base_url).expect("rules");
        let (_, errors) = Account::check(&rules, typed);
        let count = |field| errors.of(field).count();
        assert_eq!(
            [Field::Username, Field::Email, Field::Password1, Field::Password2].map(count),
            [1, 1, 3, 1]
        );
    }
}
