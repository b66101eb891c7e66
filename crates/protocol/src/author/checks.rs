//! Finds the mistakes in a connector's declarations, for its author's test. What the registry rejects is among them.

use serde_json::Value;

use crate::author::config_error::{ConfigError, ErrorKind};
use crate::author::connector::Connector;
use crate::author::feature::{Feature, unseen_error};
use crate::author::skills::skill::Skill;
use crate::author::tools::tool::Tool;
use crate::discovery::server_name::ServerName;
use crate::tool_schema::string_arguments::{names, property};
use crate::types::base_metadata::BaseMetadata;
use crate::types::icon::Icon;
use mcp_connector_schema::Schema;

/// Longest tool name that Anthropic's directory takes.
const DIRECTORY_NAME_LENGTH: usize = 64;

impl<H: 'static> Connector<H> {
    /// Returns every mistake that a client, a reviewer or a model would run into. A connector's own test expects none.
    ///
    /// The check runs natively: it needs neither the Workers runtime nor a client. A feature with a mistake that cannot be
    /// served, such as a tool whose name is taken, is left out of the running Worker, which logs the same error when it starts.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Connector, Tool, ToolError};
    ///
    /// async fn greet(name: String) -> Result<String, ToolError> {
    ///     Ok(format!("Hello, {name}!"))
    /// }
    ///
    /// let tool = Tool::new("greet", "Greets somebody.", greet).argument("name", "Whom to greet.").title("Greet");
    /// let connector = Connector::new("greeter", "1.0.0").tool(tool);
    /// let errors = connector.check();
    /// assert_eq!(errors.len(), 1);
    /// assert!(errors[0].to_string().contains("add .read_only(), .additive() or .destructive()"));
    /// ```
    #[must_use]
    pub fn check(&self) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        let of_connector = |kind| ConfigError::new("connector", &self.info.name, kind);
        errors.extend(unloadable(&self.info.icons).map(of_connector));
        errors.extend(ConfigError::of_page_settings(&self.info.name, &self.page_settings));
        errors.extend(ConfigError::of_hosts(&self.info.name, &self.hosts));
        let registry_name = self.registry_name.as_deref().map(ServerName::parse).transpose();
        errors.extend(registry_name.err().map(|error| of_connector(ErrorKind::RegistryName(error))));
        if self.needed_scopes().next().is_some() && self.sign_in.is_empty() {
            errors.push(of_connector(ErrorKind::NoSignIn));
        }
        if self.needed_scopes().next().is_none() && self.sign_in.is_empty() {
            errors.extend(unseen(&self.tools));
            errors.extend(unseen(&self.resources));
            errors.extend(unseen(&self.templates));
            errors.extend(unseen(&self.prompts));
            errors.extend(unseen(&self.views));
            errors.extend(unseen(&self.skills));
        }
        let signs_in = self.needed_scopes().next().is_some() || !self.sign_in.is_empty();
        errors.extend(ConfigError::of_upstreams(&self.upstreams, signs_in));
        for (index, tool) in self.tools.iter().enumerate() {
            let mut kinds = in_tool(tool);
            if self.tools.iter().take(index).any(|earlier| earlier.name == tool.name) {
                kinds.push(ErrorKind::NameTaken);
            }
            if let Some(view) = tool.view.as_ref().filter(|uri| !self.has_view(uri)) {
                kinds.push(ErrorKind::NoView(view.clone()));
            }
            errors.extend(kinds.into_iter().map(|kind| ConfigError::new(Tool::<H>::KIND, &tool.name, kind)));
        }
        errors.extend(in_features(&self.resources, |resource| in_metadata(&resource.entry.metadata)));
        // Clients show the variables of a template by their names alone.
        errors.extend(in_features(&self.templates, |template| in_metadata(&template.metadata)));
        errors.extend(in_features(&self.prompts, |prompt| {
            in_metadata(&prompt.metadata).into_iter().chain(undescribed(&prompt.arguments)).collect()
        }));
        errors.extend(in_features(&self.views, |view| {
            let is_taken = self.resources.iter().any(|resource| resource.key() == view.key());
            in_metadata(&view.entry.metadata).into_iter().chain(is_taken.then_some(ErrorKind::NameTaken)).collect()
        }));
        for (index, skill) in self.skills.iter().enumerate() {
            let earlier = self.skills.iter().take(index);
            let kind = skill.check().err().or_else(|| skill.taken(earlier).map(ErrorKind::Skill));
            let kinds = kind.map_or_else(|| skill.advice(self.skills.iter()), |kind| vec![kind]);
            errors.extend(kinds.into_iter().map(|kind| ConfigError::new(Skill::KIND, skill.key(), kind)));
        }
        errors.extend(self.events.errors());
        errors
    }

    /// Returns what released clients refuse in the input schemas that were written by hand, with
    /// [`Tool::input_schema`](crate::author::tools::tool::Tool::input_schema).
    ///
    /// Such a schema is published as it is, and the Worker logs each warning when it starts.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Connector, Tool, ToolError};
    /// use serde_json::{Value, json};
    ///
    /// async fn search(arguments: Value) -> Result<String, ToolError> {
    ///     Ok(format!("Nothing found for {arguments}."))
    /// }
    ///
    /// let schema = json!({"type": "object", "properties": {"tags": {"type": "array"}}});
    /// let tool = Tool::new("search", "Searches.", search).title("Search").read_only().input_schema(schema);
    /// let warnings = Connector::new("search", "1.0.0").tool(tool).warnings();
    /// assert!(warnings[0].to_string().contains("Gemini"));
    /// ```
    #[must_use]
    pub fn warnings(&self) -> Vec<ConfigError> {
        let of_tool = |tool: &Tool<H>| {
            let warnings = tool.input.warnings().into_iter().map(ErrorKind::RefusedInput);
            warnings.map(|kind| ConfigError::new(Tool::<H>::KIND, &tool.name, kind)).collect::<Vec<_>>()
        };
        self.tools.iter().flat_map(of_tool).collect()
    }

    /// Whether a tool can show what is at `uri`.
    fn has_view(&self, uri: &str) -> bool {
        self.views.iter().any(|view| view.key() == uri) || self.resources.iter().any(|resource| resource.key() == uri)
    }
}

