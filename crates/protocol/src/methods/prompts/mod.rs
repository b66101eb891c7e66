//! The methods of prompts ("Prompts").

pub(crate) mod get_prompt;
pub(crate) mod list_prompts;
#[cfg(test)]
mod tests;
