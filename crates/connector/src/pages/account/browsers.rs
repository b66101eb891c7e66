//! The browsers that are remembered after a sign-in.

use maud::{Markup, Render as _, html};

use mcp_connector_base::timestamp::Timestamp;

use crate::pages::FormTarget;
use crate::pages::account::action::{AccountFormAction, NAME_FIELD, action_form};
use crate::pages::components::entry::{Entry, Facts, Mark, entries};
use crate::pages::components::form::Button;
use crate::pages::components::section::Section;
use crate::pages::when::{day, words_ago};

/// The name of the field with the id of a browser.
pub(crate) const BROWSER_FIELD: &str = "browser";

/// A remembered browser.
#[derive(Clone, Debug)]
pub(crate) struct BrowserEntry<'a> {
    /// Its id, as the form has it.
    pub(crate) id: String,
    /// What it is, such as "Firefox on Windows".
    pub(crate) name: &'a str,
    /// Whether it is the one that shows the page.
    pub(crate) which: WhichBrowser,
    /// When the person signed in with it.
    pub(crate) signed_in_at: Timestamp,
    /// When it last took the place of the passphrase, or the person signed in with it.
    pub(crate) used_at: Timestamp,
    /// When it is forgotten.
    pub(crate) until: Timestamp,
}

/// Whether a browser is the one that shows the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhichBrowser {
    This,
    Another,
}

/// Draws the section, if there are browsers.
pub(crate) fn section(browsers: &[BrowserEntry<'_>], now: Timestamp, form: &FormTarget<'_>) -> Markup {
    html! {
        @if !browsers.is_empty() {
            (Section::new("browsers", "Remembered browsers")
                .lead("In these, an app that you have allowed before needs one click and no passphrase.")
                .content(entries(browsers.iter().map(|browser| entry(browser, now, form)))))
        }
    }
}

fn entry<'a>(browser: &BrowserEntry<'a>, now: Timestamp, form: &FormTarget<'_>) -> Entry<'a> {
    let entry = Entry::new(browser.name);
    let entry = match browser.which {
        WhichBrowser::This => entry.mark(Mark::Quiet, "this browser"),
        WhichBrowser::Another => entry,
    };
    let forget = action_form(form, AccountFormAction::ForgetBrowser)
        .hidden(BROWSER_FIELD, browser.id.clone())
        .hidden(NAME_FIELD, browser.name.to_owned())
        .button(Button::danger("Forget this browser").spoken(format!("Forget this browser: {}", browser.name)));
    entry.line(html! { "Used " (words_ago(browser.used_at, now)) }).content(html! {
        (Facts::new().fact("Signed in", day(browser.signed_in_at)).fact("Remembered until", day(browser.until)))
        (forget.render())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_browser_says_which_it_is_and_can_be_forgotten() {
        let now = Timestamp::from_seconds(1_700_009_000);
        let browser = |name, which| BrowserEntry {
            id: "0".repeat(32),
            name,
            which,
            signed_in_at: Timestamp::from_seconds(1_700_000_000),
            used_at: now,
            until: now.plus(9000),
        };
        let form = FormTarget { action: "/account", sealed: "bWFyaw" };
        let browsers = [browser("Chrome on macOS", WhichBrowser::This), browser("A browser", WhichBrowser::Another)];
        let section = section(&browsers, now, &form).into_string();
        assert_eq!(section.matches("this browser</span>").count(), 1, "{section}");
        assert_eq!(section.matches("name=\"action\" value=\"forget-browser\"").count(), 2, "{section}");
        assert_eq!(super::section(&[], now, &form).into_string(), "");
    }
}