/// Returns what keeps each feature from being served, and what `others` finds.
fn in_features<F: Feature>(features: &[F], others: impl Fn(&F) -> Vec<ErrorKind>) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    for (index, feature) in features.iter().enumerate() {
        let is_taken = features.iter().take(index).any(|earlier| earlier.key() == feature.key());
        let taken = is_taken.then_some(ErrorKind::NameTaken);
        let kinds = feature.check().err().into_iter().chain(taken).chain(others(feature));
        errors.extend(kinds.map(|kind| ConfigError::new(F::KIND, feature.key(), kind)));
    }
    errors
}

/// Returns the errors of features that only some people see, of a connector to which nobody signs in.
fn unseen<F: Feature>(features: &[F]) -> impl Iterator<Item = ConfigError> {
    features.iter().filter(|feature| feature.audience().is_some()).map(unseen_error)
}

fn in_tool<H: 'static>(tool: &Tool<H>) -> Vec<ErrorKind> {
    let mut kinds = Vec::new();
    kinds.extend(tool.check().err());
    if tool.name.len() > DIRECTORY_NAME_LENGTH {
        kinds.push(ErrorKind::LongName);
    }
    kinds.extend(in_words(tool.title.as_deref(), &tool.description));
    if tool.annotations.read_only.is_none() {
        kinds.push(ErrorKind::NoHint);
    }
    kinds.extend(unloadable(&tool.icons));
    kinds.extend(tool.input.refused().into_iter().map(ErrorKind::RefusedInput));
    if let Some(output) = &tool.output {
        kinds.extend(Schema::compile(&output.published).err().map(|error| ErrorKind::OutputSchema(error.to_string())));
        kinds.extend(output.refused().into_iter().map(ErrorKind::RefusedOutput));
    }
    kinds.extend(undescribed(&tool.input.published));
    kinds
}

