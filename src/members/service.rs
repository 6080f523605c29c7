//! Data of the members' pages, cached per member.

use super::{Activity, Dashboard, Device, Login, ProfileSummary, security};
use crate::{
    accounts, activity as record,
    base::{clock::to_millis, member::Member, moment::moment, user_agent::in_words},
    cache::{Policy, fnv1a},
    sessions,
    shared::{error::AppError, moment::Moment},
    site::RequestContext,
};

/// Returns the dashboard: two cache entries with a TTL each, inside a page that may be cached with
/// its own. The rendered summary is cached under all that it shows: a change between loading and
/// rendering it leaves a fragment that no page asks for again.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn dashboard(context: &RequestContext, member: &Member) -> Result<Dashboard, AppError> {
    let (activity, summary) = (activity(context, member).await?, profile_summary(context, member).await?);
    let summary_ttl = context.site.config.cache.profile_summary_ttl.get();
    let summary_key = key_of(&summary);
    Ok(Dashboard { summary, summary_ttl, summary_key, activity, page: context.page_validity() })
}

/// A hash of everything in the summary: the time that it was rendered at may be the same before and
/// after a change.
fn key_of(summary: &ProfileSummary) -> String {
    format!("{:016x}", fnv1a(serde_json::to_vec(summary).unwrap_or_default()))
}

/// Returns the percentage of reads that the cache answers, or `None` before the first read.
pub async fn hit_ratio(context: &RequestContext) -> Option<u64> {
    context.site.cache.stats().await.totals.hit_percent()
}

/// Returns the profile summary.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn profile_summary(context: &RequestContext, member: &Member) -> Result<ProfileSummary, AppError> {
    let ttl = context.site.config.cache.profile_summary_ttl.get();
    let policy = summary_policy(context);
    context
        .cache(member)
        .get_or_set(policy, &[], || async {
            let now = context.site.clock.now();
            let profile = accounts::service::profile(&context.site, member).await?;
            Ok(ProfileSummary {
                username: profile.username,
                first_name: profile.first_name,
                last_name: profile.last_name,
                picture: profile.picture_version,
                email: profile.email,
                email_is_proven: profile.email_verified_at.is_some(),
                member_since: moment(profile.date_joined),
                last_login: profile.last_login.map(moment),
                rendered_at: moment(now),
                valid_until: moment(now.saturating_add(to_millis(ttl))),
            })
        })
        .await
}

fn summary_policy(context: &RequestContext) -> Policy {
    Policy::new("profile_summary", 3, context.site.config.cache.profile_summary_ttl.get())
}

fn activity_policy(context: &RequestContext) -> Policy {
    Policy::new("dashboard", 5, context.site.config.cache.dashboard_ttl.get())
}

/// Returns when the dashboard's cached entries, activity and summary, were computed. Computes
/// nothing itself.
pub async fn cached_since(context: &RequestContext, member: &Member) -> (Option<Moment>, Option<Moment>) {
    let cache = context.cache(member);
    let activity: Option<Activity> = cache.get(activity_policy(context), &[]).await;
    let summary: Option<ProfileSummary> = cache.get(summary_policy(context), &[]).await;
    (activity.map(|activity| activity.rendered_at), summary.map(|summary| summary.rendered_at))
}

async fn activity(context: &RequestContext, member: &Member) -> Result<Activity, AppError> {
    let ttl = context.site.config.cache.dashboard_ttl.get();
    let policy = activity_policy(context);
    context
        .cache(member)
        .get_or_set(policy, &[], || async {
            let now = context.site.clock.now();
            let (recent, logins) = record::service::recent(&context.site, member).await?;
            let devices = sessions::service::devices(&context.site, member).await?;
            let count = devices.len().try_into().unwrap_or(i64::MAX);
            let security = security::service::with_devices(&context.site, member, count).await?;
            Ok(Activity {
                logins: logins
                    .into_iter()
                    .map(|login| Login {
                        at: moment(login.at),
                        address: login.address,
                        device: in_words(&login.agent),
                    })
                    .collect(),
                devices: devices
                    .into_iter()
                    .map(|device| Device {
                        since: moment(device.created_at),
                        last_seen: moment(device.last_seen_at),
                        address: device.address,
                        name: in_words(&device.agent),
                    })
                    .collect(),
                recent,
                // SP 800-63B-4, 4.2.1.1: new codes before the last one is used.
                few_codes: security.few_codes(),
                progress: security.progress(),
                rendered_at: moment(now),
                valid_until: moment(now.saturating_add(to_millis(ttl))),
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_that_shows_something_else_has_another_key() {
        let at = moment(0);
        let before = ProfileSummary {
            username: "ada".to_owned(),
            first_name: "Ada".to_owned(),
            last_name: String::new(),
            picture: None,
            email: "ada@example.com".to_owned(),
            email_is_proven: true,
            member_since: at.clone(),
            last_login: None,
            rendered_at: at.clone(),
            valid_until: at,
        };
        assert_eq!(key_of(&before), key_of(&before.clone()));
        let after = ProfileSummary { first_name: "Augusta".to_owned(), ..before.clone() };
        assert_ne!(key_of(&before), key_of(&after), "rendered at the same time");
    }
}
