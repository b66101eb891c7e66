//! An error that may not be told by a redirect, because nobody has vouched for the address (RFC 6749 §4.1.2.1).

use maud::html;

use super::foreign::isolated;
use super::frame::card;

/// The page: what it is called, what happened, what the person can do about it, and perhaps a link that helps (its path and its
/// words).
pub(crate) fn problem(title: &str, what_happened: &str, what_to_do: &str, link: Option<(&str, &str)>) -> String {
    let content = html! {
        h1 { (isolated(title)) }
        p { (isolated(what_happened)) }
        p.last {
            strong { "What to do" } br; (isolated(what_to_do))
            @if let Some((path, words)) = link { br; a href=(path) { (words) } }
        }
    };
    card(title, &content)
}
