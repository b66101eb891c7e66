//! The methods of resources ("Resources").

pub(crate) mod found_resource;
pub(crate) mod list_resource_templates;
pub(crate) mod list_resources;
pub(crate) mod read_resource;
pub(crate) mod subscribe;
#[cfg(test)]
mod tests;
pub(crate) mod unsubscribe;
