//! Tests that every statement of the users' lists uses an index, on both databases.

use super::super::{
    batch::Action,
    dates::Range,
    filter::{By, Cursor, Sort},
    search::{Search, Way},
};
use super::{
    batch::{self, Affected},
    list::{Page, statement},
    plan::{Plan, PlanSource},
};
use crate::base::{
    explained::Explainer,
    member::{Member, Rights, UserId},
    sql::Sql,
};

fn plan<'a>(
    explainer: &Explainer,
    group: Option<i64>,
    search: Option<&'a Search>,
    source: PlanSource,
) -> Plan<'a> {
    Plan { is_embedded: explainer.is_embedded, facets: &[8, 9, 12], group, search, dates: &[], source }
}

#[tokio::test]
async fn a_page_in_every_order_is_a_range_of_an_index() {
    for mut explainer in Explainer::all().await {
        for (by, name) in [
            (By::Joined, "joined"),
            (By::Username, "username"),
            (By::Email, "email"),
            (By::LastLogin, "seen"),
        ] {
            for descending in [false, true] {
                for from in [None, Some(Cursor { key: "7".into(), id: 7 })] {
                    let page = Page { sort: Sort { by, descending }, from: from.as_ref(), limit: 101 };
                    for (group, table) in [(None, "users"), (Some(1), "group_members")] {
                        let plan = plan(&explainer, group, None, PlanSource::Sorted);
                        let sql = statement(&plan, &page);
                        explainer.assert_uses(&format!("{table}_by_{name}"), sql).await;
                    }
                }
            }
        }
        explainer.close().await;
    }
}

#[tokio::test]
async fn dates_are_a_range_of_an_index() {
    for mut explainer in Explainer::all().await {
        for (by, name) in [(By::Joined, "joined"), (By::LastLogin, "seen")] {
            let dates = [Range { by, from: 5, before: 9 }];
            for (group, table) in [(None, "users"), (Some(1), "group_members")] {
                let index = format!("{table}_by_{name}");
                let of = |source, explainer: &Explainer| Plan {
                    dates: &dates,
                    ..plan(explainer, group, None, source)
                };
                let few = of(PlanSource::Dated(by), &explainer);
                explainer.assert_uses(&index, few.count_of_few()).await;
                for descending in [false, true] {
                    let page = Page { sort: Sort { by, descending }, from: None, limit: 101 };
                    let plan = of(PlanSource::SortedBy(by), &explainer);
                    explainer.assert_uses(&index, statement(&plan, &page)).await;
                }
                explainer.allow_sorting(true).await;
                let page = Page { sort: Sort { by: By::Email, descending: false }, from: None, limit: 101 };
                explainer.assert_uses(&index, statement(&few, &page)).await;
                explainer.allow_sorting(false).await;
            }
        }
        explainer.close().await;
    }
}

#[tokio::test]
async fn a_search_goes_through_an_index_however_much_it_finds() {
    let searches = ["ada lovelace", "ab", "x", "@@@"].map(|typed| Search::parse(typed).expect("a search"));
    let sort = Sort { by: By::Username, descending: false };
    let page = Page { sort, from: None, limit: 101 };
    for mut explainer in Explainer::all().await {
        let (ids, ids_of_group) = match explainer.is_embedded {
            true => ("sqlite_autoindex_users_1", "sqlite_autoindex_group_members_1"),
            false => ("users_pk", "group_members_pk"),
        };
        for search in &searches {
            let by_trigram = matches!(search.way(), Way::Trigrams(_));
            for group in [None, Some(1)] {
                let matches = plan(&explainer, group, Some(search), PlanSource::Matches);
                // PostgreSQL's function has a plan of its own, which is checked below.
                let index = match (by_trigram, explainer.is_embedded) {
                    (true, true) => "users_search VIRTUAL TABLE",
                    (true, false) => "users_matching",
                    (false, _) => "users_email_key",
                };
                explainer.assert_uses(index, statement(&matches, &page)).await;
                explainer.allow_sorting(true).await;
                let few = plan(&explainer, group, Some(search), PlanSource::Few);
                let index = if group.is_some() { "group_members_by" } else { "users_by" };
                explainer.assert_uses(index, statement(&few, &page)).await;
                explainer.allow_sorting(false).await;
                for descending in [false, true] {
                    let page = Page { sort: Sort { by: By::Email, descending }, from: None, limit: 101 };
                    let each = plan(&explainer, group, Some(search), PlanSource::Sorted);
                    let index = if group.is_some() { "group_members_by_email" } else { "users_by_email" };
                    explainer.assert_uses(index, statement(&each, &page)).await;
                }
                let by_ids = (PlanSource::Stream, if group.is_some() { ids_of_group } else { ids });
                let by_matches = (PlanSource::StreamOfMatches, "users_search VIRTUAL TABLE");
                for (source, index) in [by_ids, by_matches] {
                    if source == PlanSource::StreamOfMatches && !(by_trigram && explainer.is_embedded) {
                        continue;
                    }
                    let stream = plan(&explainer, group, Some(search), source);
                    let from = Cursor { key: String::new(), id: 7 };
                    let later = Page { sort: Sort::default(), from: Some(&from), limit: 101 };
                    let sql = statement(&stream, &later);
                    let sorted = explainer.assert_uses(index, sql).await;
                    assert!(!sorted.contains("TEMP B-TREE") && !sorted.contains("Sort "), "{sorted}");
                }
            }
        }
        if !explainer.is_embedded {
            let sql = Sql::new("SELECT id FROM users WHERE search LIKE '%ada%' LIMIT 10");
            let bitmap = explainer.plan_with_bitmaps(sql).await;
            assert!(bitmap.contains("users_search"), "{bitmap}");
        }
        explainer.close().await;
    }
}

#[tokio::test]
async fn a_batch_and_its_consequences_go_through_an_index() {
    let own = ["accounts.change_user".to_owned()].into();
    let rights = Rights { is_staff: true, own, ..Rights::default() };
    let staff = Member::with_rights(UserId(1), "sam".into(), Vec::new(), rights).staff().expect("staff");
    for mut explainer in Explainer::all().await {
        for action in Action::ALL {
            for group in [None, Some(1)] {
                let source = batch::BatchSource::List(plan(&explainer, group, None, PlanSource::Sorted));
                let affected = Affected {
                    source,
                    action,
                    group: Some(2),
                    staff: &staff,
                    newest: i64::MAX,
                    limit: 10_001,
                };
                let sql = batch::affected_statement(&affected);
                let index = if group.is_some() { "group_members_by" } else { "users_by" };
                explainer.assert_uses(index, sql).await;
            }
        }
        let sql = batch::goes_statement(&[1, 2, 3]);
        explainer.assert_uses("changes_object", sql).await;
        explainer.close().await;
    }
}
