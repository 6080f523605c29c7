//! The flash messages on a page.

use leptos::prelude::*;

use super::flash::Flash;

/// The messages on the current page, so that they can be removed when outdated.
#[derive(Clone, Copy)]
pub struct ShownMessages(RwSignal<Vec<Flash>>);

impl ShownMessages {
    /// Shows `messages`.
    pub fn new(messages: Vec<Flash>) -> Self {
        Self(RwSignal::new(messages))
    }

    /// Removes them from the page.
    pub fn clear(self) {
        self.0.set(Vec::new());
    }
}

/// Shows the messages in their order.
#[component]
pub fn FlashMessages(
    /// The messages.
    messages: ShownMessages,
) -> impl IntoView {
    move || {
        let messages = messages.0.get();
        if messages.is_empty() {
            return None;
        }
        let items = messages
            .into_iter()
            .map(|flash| {
                view! {
                    <p class=flash.level.class() role=flash.level.role()>
                        {flash.message.to_string()}
                        {flash
                            .message
                            .link()
                            .map(|(page, text)| {
                                // The server may ask for the password first.
                                view! {
                                    " "
                                    <a href=page rel="external">
                                        {text}
                                    </a>
                                    "."
                                }
                            })}
                    </p>
                }
            })
            .collect_view();
        Some(view! { <div class="messages">{items}</div> })
    }
}

#[cfg(test)]
mod tests {
    use super::super::flash::Message;
    use super::*;
    use crate::shared::level::Level;

    #[test]
    fn five_levels_each_with_its_class_and_role() {
        let messages = Level::ALL.map(|level| Flash { level, message: Message::LoggedOut });
        let html = shown(messages.to_vec());
        for (level, role) in [
            ("debug", "status"),
            ("info", "status"),
            ("success", "status"),
            ("warning", "alert"),
            ("error", "alert"),
        ] {
            assert!(
                html.contains(&format!("role=\"{role}\" class=\"message {level}\"")),
                "{level} in {html}"
            );
        }
        assert_eq!(html.matches("You have been successfully logged out.").count(), 5);
    }

    #[test]
    fn without_messages_nothing_is_rendered() {
        assert!(!shown(vec![]).contains("messages"));
    }

    fn shown(messages: Vec<Flash>) -> String {
        Owner::new().with(|| view! { <FlashMessages messages=ShownMessages::new(messages) /> }.to_html())
    }
}
