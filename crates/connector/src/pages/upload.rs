//! The pages of an upload link: the form that takes a file, and what became of it.

use maud::{Markup, html};

use crate::files::links::link::UploadLink;
use crate::files::size::words;
use crate::files::uploads::upload_error::UploadError;
use crate::pages::components::form::Button;
use crate::pages::components::message::{ERROR_ID, Message};
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::untrusted_text::{isolated, visible};

/// Shows how much of the file is sent.
const SCRIPT: &str = include_str!("upload.js");

/// Returns the page with the form. It is sent to the address of the page.
pub(crate) fn choose(link: &UploadLink, connector: &str, error: Option<&str>) -> Page {
    let types = link.content_types.join(", ");
    let too_large = UploadError::TooLarge(link.max_bytes).for_person();
    let wrong_type = UploadError::Type(types.clone()).for_person();
    let content = html! {
        h1 { "Send a file" }
        @if let Some(error) = error { (Message::error(html! { (visible(error)) })) }
        p { "The file goes to " strong { (isolated(connector)) } ". Only you can reach it there, through the app that gave you this link." }
        // The script shows how much is sent. Without it, the browser does.
        form method="post" enctype="multipart/form-data" data-most-bytes=(link.max_bytes) data-error413=(visible(&too_large))
            data-error415=(visible(&wrong_type)) data-error=(UploadError::Broken.for_person()) {
            div.field {
                label.label for="file" { "File" }
                p.hint id="file-hint" {
                    "At most " (words(link.max_bytes)) "."
                    @if !types.is_empty() { " Accepted types: " (visible(&types)) "." }
                }
                input id="file" type="file" name="file" required accept=[(!types.is_empty()).then_some(&types)]
                    aria-describedby=(described_by(error));
            }
            progress max="1" value="0" aria-label="Progress" hidden {}
            p.hint role="status" {}
            div.buttons { (Button::primary("Send file")) }
        }
        template id="failed" { (Message::error(html! {})) }
        template id="arrived" { (arrived(None, None)) }
    };
    Page::card("Send a file", &content, PageKind::SendsByScript { script: SCRIPT })
}

/// Returns the page after the file has arrived.
pub(crate) fn received(name: Option<&str>, bytes: u64) -> Page {
    Page::card("The file has arrived", &arrived(name, Some(bytes)), PageKind::StaysHere)
}

fn arrived(name: Option<&str>, bytes: Option<u64>) -> Markup {
    html! {
        h1 tabindex="-1" { "The file has arrived" }
        p { (isolated(name.unwrap_or("The file"))) @if let Some(bytes) = bytes { " (" (words(bytes)) ")" } " is stored." }
        p { "Go back to your app and say that it is there. You can close this page." }
    }
}

/// Returns the page of a link that does nothing. `text` says why, and what to do.
pub(crate) fn not_possible(text: &str) -> Page {
    let content = html! {
        h1 { "This link does not work" }
        p { (visible(text)) }
    };
    Page::card("This link does not work", &content, PageKind::StaysHere)
}

fn described_by(error: Option<&str>) -> String {
    if error.is_some() { format!("file-hint {ERROR_ID}") } else { "file-hint".to_owned() }
}
