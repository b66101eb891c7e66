//! The check of a connector's `wrangler.toml` for its author's tests: the bindings and classes that the engine needs, and what the
//! connector declares.

use serde::Deserialize;

use mcp_connector_protocol::Declared;

use crate::author::Connector;
use crate::config::bindings::{Binding, Kind, migration_lines, r2_lines};

/// What the check reads of a `wrangler.toml`.
#[derive(Deserialize)]
struct WranglerToml {
    #[serde(default)]
    kv_namespaces: Vec<KvNamespace>,
    #[serde(default)]
    durable_objects: DurableObjects,
    #[serde(default)]
    ratelimits: Vec<RateLimit>,
    #[serde(default)]
    migrations: Vec<Migration>,
    #[serde(default)]
    services: Vec<Service>,
    #[serde(default)]
    r2_buckets: Vec<R2Bucket>,
    #[serde(default)]
    triggers: Triggers,
    #[serde(default)]
    queues: Queues,
    #[serde(default)]
    vars: Vars,
}

#[derive(Deserialize)]
struct R2Bucket {
    binding: String,
}

#[derive(Default, Deserialize)]
struct Triggers {
    #[serde(default)]
    crons: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Queues {
    #[serde(default)]
    consumers: Vec<QueueConsumer>,
}

#[derive(Deserialize)]
struct QueueConsumer {
    queue: String,
}

#[derive(Deserialize)]
struct KvNamespace {
    binding: String,
}

#[derive(Default, Deserialize)]
struct DurableObjects {
    #[serde(default)]
    bindings: Vec<DurableObject>,
}

#[derive(Deserialize)]
struct DurableObject {
    name: String,
    class_name: String,
}

#[derive(Deserialize)]
struct RateLimit {
    name: String,
}

#[derive(Deserialize)]
struct Service {
    binding: String,
    entrypoint: Option<String>,
}

/// The variables that decide which bindings are needed.
#[derive(Default, Deserialize)]
struct Vars {
    #[serde(rename = "AUTHORIZATION_SERVER")]
    authorization_server: Option<String>,
}

#[derive(Deserialize)]
struct Migration {
    #[serde(default)]
    new_sqlite_classes: Vec<String>,
    #[serde(default)]
    deleted_classes: Vec<String>,
}

/// Returns what a `wrangler.toml` lacks that the engine needs or `connector` declares, each with the lines to add. A connector's own test
/// expects nothing.
///
/// What a connector declares is the bucket of [`Connector::files`], the schedules of [`Connector::cron`] and the queues of
/// [`Connector::queue`]. Without the entry, such a handler never runs, and nothing says so.
///
/// It looks at the bindings and migrations at the top level, not at those of an `[env.…]`. The Worker itself checks its bindings
/// when it starts, but cannot see whether a migration has created the class of a Durable Object; this check can.
///
/// ```
/// use mcp_connector::{Connector, check_wrangler_toml};
///
/// let missing = check_wrangler_toml(&Connector::new("notes", "1.0.0"), "name = \"notes\"");
/// assert!(missing[0].starts_with("There is no KV namespace OAUTH_KV. Add these lines:\n\n[[kv_namespaces]]\n"));
/// ```
///
/// In a connector's own tests:
///
/// ```no_run
/// # macro_rules! include_str { ($path:literal) => { "" } }
/// # fn connector() -> mcp_connector::Connector { mcp_connector::Connector::new("notes", "1.0.0") }
/// #[test]
/// fn wrangler_toml_has_what_the_connector_needs() {
///     let missing = mcp_connector::check_wrangler_toml(&connector(), include_str!("../wrangler.toml"));
///     assert!(missing.is_empty(), "{}", missing.join("\n"));
/// }
/// ```
#[must_use]
pub fn check_wrangler_toml(connector: &Connector, text: &str) -> Vec<String> {
    match toml::from_str::<WranglerToml>(text) {
        Ok(configuration) => {
            let of_engine = Binding::ALL.into_iter().flat_map(|binding| configuration.missing(binding));
            of_engine.chain(configuration.undeclared(&connector.declared())).collect()
        }
        Err(error) => vec![format!("wrangler.toml cannot be read: {error}")],
    }
}

impl WranglerToml {
    /// Returns what it lacks of a binding: the binding itself, and the migration of its class.
    fn missing(&self, binding: Binding) -> Vec<String> {
        let has_own_sign_in = self.vars.authorization_server.as_deref().is_none_or(str::is_empty);
        if binding == Binding::Introspection && has_own_sign_in {
            return Vec::new();
        }
        let name = binding.name();
        let is_bound = match binding.kind() {
            Kind::KvNamespace => self.kv_namespaces.iter().any(|namespace| namespace.binding == name),
            Kind::RateLimit { .. } => self.ratelimits.iter().any(|limit| limit.name == name),
            Kind::DurableObject { class } => {
                self.durable_objects.bindings.iter().any(|object| object.name == name && object.class_name == class)
            }
            Kind::Service { entrypoint } => self
                .services
                .iter()
                .any(|service| service.binding == name && service.entrypoint.as_deref() == Some(entrypoint)),
        };
        let mut missing = Vec::new();
        if !is_bound {
            missing.push(lacks(&format!("There is no {binding}"), &binding.lines()));
        }
        if let Kind::DurableObject { class } = binding.kind()
            && !self.creates(class)
        {
            missing.push(lacks(&format!("No migration creates the class {class}"), &migration_lines(class)));
        }
        missing
    }

