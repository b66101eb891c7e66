//! The names of tools and prompts.

/// The specification's own rule for tools, up to the length that every client takes. Prompts keep to it too.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
