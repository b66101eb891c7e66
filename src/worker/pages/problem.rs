//! An error that may not be told by a redirect, because nobody has vouched for the address (RFC 6749 §4.1.2.1).

use maud::html;

use super::foreign::isolated;
use super::frame::card;

/// The page: what it is called, what happened, what the person can do about it, and perhaps a link that helps (its path and its
/// words).
pub(crate) fn problem(title: &str, what_happened: &str, what_to_do: &str, link: Option<(&str, &str)>) -> String {
    page(title, what_happened, what_to_do, link, None)
}

/// The page for what has failed, with the name under which the log knows it.
pub(crate) fn failure(what_happened: &str, what_to_do: &str, link: Option<(&str, &str)>, reference: &str) -> String {
    page("This did not work", what_happened, what_to_do, link, Some(reference))
}

fn page(
    title: &str,
    what_happened: &str,
    what_to_do: &str,
    link: Option<(&str, &str)>,
    reference: Option<&str>,
) -> String {
    let content = html! {
        h1 { (isolated(title)) }
        p { (isolated(what_happened)) }
        p.last {
            strong { "What to do" } br; (isolated(what_to_do))
            @if let Some((path, words)) = link { br; a href=(path) { (words) } }
        }
        @if let Some(reference) = reference {
            p.last { small { "If you ask the owner about this, say: request " code { (isolated(reference)) } } }
        }
    };
    card(title, &content)
}
