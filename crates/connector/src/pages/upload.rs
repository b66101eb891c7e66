//! The pages of an upload link: the form that takes a file, and what became of it.

use maud::{Markup, html};

use crate::files::links::link::UploadLink;
use crate::pages::components::form::Button;
use crate::pages::components::message::{ERROR_ID, Message};
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::{isolated, visible};

/// Returns the page with the form. It is sent to the address of the page.
pub(crate) fn choose(link: &UploadLink, connector: &str, error: Option<&str>) -> Page {
    let types = link.content_types.join(", ");
    let content = html! {
        h1 { "Send a file" }
        @if let Some(error) = error { (Message::error(html! { (visible(error)) })) }
        p { "The file goes to " strong { (isolated(connector)) } ". Only you can reach it there, by the app that gave you this link." }
        form method="post" enctype="multipart/form-data" {
            div.field {
                label.label for="file" { "File" }
                p.hint id="file-hint" {
                    "At most " (size(link.max_bytes))
                    @if !types.is_empty() { ", of the type " (visible(&types)) }
                    "."
                }
                input id="file" type="file" name="file" required accept=[(!types.is_empty()).then_some(&types)]
                    aria-describedby=(described_by(error));
            }
            div.buttons { (Button::primary("Send file")) }
        }
    };
    Page::card("Send a file", &content, PageKind::StaysHere)
}

/// Returns the page after the file has arrived.
pub(crate) fn received(name: Option<&str>, bytes: u64) -> Page {
    let content = html! {
        h1 { "The file has arrived" }
        p { (isolated(name.unwrap_or("The file"))) " (" (size(bytes)) ") is stored." }
        p { "Go back to your app and say that it is there. You can close this page." }
    };
    Page::card("The file has arrived", &content, PageKind::StaysHere)
}

/// Returns the page of a link that does nothing.
pub(crate) fn not_possible(text: &str) -> Page {
    let content = html! {
        h1 { "This link does not work" }
        p { (visible(text)) }
        p { "Your app can give you a new link." }
    };
    Page::card("This link does not work", &content, PageKind::StaysHere)
}

fn described_by(error: Option<&str>) -> String {
    if error.is_some() { format!("file-hint {ERROR_ID}") } else { "file-hint".to_owned() }
}

/// Returns a size in words: `50 MB`, `1.5 MB`, `12 bytes`.
fn size(bytes: u64) -> Markup {
    let (unit, name) = match bytes {
        0..1_000 => return html! { (bytes) @if bytes == 1 { " byte" } @else { " bytes" } },
        1_000..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        1_000_000_000.. => (1_000_000_000, "GB"),
    };
    let tenths = bytes / (unit / 10);
    html! {
        (tenths / 10)
        @if !tenths.is_multiple_of(10) { "." (tenths % 10) }
        " " (name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_in_words() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1 kB"),
            (1_550_000, "1.5 MB"),
            (50_000_000, "50 MB"),
            (2_000_000_000, "2 GB"),
        ] {
            assert_eq!(size(bytes).into_string(), words);
        }
    }
}
