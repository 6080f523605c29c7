//! The rules for a new password: Django's four validators with its texts, each configurable, the
//! words of the site, and a limit of length. Also compares two passwords.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use url::Url;

use super::{
    breached::BreachedPasswords,
    common_passwords::{CommonPasswords, normalize},
    context_words::ContextWords,
    similarity::is_similar,
};
use crate::{
    base::{clock::Clock, config::Config, failure::Failure},
    shared::{
        error::AppError,
        forms::{Field, Problem, Secret},
        password_rules::PasswordRules,
    },
};

/// In bytes; far more than any passphrase. A limit, so that hashing stays cheap.
pub const MAX_PASSWORD_BYTES: usize = 4096;

/// Returns a hash that no password matches, with `kind` as its first character: `!` when staff
/// switched the password off, `?` when there is none yet. It is random, as Django's, so that no two
/// are the same.
pub fn unusable(kind: char) -> String {
    format!("{kind}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>()))
}

/// Returns whether two passwords differ in their normal form.
pub fn differ(one: &Secret, other: &Secret) -> bool {
    normalize(one.expose()) != normalize(other.expose())
}

/// The account's data that its password must not resemble: Django's four attributes, in its order.
#[derive(Clone, Copy, Debug, Default)]
pub struct PasswordOwner<'a> {
    /// The username.
    pub username: &'a str,
    /// The first name, or empty.
    pub first_name: &'a str,
    /// The last name, or empty.
    pub last_name: &'a str,
    /// The email address.
    pub email: &'a str,
    /// Whether a second factor follows the password, which then may be shorter.
    pub has_second_factor: bool,
}

/// The configured rules.
#[derive(Clone)]
pub struct Rules {
    shown: PasswordRules,
    /// Django's `max_similarity`, or `None` when similarity is not checked.
    max_similarity: Option<f64>,
    context_words: ContextWords,
    common: Option<CommonPasswords>,
    breached: BreachedPasswords,
}

impl Rules {
    /// Reads the list of common passwords, and opens that of breached ones.
    ///
    /// # Errors
    /// A [`Failure`] when one of them cannot be used.
    pub fn new(config: &Config, clock: &Clock, base_url: &Url) -> Result<Self, Failure> {
        let settings = &config.passwords;
        let common = CommonPasswords::new(&settings.common)?;
        let names = [config.site.name.as_str(), base_url.domain().unwrap_or_default()];
        let context_words =
            ContextWords::new(names.into_iter().chain(settings.context_words.iter().map(String::as_str)));
        let breached = BreachedPasswords::new(config, clock)?;
        let max_similarity = (settings.max_similarity > 0.0).then_some(settings.max_similarity);
        let shown = PasswordRules {
            min_length: settings.min_length_alone(),
            min_length_with_factor: Some(settings.min_length)
                .filter(|min| *min < settings.min_length_alone()),
            is_unlike_owner: max_similarity.is_some(),
            is_uncommon: common.is_some(),
            is_not_numeric: settings.refuse_numeric,
            is_not_breached: breached.is_on(),
        };
        Ok(Self { shown, max_similarity, context_words, common, breached })
    }

    /// Returns the rules as forms describe them.
    pub fn shown(&self) -> PasswordRules {
        self.shown.clone()
    }

    /// Returns the list of breached passwords.
    pub const fn breached(&self) -> &BreachedPasswords {
        &self.breached
    }

    /// Refuses a breached password. Asked last, when the password has no other problem and the
    /// request was counted by its limit: it may take a request to another server.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with the error of the field for the new password.
    pub async fn refuse_breached(&self, password: &Secret) -> Result<(), AppError> {
        match self.breached.has(password).await {
            true => Err(AppError::invalid(Field::Password1, Problem::PasswordBreached)),
            false => Ok(()),
        }
    }

    /// Returns whether a password that no second factor follows has to be longer than one with.
    pub const fn asks_longer_alone(&self) -> bool {
        self.shown.min_length_with_factor.is_some()
    }

