//! Decoders that no other crate needs, for the fuzz targets.

use crate::author::resources::uri_template::{Uri, UriTemplate};
use crate::tool_schema::header_params;

/// Decodes the value of an `Mcp-Param-*` header.
#[must_use]
pub fn decode_header_value(raw: &str) -> Option<String> {
    header_params::decode_header_value(raw).ok().map(Into::into)
}

/// Returns whether the text is a URI with a scheme.
#[must_use]
pub fn is_uri(text: &str) -> bool {
    Uri::parse(text).is_ok()
}

/// Matches a URI against a URI template. Returns how many variables the template has and the values in the URI.
#[must_use]
pub fn match_uri_template(template: &str, uri: &str) -> Option<(usize, Vec<String>)> {
    let (template, uri) = (UriTemplate::parse(template).ok()?, Uri::parse(uri).ok()?);
    let values = template.matches(&uri)?.into_iter().map(|(_, value)| value).collect();
    Some((template.variables().count(), values))
}
