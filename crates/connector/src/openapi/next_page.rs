//! How to get the next page, from the header `Link` (RFC 8288).

/// Maximum length of the header, in bytes.
const MAX_LINK: usize = 8 << 10;

/// Maximum length of a value that is told, in characters.
const MAX_VALUE: usize = 200;

/// Returns the parameters of the next page that differ from those that were sent: "`page`: 2". `sent` is the query, encoded.
pub(super) fn next_page(link: &str, sent: &str) -> Option<String> {
    let link = link.get(..MAX_LINK).unwrap_or(link);
    let next = link.split(',').find(|one| {
        one.split(';').skip(1).any(|parameter| {
            let parameter = parameter.trim().to_ascii_lowercase();
            parameter == "rel=\"next\"" || parameter == "rel=next"
        })
    })?;
    let url = next.split_once('<')?.1.split_once('>')?.0;
    let query = url.split_once('?')?.1.split('#').next()?;
    let pairs = |query: &str| -> Vec<(String, String)> {
        url::form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    };
    let sent = pairs(sent);
    let said: Vec<_> = pairs(query)
        .into_iter()
        .filter(|pair| {
            !sent.contains(pair) && pair.1.chars().count() <= MAX_VALUE && is_plain(&pair.0) && is_plain(&pair.1)
        })
        .take(4)
        .map(|(name, value)| format!("`{name}`: {value}"))
        .collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// Whether a text is one word that a model can repeat: it comes from outside.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_told_by_what_differs() {
        let link = "<https://api.example/repos?q=a%20b&page=1>; rel=\"prev\", <https://api.example/repos?q=a%20b&page=3>; rel=\"next\"";
        assert_eq!(next_page(link, "q=a%20b&page=2").as_deref(), Some("`page`: 3"));
        assert_eq!(next_page(link, "q=a%20b").as_deref(), Some("`page`: 3"));
        assert_eq!(next_page("</a?cursor=x%3D>; rel=next", "").as_deref(), Some("`cursor`: x="));
    }

    #[test]
    fn what_is_no_next_page_says_nothing() {
        for link in [
            "",
            "<https://a.example/?page=1>; rel=\"prev\"",
            "<https://a.example/>; rel=\"next\"",
            "</?a=b%0Ac>; rel=next",
            "next",
        ] {
            assert_eq!(next_page(link, ""), None, "{link}");
        }
        assert_eq!(next_page("</?page=2>; rel=next", "page=2"), None);
    }
}