    /// Returns what it lacks of what a connector declares.
    fn undeclared(&self, declared: &Declared<'_>) -> Vec<String> {
        let mut missing = Vec::new();
        if let Some(name) = declared.files
            && !self.r2_buckets.iter().any(|bucket| bucket.binding == name)
        {
            missing.push(lacks(&format!("There is no R2 bucket {name}, which keeps the files"), &r2_lines(name)));
        }
        for cron in declared.crons.iter().filter(|cron| !self.triggers.crons.iter().any(|named| named == *cron)) {
            let lines = format!("[triggers]\ncrons = [\"{cron}\"]\n");
            missing.push(lacks(&format!("There is no schedule {cron}, so its handler never runs"), &lines));
        }
        for queue in
            declared.queues.iter().filter(|queue| !self.queues.consumers.iter().any(|named| named.queue == **queue))
        {
            let lines = format!("[[queues.consumers]]\nqueue = \"{queue}\"\n");
            missing.push(lacks(
                &format!("The Worker is no consumer of the queue {queue}, so its handler never runs"),
                &lines,
            ));
        }
        missing
    }

    /// Whether the migrations leave a class with `SQLite`.
    fn creates(&self, class: &str) -> bool {
        self.migrations.iter().fold(false, |exists, migration| {
            let has = |classes: &[String]| classes.iter().any(|named| named == class);
            (exists && !has(&migration.deleted_classes)) || has(&migration.new_sqlite_classes)
        })
    }
}

fn lacks(what: &str, lines: &str) -> String {
    format!("{what}. Add these lines:\n\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::EventContext;

    /// The check for a connector that declares nothing.
    fn check_wrangler_toml(text: &str) -> Vec<String> {
        super::check_wrangler_toml(&Connector::new("notes", "1"), text)
    }

    const STARTER: &str = include_str!("../../../wrangler.toml");

    #[test]
    fn the_starter_and_a_small_project_lack_nothing() {
        for toml in [STARTER, include_str!("../../../templates/small/wrangler.toml")] {
            assert_eq!(check_wrangler_toml(toml), [""; 0]);
        }
    }

    #[test]
    fn each_binding_is_missed() {
        for binding in Binding::ALL.into_iter().filter(|binding| *binding != Binding::Introspection) {
            let (name, lines) = (binding.name(), binding.lines());
            let key = if binding.kind() == Kind::KvNamespace { "binding" } else { "name" };
            let other = STARTER.replace(&format!("{key} = \"{name}\""), &format!("{key} = \"OTHER\""));
            let missing = check_wrangler_toml(&other);
            assert_eq!(missing, [format!("There is no {binding}. Add these lines:\n\n{lines}")]);
            assert!(check_wrangler_toml(&[other, lines].concat()).is_empty(), "{name}: the lines mend it");
        }
    }

    #[test]
    fn the_migration_of_each_class_is_missed() {
        for (name, class) in [("GRANTS", "Grants"), ("DIRECTORY", "Directory"), ("ANONYMOUS_QUOTA", "AnonymousQuota")] {
            let unnamed = STARTER.replace(&format!("\"{class}\"]"), "]").replace(&format!("\"{class}\", "), "");
            let missing = check_wrangler_toml(&unnamed);
            assert_eq!(missing.len(), 1, "{name}: {missing:?}");
            assert!(missing[0].starts_with(&format!("No migration creates the class {class}.")), "{missing:?}");
            let mended = [unnamed, migration_lines(class)].concat();
            assert!(check_wrangler_toml(&mended).is_empty(), "{name}");
            let deleted = format!("{STARTER}[[migrations]]\ntag = \"x\"\ndeleted_classes = [\"{class}\"]\n");
            assert_eq!(check_wrangler_toml(&deleted).len(), 1, "{name}");
        }
    }

    #[test]
    fn a_connector_whose_sign_in_another_worker_keeps_binds_its_entry_point() {
        let shared = STARTER.replace("[vars]\n", "[vars]\nAUTHORIZATION_SERVER = \"https://a.example.com\"\n");
        assert_ne!(shared, STARTER);
        let lines = Binding::Introspection.lines();
        let missing = [format!("There is no Service Binding INTROSPECTION. Add these lines:\n\n{lines}")];
        assert_eq!(check_wrangler_toml(&shared), missing);
        assert!(check_wrangler_toml(&[shared.as_str(), &lines].concat()).is_empty());
        let internal = lines.replace("\"Introspection\"", "\"Internal\"");
        assert_eq!(check_wrangler_toml(&[shared, internal].concat()), missing, "that entry point can do more");
    }

    #[test]
    fn another_class_behind_a_binding_is_not_the_engines() {
        let missing = check_wrangler_toml(&STARTER.replace("class_name = \"Grants\"", "class_name = \"Mine\""));
        assert_eq!(missing.len(), 1, "{missing:?}");
        assert!(check_wrangler_toml("name = ").first().is_some_and(|text| text.contains("cannot be read")));
    }

    #[test]
    fn what_a_connector_declares_is_missed_where_it_is_not_configured() {
        let connector = Connector::new("notes", "1")
            .files("MY_FILES")
            .cron("0 6 * * *", async |_: EventContext| Ok(()))
            .queue("jobs", async |_: u32, _: EventContext| Ok(()));
        let missing = super::check_wrangler_toml(&connector, STARTER);
        let lines = [
            "[[r2_buckets]]\nbinding = \"MY_FILES\"\nbucket_name = \"my-files\"\n",
            "[triggers]\ncrons = [\"0 6 * * *\"]\n",
            "[[queues.consumers]]\nqueue = \"jobs\"\n",
        ];
        let what = [
            "There is no R2 bucket MY_FILES, which keeps the files",
            "There is no schedule 0 6 * * *, so its handler never runs",
            "The Worker is no consumer of the queue jobs, so its handler never runs",
        ];
        let expected: Vec<String> =
            what.iter().zip(lines).map(|(what, lines)| format!("{what}. Add these lines:\n\n{lines}")).collect();
        assert_eq!(missing, expected);
        assert_eq!(super::check_wrangler_toml(&connector, &[STARTER, &lines.concat()].concat()), [""; 0]);
        let other = lines.concat().replace("0 6", "0  6").replace("MY_FILES", "MY_FILE").replace("\"jobs\"", "\"job\"");
        assert_eq!(super::check_wrangler_toml(&connector, &[STARTER, &other].concat()), expected);
    }
}
