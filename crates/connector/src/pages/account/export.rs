//! `/account/people/export`: where the owner gets the file that says who had access when.

use maud::html;

use crate::pages::FormTarget;
use crate::pages::components::form::{Button, Form};
use crate::pages::components::section::Section;
use crate::pages::frame::page_frame::{Page, PageKind};

/// The name of the field with the part of the file: `2/3`.
pub(crate) const PART_FIELD: &str = "part";

/// What the page says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExportPage<'a> {
    /// In how many parts the file comes.
    pub(crate) parts: u64,
    /// The path of the list of people.
    pub(crate) back: &'a str,
}

/// Returns the page.
pub(crate) fn export(page: &ExportPage<'_>, form: &FormTarget<'_>) -> Page {
    let button = |number: u64| {
        let button = match page.parts {
            1 => Button::primary("Download the file"),
            parts => Button::plain(format!("Part {number}")).spoken(format!("Download part {number} of {parts}")),
        };
        button.value(PART_FIELD, format!("{number}/{}", page.parts))
    };
    let form = (1..=page.parts).map(button).fold(Form::new(form), Form::button);
    let content = html! {
        main.wide {
            header.account {
                div {
                    h1 { "Who had access when" }
                    p.quiet.last { "A file for a spreadsheet (CSV)" }
                }
                a.button.small href=(page.back) { "All people" }
            }
            (Section::new("file", "The file").content(html! {
                p { "It has a line for each access of each person, including access that has ended:" }
                ul {
                    li { "who: name, address, and identifier" }
                    li { "how: by a sign-in, by an assertion of a trusted issuer, or by an access key" }
                    li { "what: the app, where the access was sent, the endpoint, and the permissions" }
                    li { "when: its beginning, its last use, its end, and why it ended" }
                }
                p.last {
                    "It contains personal data. An access stays in the file for half a year after its end, with at most 200 that have "
                    "ended for each person. Times are in UTC. Services that act for themselves are not in it."
                }
            }))
            (Section::new("download", "Download").content(html! {
                @if page.parts > 1 { p { "There are many people, so the file comes in parts. Each person is in exactly one part." } }
                (form)
            }))
        }
    };
    Page::new("Who had access when", content, PageKind::StaysHere)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::export;

    const FORM: FormTarget<'_> = FormTarget { action: "/account/people/export", sealed: "bWFyaw" };

    #[test]
    fn each_part_is_a_button_of_the_one_form_with_the_mark() {
        for parts in [1, 3] {
            let page = export(&ExportPage { parts, back: "/account/people" }, &FORM);
            assert_eq!(page.matches("<form method=\"post\" action=\"/account/people/export\">").count(), 1, "{page}");
            assert_eq!(page.matches("name=\"request\" value=\"bWFyaw\"").count(), 1, "{page}");
            for number in 1..=parts {
                assert_eq!(page.matches(&format!("name=\"part\" value=\"{number}/{parts}\"")).count(), 1, "{page}");
            }
        }
    }
}
