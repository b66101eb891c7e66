//! The parts of a connector that have a name of their own, and what makes one ready to be served.

use std::rc::Rc;

use serde_json::Value;

use crate::author::completion::Completers;
use crate::author::config_error::{ConfigError, ErrorKind};
use crate::author::name::is_name;
use crate::author::prompt::Prompt;
use crate::author::resource::{Resource, ResourceTemplate};
use crate::author::uri_template::{Uri, UriTemplate};
use crate::author::view::View;
use crate::tool_schema::text_arguments::{TextArguments, property, required};
use mcp_connector_base::scope::{Scope, ScopeSet};

/// A resource, a template, a prompt, a view or a skill.
pub(crate) trait Feature {
    /// What it is called in a message to the author.
    const KIND: &'static str;

    /// What its check gives and serving it needs.
    type Checked;

    /// What clients ask for it by.
    fn key(&self) -> &str;

    /// What a caller must have been given.
    fn scopes(&self) -> &[Scope];

    /// Fails where it cannot be served.
    fn check(&self) -> Result<Self::Checked, ErrorKind>;
}

/// A part that can be served.
pub(crate) struct Ready<P: Feature> {
    pub(crate) part: P,
    pub(crate) checked: P::Checked,
    /// The names of its scopes; empty means that it is public.
    pub(crate) required: ScopeSet,
}

/// Those of `parts` that can be served, in their order. The others are left out, with the reason; so is each that has the
/// key of an earlier one.
pub(crate) fn ready<P: Feature>(parts: Vec<P>, rejected: &mut Vec<ConfigError>) -> Vec<Rc<Ready<P>>> {
    let mut ready: Vec<Rc<Ready<P>>> = Vec::new();
    for part in parts {
        let problem = match part.check() {
            Ok(_) if ready.iter().any(|earlier| earlier.part.key() == part.key()) => ErrorKind::NameTaken,
            Ok(checked) => {
                let required = part.scopes().iter().copied().collect();
                ready.push(Rc::new(Ready { part, checked, required }));
                continue;
            }
            Err(problem) => problem,
        };
        rejected.push(ConfigError::of_part(P::KIND, part.key(), problem));
    }
    ready
}

impl<H> Feature for Resource<H> {
    const KIND: &'static str = "resource";
    type Checked = Uri;

    fn key(&self) -> &str {
        &self.entry.uri
    }

    fn scopes(&self) -> &[Scope] {
        &self.source.scopes
    }

    fn check(&self) -> Result<Uri, ErrorKind> {
        Uri::parse(&self.entry.uri).map_err(ErrorKind::Uri)
    }
}

/// What serving a template needs.
pub(crate) struct Matcher {
    pub(crate) uri: UriTemplate,
    pub(crate) variables: TextArguments,
}

impl<H> Feature for ResourceTemplate<H> {
    const KIND: &'static str = "template";
    type Checked = Matcher;

    fn key(&self) -> &str {
        &self.pattern
    }

    fn scopes(&self) -> &[Scope] {
        &self.source.scopes
    }

    fn check(&self) -> Result<Matcher, ErrorKind> {
        let uri = UriTemplate::parse(&self.pattern).map_err(ErrorKind::Template)?;
        if let Some(missing) = uri.variables().find(|name| property(&self.variables, name).is_none()) {
            return Err(ErrorKind::VariableWithoutField(missing.to_owned()));
        }
        if let Some(extra) =
            required(&self.variables).into_iter().find(|name| !uri.variables().any(|known| known == *name))
        {
            return Err(ErrorKind::FieldWithoutVariable(extra.to_owned()));
        }
        check_completers(&self.completers, &self.variables)?;
        Ok(Matcher { uri, variables: TextArguments::of(&self.variables)? })
    }
}

impl<H> Feature for Prompt<H> {
    const KIND: &'static str = "prompt";
    type Checked = TextArguments;

    fn key(&self) -> &str {
        &self.about.name
    }

    fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    fn check(&self) -> Result<TextArguments, ErrorKind> {
        if !is_name(&self.about.name) {
            return Err(ErrorKind::Name);
        }
        check_completers(&self.completers, &self.arguments)?;
        TextArguments::of(&self.arguments)
    }
}

impl Feature for View {
    const KIND: &'static str = "view";
    type Checked = Uri;

    fn key(&self) -> &str {
        &self.entry.uri
    }

    fn scopes(&self) -> &[Scope] {
        &[]
    }

    fn check(&self) -> Result<Uri, ErrorKind> {
        self.check().map_err(ErrorKind::View)?;
        Uri::parse(&self.entry.uri).map_err(ErrorKind::Uri)
    }
}

fn check_completers<H>(completers: &Completers<H>, arguments: &Value) -> Result<(), ErrorKind> {
    match completers.names().find(|name| property(arguments, name).is_none()) {
        Some(name) => Err(ErrorKind::CompletesNothing(name.to_owned())),
        None => Ok(()),
    }
}
