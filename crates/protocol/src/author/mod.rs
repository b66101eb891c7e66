//! What an author writes: the connector with its tools, prompts, resources, views and skills, and the functions behind them.

pub(crate) mod checks;
pub(crate) mod completers;
pub(crate) mod config_error;
pub(crate) mod connector;
pub(crate) mod declared;
pub(crate) mod events;
pub(crate) mod feature;
pub(crate) mod features;
pub(crate) mod files;
pub(crate) mod handler;
pub(crate) mod hosts;
pub(crate) mod name;
pub(crate) mod page_settings;
pub(crate) mod prompts;
pub(crate) mod registry;
pub(crate) mod resources;
pub(crate) mod skills;
pub(crate) mod tools;
pub(crate) mod upstreams;
pub(crate) mod visibility;