fn in_metadata(metadata: &BaseMetadata) -> Vec<ErrorKind> {
    let mut kinds = in_words(metadata.title.as_deref(), &metadata.description);
    kinds.extend(unloadable(&metadata.icons));
    kinds
}

/// What people and models read first.
fn in_words(title: Option<&str>, description: &str) -> Vec<ErrorKind> {
    let mut kinds = Vec::new();
    if title.is_none_or(|title| title.trim().is_empty()) {
        kinds.push(ErrorKind::NoTitle);
    }
    if description.trim().is_empty() {
        kinds.push(ErrorKind::NoDescription);
    }
    kinds
}

fn unloadable(icons: &[Icon]) -> Option<ErrorKind> {
    icons.iter().any(|icon| !icon.is_loadable()).then_some(ErrorKind::Icon)
}

fn undescribed(schema: &Value) -> impl Iterator<Item = ErrorKind> {
    let is_undescribed = |name: &&str| !property(schema, name).is_some_and(|argument| is_described(argument, schema));
    names(schema).into_iter().filter(is_undescribed).map(|name| ErrorKind::ArgumentWithoutDescription(name.to_owned()))
}

/// Whether an argument has a description, itself or in the definition that it refers to.
fn is_described(argument: &Value, schema: &Value) -> bool {
    let has_text =
        |schema: &Value| schema.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let definition = argument.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    has_text(argument) || definition.and_then(|pointer| schema.pointer(pointer)).is_some_and(has_text)
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;
    use crate::author::completers::Partial;
    use crate::author::config_error::{InvalidSkill, InvalidView};
    use crate::author::page_settings::InvalidPageSetting;
    use crate::author::prompts::prompt::Prompt;
    use crate::author::registry::Registry;
    use crate::author::resources::resource::Resource;
    use crate::author::resources::resource_template::ResourceTemplate;
    use crate::author::resources::uri_template::{InvalidTemplate, InvalidUri};
    use crate::author::resources::view::View;
    use crate::author::tools::tool_error::ToolError;
    use crate::call::context::Context;
    use crate::discovery::server_name::InvalidServerName;
    use crate::testing::test_host::TestHost;

    #[derive(Deserialize, JsonSchema)]
    struct Id {
        #[allow(dead_code, reason = "only its schema is used")]
        id: u64,
    }

    #[derive(Deserialize, JsonSchema)]
    struct Tags {
        #[allow(dead_code, reason = "only its schema is used")]
        tags: Vec<String>,
    }

    async fn fixed(_cx: Context<TestHost>) -> Result<&'static str, ToolError> {
        Ok("a")
    }

    async fn of_id(_args: Id) -> Result<&'static str, ToolError> {
        Ok("a")
    }

    async fn of_tags(_args: Tags) -> Result<&'static str, ToolError> {
        Ok("a")
    }

    async fn nothing(_partial: Partial, _cx: Context<TestHost>) -> Result<Vec<String>, ToolError> {
        Ok(Vec::new())
    }

    fn connector() -> Connector<TestHost> {
        Connector::new("n", "1")
    }

    /// Returns the mistakes in `connector`, and whether all of it is served nevertheless.
    fn mistakes(connector: impl Fn() -> Connector<TestHost>) -> (Vec<ErrorKind>, bool) {
        let mistakes = connector().check().into_iter().map(|error| error.kind).collect();
        (mistakes, Registry::new(connector()).1.is_empty())
    }

    #[test]
    fn a_feature_that_cannot_be_served_is_rejected() {
        let template = |uri: &str| ResourceTemplate::new(uri, "n", "d", of_id).title("t");
        let rows: &[(&dyn Fn() -> Connector<TestHost>, ErrorKind)] = &[
            (
                &|| connector().resource(Resource::new("no uri", "n", "d", fixed).title("t")),
                ErrorKind::Uri(InvalidUri::Scheme),
            ),
            (&|| connector().template(template("a:b")), ErrorKind::Template(InvalidTemplate::NoVariable)),
            (&|| connector().template(template("a:{key}")), ErrorKind::VariableWithoutField("key".to_owned())),
            (
                &|| connector().template(ResourceTemplate::new("a:{x}", "n", "d", fixed).title("t")),
                ErrorKind::VariableWithoutField("x".to_owned()),
            ),
            (
                &|| connector().template(template("a:{id}").complete("key", nothing)),
                ErrorKind::CompletesNothing("key".to_owned()),
            ),
            (&|| connector().prompt(Prompt::new("a b", "d", fixed).title("t")), ErrorKind::Name),
            (
                &|| {
                    connector()
                        .resource(Resource::new("a:b", "n", "d", fixed).title("t"))
                        .resource(Resource::new("a:b", "m", "d", fixed).title("t"))
                },
                ErrorKind::NameTaken,
            ),
            (
                &|| connector().view(View::new("ui://a", "n", "d", "<p>").title("t")),
                ErrorKind::View(InvalidView::Document),
            ),
            (
                &|| connector().view(view("ui://a")).resource(Resource::new("ui://a", "n", "d", fixed).title("t")),
                ErrorKind::NameTaken,
            ),
            (&|| connector().tool(tool().shows("ui://b")).view(view("ui://a")), ErrorKind::NoView("ui://b".to_owned())),
            (&|| connector().skill(skill()).skill(skill()), taken("skill://s/SKILL.md")),
            (&|| connector().skill(skill().file("a", "").file("a/b", "")), taken("skill://s/a")),
            (&|| connector().skill(Skill::new("---\nname: S\n---")), ErrorKind::Skill(InvalidSkill::Name)),
        ];
        for (connector, mistake) in rows {
            assert_eq!(mistakes(connector), (vec![mistake.clone()], false), "{mistake}");
        }
        let (found, is_served) = mistakes(|| connector().prompt(Prompt::new("n", "d", of_tags).title("t")));
        assert!(found.contains(&ErrorKind::NotAString("tags".to_owned())) && !is_served, "{found:?}");
    }

    fn view(uri: &str) -> View {
        View::new(uri, "n", "d", "<!doctype html>").title("t")
    }

    fn tool() -> Tool<TestHost> {
        Tool::new("n", "d", fixed).title("t").read_only()
    }

    fn skill() -> Skill {
        Skill::new("---\nname: s\ndescription: d\n---")
    }

    fn taken(uri: &str) -> ErrorKind {
        ErrorKind::Skill(InvalidSkill::Taken(uri.to_owned()))
    }

    #[test]
    fn a_view_that_a_tool_shows_is_there() {
        let own = || connector().tool(tool().shows("ui://a")).view(view("ui://a"));
        let made =
            || connector().tool(tool().shows("ui://a")).resource(Resource::new("ui://a", "n", "d", fixed).title("t"));
        assert_eq!((mistakes(own), mistakes(made)), ((vec![], true), (vec![], true)));
    }

    #[test]
    fn a_setting_of_the_pages_that_is_not_valid_is_rejected() {
        let green = || connector().accent_color("green").operated_by("Ada");
        assert_eq!(mistakes(green), (vec![ErrorKind::PageSetting(InvalidPageSetting::Accent)], false));
    }

    #[test]
    fn a_registry_name_that_is_not_valid_is_rejected() {
        assert_eq!(mistakes(|| connector().registry_name("com.example/notes")), (vec![], true));
        let bare = || connector().registry_name("notes");
        assert_eq!(mistakes(bare), (vec![ErrorKind::RegistryName(InvalidServerName)], false));
    }

    #[test]
    fn a_feature_without_words_is_served() {
        let bare = || connector().resource(Resource::new("a:b", "n", " ", fixed));
        assert_eq!(mistakes(bare), (vec![ErrorKind::NoTitle, ErrorKind::NoDescription], true));
        let undescribed = || connector().prompt(Prompt::new("n", "d", of_id).title("t"));
        assert_eq!(mistakes(undescribed), (vec![ErrorKind::ArgumentWithoutDescription("id".to_owned())], true));
    }
}
