//! Data of the members' pages, cached per member.

use serde::{Deserialize, Serialize};

use super::{Dashboard, Device, ProfileSummary, RecentActivity, security};
use crate::{
    accounts, activity as record,
    base::{
        clock::to_millis,
        member::Member,
        moment::moment,
        time_zone::{self, UTC},
        user_agent::describe,
    },
    cache::{Policy, fnv1a},
    sessions,
    shared::{error::AppError, moment::Moment},
    site::{RequestContext, ThisSession},
};

/// Returns the dashboard: two cache entries with a TTL each, inside a page that may be cached with
/// its own. The rendered summary is cached under all that it shows: a change between loading and
/// rendering it leaves a fragment that no page asks for again.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn dashboard(context: &RequestContext, member: &Member) -> Result<Dashboard, AppError> {
    let (cached, summary) = (activity(context, member).await?, profile_summary(context, member).await?);
    let summary_ttl = context.site.config.cache.profile_summary_ttl.get();
    let summary_key = key_of(&summary);
    let activity = cached.seen_from(context.session);
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

/// Returns the options of a select of time zones, with the present one selected. Made here, because
/// no script needs to know the zones.
pub fn time_zone_options(present: &str) -> String {
    let option =
        |name: &str| format!("<option{}>{name}</option>", if name == present { " selected" } else { "" });
    // The present one may have left the list.
    let mut names = time_zone::places();
    if present != UTC && !names.iter().any(|name| name == present) {
        names.push(present.to_owned());
    }
    std::iter::once(UTC).chain(names.iter().map(String::as_str)).map(option).collect()
}

fn summary_policy(context: &RequestContext) -> Policy {
    Policy::new("profile_summary", 3, context.site.config.cache.profile_summary_ttl.get())
}

fn activity_policy(context: &RequestContext) -> Policy {
    Policy::new("dashboard", 6, context.site.config.cache.dashboard_ttl.get())
}

/// Returns when the dashboard's cached entries, activity and summary, were computed. Computes
/// nothing itself.
pub async fn cached_since(context: &RequestContext, member: &Member) -> (Option<Moment>, Option<Moment>) {
    let cache = context.cache(member);
    let activity: Option<CachedActivity> = cache.get(activity_policy(context), &[]).await;
    let summary: Option<ProfileSummary> = cache.get(summary_policy(context), &[]).await;
    (activity.map(|cached| cached.activity.rendered_at), summary.map(|summary| summary.rendered_at))
}

/// The activity as it is cached: the same for all sessions of the member.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct CachedActivity {
    /// All but the devices.
    activity: RecentActivity,
    /// The signed-in devices, last active first, each with the hash of its session's id, which
    /// stays on the server.
    devices: Vec<(Vec<u8>, Device)>,
}

impl CachedActivity {
    /// Returns what a session of the member is shown: its own device first, and no other one marked
    /// as its own.
    fn seen_from(self, session: Option<ThisSession>) -> RecentActivity {
        const SHOWN: usize = 3;
        let is_this = |id: &[u8]| session.is_some_and(|ThisSession(this)| *id == this);
        let mut devices: Vec<_> =
            self.devices.into_iter().map(|(id, device)| Device { is_this: is_this(&id), ..device }).collect();
        devices.sort_by_key(|device| !device.is_this);
        let more_devices = devices.len().saturating_sub(SHOWN);
        devices.truncate(SHOWN);
        RecentActivity { devices, more_devices, ..self.activity }
    }
}

async fn activity(context: &RequestContext, member: &Member) -> Result<CachedActivity, AppError> {
    const EVENTS: i64 = 3;
    let ttl = context.site.config.cache.dashboard_ttl.get();
    let policy = activity_policy(context);
    context
        .cache(member)
        .get_or_set(policy, &[], || async {
            let now = context.site.clock.now();
            let recent = record::service::recent(&context.site, member, EVENTS).await?;
            let devices = sessions::service::devices(&context.site, member).await?;
            let count = devices.len().try_into().unwrap_or(i64::MAX);
            let security = security::service::with_devices(&context.site, member, count).await?;
            let devices = devices.into_iter().map(|row| {
                let last_seen = moment(row.last_seen_at);
                let name = describe(&row.agent);
                (row.id_hash, Device { name, address: row.address, last_seen, is_this: false })
            });
            let activity = RecentActivity {
                devices: Vec::new(),
                more_devices: 0,
                recent,
                open: security::checklist::steps(&security),
                progress: security.progress(),
                password_changed: security.password_changed.filter(|_| security.has_password),
                rendered_at: moment(now),
                valid_until: moment(now.saturating_add(to_millis(ttl))),
            };
            Ok(CachedActivity { activity, devices: devices.collect() })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::security::Progress;

    #[test]
    fn a_session_sees_its_own_device_first_and_no_other_marked() {
        let device = |number: u8| {
            let name = format!("device {number}");
            (vec![number; 32], Device { name, address: String::new(), last_seen: moment(0), is_this: false })
        };
        let cached = CachedActivity {
            activity: RecentActivity {
                devices: Vec::new(),
                more_devices: 0,
                recent: Vec::new(),
                open: Vec::new(),
                progress: Progress { done: 0, all: 0 },
                password_changed: None,
                rendered_at: moment(0),
                valid_until: moment(0),
            },
            devices: (1..=5).map(device).collect(),
        };
        let seen_from = |session: Option<u8>| {
            let seen = cached.clone().seen_from(session.map(|number| ThisSession([number; 32])));
            let devices: Vec<_> =
                seen.devices.into_iter().map(|device| (device.name, device.is_this)).collect();
            (devices, seen.more_devices)
        };
        let shown = |devices: [(u8, bool); 3]| {
            (devices.map(|(number, is_this)| (format!("device {number}"), is_this)).to_vec(), 2)
        };
        assert_eq!(seen_from(Some(2)), shown([(2, true), (1, false), (3, false)]));
        assert_eq!(seen_from(Some(5)), shown([(5, true), (1, false), (2, false)]));
        for nobodys in [None, Some(9)] {
            assert_eq!(seen_from(nobodys), shown([(1, false), (2, false), (3, false)]));
        }
    }

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
