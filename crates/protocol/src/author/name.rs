//! Names of tools and prompts ("Tool Names").

/// Returns whether `name` is 1 to 128 characters of `A-Z a-z 0-9 _ - .`: the specification's rule for tools. Prompts keep to it
/// too.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