    /// Returns whether a password is too short where no second factor follows it, although that was
    /// asked for only there.
    pub fn is_short_alone(&self, typed: &Secret) -> bool {
        let length = normalize(typed.expose()).chars().count();
        self.asks_longer_alone() && length < self.shown.min_length as usize
    }

    /// Returns all problems of a password for this account that can be seen without
    /// [`Self::refuse_breached`], in Django's order.
    pub fn problems(&self, typed: &str, owner: PasswordOwner<'_>) -> Vec<Problem> {
        if typed.is_empty() {
            return vec![Problem::Required];
        }
        if typed.len() > MAX_PASSWORD_BYTES {
            return vec![Problem::PasswordTooLong];
        }
        let password = normalize(typed);
        if password.len() > MAX_PASSWORD_BYTES {
            return vec![Problem::PasswordTooLong];
        }
        let lower = password.to_lowercase();
        // Django stops its similarity check at the first attribute.
        let similar = self.max_similarity.and_then(|most| {
            [
                (owner.username, Problem::PasswordLikeUsername),
                (owner.first_name, Problem::PasswordLikeName),
                (owner.last_name, Problem::PasswordLikeName),
                (owner.email, Problem::PasswordLikeEmail),
            ]
            .into_iter()
            .find(|(value, _)| is_similar(&lower, value, most))
        });
        let is_like_site = self.max_similarity.is_some_and(|most| self.context_words.fit(&lower, most));
        let with_factor = self.shown.min_length_with_factor.filter(|_| owner.has_second_factor);
        let min = with_factor.unwrap_or(self.shown.min_length);
        let checks = [
            (is_like_site, Problem::PasswordLikeSite),
            (password.chars().count() < min as usize, Problem::PasswordTooShort { min }),
            (self.common.as_ref().is_some_and(|common| common.has(&lower)), Problem::PasswordTooCommon),
            (
                self.shown.is_not_numeric
                    && password.chars().all(|c| c.general_category_group() == GeneralCategoryGroup::Number),
                Problem::PasswordNumeric,
            ),
        ];
        let others = checks.into_iter().filter(|(found, _)| *found);
        similar.map(|(_, problem)| problem).into_iter().chain(others.map(|(_, problem)| problem)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config;

    fn rules(change: impl FnOnce(&mut config::Passwords)) -> Rules {
        let mut config = Config::default();
        change(&mut config.passwords);
        let base_url = Url::parse("https://club.example.org").expect("an address");
        Rules::new(&config, &Clock::default(), &base_url).expect("rules")
    }

    fn ada() -> PasswordOwner<'static> {
        PasswordOwner {
            username: "ada_lovelace",
            first_name: "Augusta",
            last_name: "Gordon Byron",
            email: "countess@analytical.engine",
            has_second_factor: false,
        }
    }

    #[test]
    fn the_verdicts_equal_djangos() {
        use Problem::*;
        let rules = rules(|_| {});
        for (password, verdict) in [
            ("correct horse battery", vec![]),
            ("пароль-пароль-9", vec![]),
            ("🦀🦀🦀🦀🦀🦀🦀🦀", vec![]),
            (" leading and trailing ", vec![]),
            ("", vec![Required]),
            ("short7!", vec![PasswordTooShort { min: 8 }]),
            ("password", vec![PasswordTooCommon]),
            ("PassWord", vec![PasswordTooCommon]),
            ("ＰａｓｓＷｏｒｄ", vec![PasswordTooCommon]),
            ("12345678", vec![PasswordTooCommon, PasswordNumeric]),
            ("83059174620", vec![PasswordNumeric]),
            ("٣٤٥٦٧٨٩٠١", vec![PasswordNumeric]),
            ("1234", vec![PasswordTooShort { min: 8 }, PasswordTooCommon, PasswordNumeric]),
            ("ada.lovelace", vec![PasswordLikeUsername]),
            ("Lovelace1", vec![PasswordLikeUsername]),
            ("analytical-engine", vec![PasswordLikeEmail]),
            ("augusta1815", vec![PasswordLikeName, PasswordTooCommon]),
            ("GordonByron", vec![PasswordLikeName]),
            ("members-area", vec![PasswordLikeSite]),
        ] {
            assert_eq!(rules.problems(password, ada()), verdict, "{password}");
        }
    }

    #[test]
    fn each_rule_can_be_configured_or_disabled() {
        use Problem::*;
        let longer = rules(|settings| settings.min_length = 12);
        assert_eq!(longer.problems("eleven char", ada()), [PasswordTooShort { min: 12 }]);
        assert_eq!(longer.problems("twelve chars", ada()), []);
        assert_eq!(rules(|settings| settings.min_length = 0).problems("q7!", ada()), []);

        let stricter = rules(|settings| settings.max_similarity = 0.5);
        assert_eq!(stricter.problems("lovelyplace", ada()), [PasswordLikeUsername, PasswordLikeSite]);
        let identical = rules(|settings| settings.max_similarity = 1.0);
        assert_eq!(identical.problems("Lovelace1", ada()), []);
        assert_eq!(identical.problems("ada_lovelace", ada()), [PasswordLikeUsername]);
        let off = rules(|settings| settings.max_similarity = 0.0);
        assert_eq!(off.problems("ada_lovelace", ada()), []);
        assert_eq!(off.problems("members-area", ada()), []);

        let off = rules(|settings| settings.common = config::CommonList::Off);
        assert_eq!(off.problems("password", ada()), []);
        assert_eq!(off.problems("members-area", ada()), [PasswordLikeSite]);

        let words = rules(|settings| settings.context_words = vec!["Rookery Street".into()]);
        assert_eq!(words.problems("rook3ry-1973", ada()), [PasswordLikeSite]);
        assert_eq!(rules(|_| {}).problems("rook3ry-1973", ada()), []);

        let off = rules(|settings| settings.refuse_numeric = false);
        assert_eq!(off.problems("83059174620", ada()), []);
    }

    #[test]
    fn the_help_text_states_the_configured_rules() {
        let said = |change: fn(&mut config::Passwords)| rules(change).shown().help("your");
        let advice = "A few unrelated words make a good password.";
        assert_eq!(
            said(|_| {}),
            format!(
                "At least 8 characters, not similar to your name or address or the name of this site, not a common password, not only digits. {advice}"
            )
        );
        assert_eq!(
            said(|settings| {
                settings.min_length = 12;
                settings.max_similarity = 0.0;
                settings.common = config::CommonList::Off;
            }),
            format!("At least 12 characters, not only digits. {advice}")
        );
        assert_eq!(
            said(|settings| {
                settings.min_length = 0;
                settings.common = config::CommonList::Off;
                settings.refuse_numeric = false;
            }),
            format!("Not similar to your name or address or the name of this site. {advice}")
        );
        assert_eq!(
            said(|settings| {
                settings.min_length = 0;
                settings.max_similarity = 0.0;
                settings.common = config::CommonList::Off;
                settings.refuse_numeric = false;
            }),
            advice
        );
        // The browser assumes these rules for a page that states none.
        assert_eq!(rules(|_| {}).shown(), PasswordRules::default());
    }

    #[test]
    fn the_limit_is_4096_bytes() {
        let (rules, long) = (rules(|_| {}), "ab c".repeat(1024));
        assert_eq!(rules.problems(&long, PasswordOwner::default()), []);
        assert_eq!(rules.problems(&(long + "d"), PasswordOwner::default()), [Problem::PasswordTooLong]);
        // One letter that is eighteen in NFKC.
        assert_eq!(rules.problems(&"ﷺ".repeat(1000), PasswordOwner::default()), [Problem::PasswordTooLong]);
    }
}
