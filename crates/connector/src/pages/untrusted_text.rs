//! Text that somebody else has chosen, in a form that is safe on a page. It cannot be markup, since the templates escape
//! everything; and it cannot change the direction of the text around it or hide characters (UAX #9, UTS #39).

use std::borrow::Cow;

use maud::{Markup, html};

/// Returns the text in a direction of its own, so that it does not reorder the text around it.
pub(crate) fn isolated(text: &str) -> Markup {
    html! { bdi { (visible(text)) } }
}

/// Returns the text without characters that are invisible or change direction.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_deceptive) { text.chars().filter(|c| !is_deceptive(*c)).collect() } else { text.into() }
}

fn is_deceptive(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(
            c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_be_markup_nor_turn_the_line_around() {
        for (name, raw, shown) in [
            ("plain", "Claude", "Claude"),
            ("tag", "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("attribute", "\" onfocus=\"x", "&quot; onfocus=&quot;x"),
            ("entity", "&lt;b&gt;", "&amp;lt;b&amp;gt;"),
            ("end of the isolate", "</bdi><h1>", "&lt;/bdi&gt;&lt;h1&gt;"),
            ("override", "Claude\u{202E}moc.live", "Claudemoc.live"),
            ("isolates", "\u{2066}\u{2067}a\u{2069}", "a"),
            ("marks", "a\u{200E}\u{200F}\u{61C}b", "ab"),
            ("invisible", "a\u{200B}\u{2060}\u{FEFF}\u{AD}b", "ab"),
            ("tags", "a\u{E0041}b", "ab"),
            ("controls", "a\0\u{1B}[31m\u{7F}\u{9F}\r\tb", "a[31mb"),
            ("line separators", "a\u{2028}b\u{2029}c", "abc"),
            ("right to left by nature", "שלום", "שלום"),
            ("joined emoji", "👩\u{200D}💻", "👩\u{200D}💻"),
        ] {
            assert_eq!(isolated(raw).into_string(), format!("<bdi>{shown}</bdi>"), "{name}");
        }
    }
}
