//! The lab's pages and the mailbox, which the browser loads when one of them is opened.

use super::pages::{CacheApiPage, CachedPagePage, LabPage, MatrixPage, MessagesPage};
use crate::{mail::pages::MailboxPage, ui::pages_in_bundle};

pages_in_bundle! {
    /// The lab's pages and the mailbox.
    LabPages in Lab, lab:
    CacheApiPage,
    CachedPagePage,
    LabPage,
    MailboxPage,
    MatrixPage,
    MessagesPage,
}
