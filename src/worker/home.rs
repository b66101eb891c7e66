//! `/`: what this is and which URL to paste, for a person who opened it in a browser.

use super::answer::Answer;

/// The page.
pub(crate) fn page(name: &str, connector_url: &str) -> Answer {
    let (name, url) = (escaped(name), escaped(connector_url));
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{name}</title>\n<style>body{{font:1.1rem/1.6 system-ui;max-width:36rem;margin:15vh auto;padding:0 1rem;\
         color-scheme:light dark}}code{{font-size:1.1em;overflow-wrap:anywhere}}</style>\n\
         <h1>{name}</h1>\n<p>This is a connector for Claude and other MCP clients. To add it, paste this URL:</p>\n\
         <p><code>{url}</code></p>\n</html>\n"
    );
    Answer::html(200, page)
        .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
        .header("x-content-type-options", "nosniff")
        .header("referrer-policy", "no-referrer")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
