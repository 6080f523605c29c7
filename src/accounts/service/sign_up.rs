//! Making accounts.

use super::super::{password, store, username};
use crate::{
    activity::{self, Kind},
    error::AppError,
    forms::{Field, FormErrors, Problem, Secret},
    mail::{
        address,
        service::{self as mail, Kind as Mail, Occasion, Order},
    },
    member::UserId,
    server::{Site, Visit, id::new_id},
    throttle::service::{self as throttle, Limit},
};

/// A sign-up as it was typed.
pub struct NewAccount {
    /// A name for members to see.
    pub username: String,
    /// An address.
    pub email: String,
    /// The password.
    pub password1: Secret,
    /// The same once more.
    pub password2: Secret,
}

/// Makes an account, or says everything that stands in its way.
///
/// Addresses are not unique until they are proven: to say that one is taken would tell everybody who has an account, so that its
/// owner is told instead (`accounts.reveal_taken_email` changes that). Names are, and say so.
///
/// # Errors
/// A refused form, a full hash queue, an outage.
pub async fn sign_up(visit: &Visit, typed: NewAccount) -> Result<(), AppError> {
    let account = Account::check(typed)?;
    let rate = visit.site.config.throttle.sign_up_per_address;
    let limit = Limit::for_address("sign_up_per_address", &visit.client.address, rate);
    throttle::take(&visit.site, &[limit]).await?;
    account.create(&visit.site, Some(visit), false).await.map(drop)
}

/// Makes a superuser, from the command line.
///
/// # Errors
/// As [`sign_up`].
pub async fn create_superuser(
    site: &Site,
    typed: NewAccount,
    check_password: bool,
) -> Result<UserId, AppError> {
    let account = if check_password { Account::check(typed)? } else { Account::check_names(typed)? };
    account.create(site, None, true).await
}

struct Account {
    username: String,
    email: String,
    password: Secret,
}

impl Account {
    fn check(typed: NewAccount) -> Result<Self, AppError> {
        let second = typed.password2.clone();
        let (account, mut errors) = Self::read(typed);
        if second.expose().is_empty() {
            errors.add(Field::Password2, Problem::Required);
        } else if account.password != second {
            errors.add(Field::Password2, Problem::PasswordMismatch);
        }
        let owner =
            password::Owner { username: &account.username, email: &account.email, ..Default::default() };
        for problem in password::problems(account.password.expose(), owner) {
            errors.add(Field::Password1, problem);
        }
        errors.into_result().map(|()| account)
    }

    fn check_names(typed: NewAccount) -> Result<Self, AppError> {
        let (account, errors) = Self::read(typed);
        errors.into_result().map(|()| account)
    }

    fn read(typed: NewAccount) -> (Self, FormErrors) {
        let mut errors = FormErrors::default();
        let email = address::check(&typed.email).unwrap_or_else(|problem| {
            errors.add(Field::Email, problem);
            typed.email.trim().to_owned()
        });
        let username = username::normalize(&typed.username);
        let account = Self { username, email, password: typed.password1 };
        for problem in username::problems(&account.username) {
            errors.add(Field::Username, problem);
        }
        (account, errors)
    }

    async fn create(
        self,
        site: &Site,
        visit: Option<&Visit>,
        is_superuser: bool,
    ) -> Result<UserId, AppError> {
        let key = username::key(&self.username);
        let email_key = address::key(&self.email);
        // Said before the hash is computed, as a courtesy; what decides is the constraint.
        let mut connection = site.db.read().await?;
        let mut errors = FormErrors::default();
        if store::username_exists(&mut connection, &key).await? {
            errors.add(Field::Username, Problem::UsernameTaken);
        }
        let owner = store::by_email(&mut connection, &email_key)
            .await?
            .into_iter()
            .find(|account| account.email_verified_at.is_some());
        drop(connection);
        if owner.is_some() && (is_superuser || site.config.accounts.reveal_taken_email) {
            errors.add(Field::Email, Problem::EmailTaken);
        }
        errors.into_result()?;
        let password_hash = site.hasher.hash(&self.password).await?;
        let now = site.clock.now();
        let id = UserId(new_id(now));
        let user = store::NewUser {
            id: id.0,
            username: &self.username,
            username_key: &key,
            email: &self.email,
            email_key: &email_key,
            // Who makes a superuser vouches for the address.
            email_verified_at: is_superuser.then_some(now),
            first_name: "",
            last_name: "",
            password_hash: &password_hash,
            session_stamp: &rand::random::<[u8; 32]>(),
            is_superuser,
            date_joined: now,
        };
        let client = visit.map(|visit| visit.client.clone()).unwrap_or_default();
        let mut transaction = site.db.begin().await?;
        store::insert(&mut transaction, &user).await?;
        activity::service::record(&mut transaction, now, id, Kind::SignUp, "", &client).await?;
        if !is_superuser {
            // One mail in either case, and the same work: the page tells nobody whether the address is known.
            let (kind, user, address) = match owner {
                Some(owner) => (Mail::SignUpWithYourAddress, UserId(owner.id), owner.email),
                None => (Mail::VerifyEmail, id, self.email.clone()),
            };
            let occasion = Occasion { at: now, client, ..Default::default() };
            let order = Order { kind, user: Some(user), address, is_proven: false, occasion };
            match mail::enqueue(site, &mut transaction, &order).await {
                // Past the limit of the address no mail goes out; the page does not say so, and the member can ask for another.
                Ok(()) | Err(AppError::Throttled { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        transaction.commit().await?;
        site.mails.wake();
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_errors_at_once() {
        let typed = NewAccount {
            username: "two words".into(),
            email: "nowhere".into(),
            password1: Secret::new("1234"),
            password2: Secret::new("12345"),
        };
        let Err(AppError::Invalid(errors)) = Account::check(typed) else {
            panic!("refused");
        };
        let count = |field| errors.of(field).count();
        assert_eq!(
            [Field::Username, Field::Email, Field::Password1, Field::Password2].map(count),
            [1, 1, 3, 1]
        );
    }
}
