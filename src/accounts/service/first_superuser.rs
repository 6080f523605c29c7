//! One first superuser, however many ask at once.

use super::super::store;
use crate::{
    auth::throttle::service::{self as throttle, Limit},
    base::db::Transaction,
    shared::error::AppError,
    site::AppState,
};

/// Makes one of several concurrent transactions that create the first superuser succeed, on all
/// instances: the others wait at the row of this limit, and then find the superuser.
pub async fn admit(site: &AppState, transaction: &mut Transaction) -> Result<(), AppError> {
    let (now, rate) = (site.clock.now(), site.config.throttle.sign_up_per_address);
    let limit = Limit::new("first_superuser", "", rate);
    if let Some(until) = site.throttle.count(transaction, now, &limit).await? {
        return Err(throttle::throttled(until, now));
    }
    match store::has_superuser(transaction).await? {
        true => Err(AppError::NotFound),
        false => Ok(()),
    }
}
