//! The bindings that the engine needs: what each is for, what is closed without it, and the lines of `wrangler.toml` that
//! declare it.

use std::fmt;

use crate::config::settings::Feature;
use crate::platform::js;

/// A binding of the Worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Registered clients, and the documents of clients that a person allowed.
    OAuthKv,
    /// The grants of each person.
    Grants,
    /// The master key and the login throttle.
    Keyring,
    /// Who has signed in, and which clients the owner has ended.
    Directory,
    /// Sessions of clients of 2025-11-25 and earlier.
    Session,
    /// Streams of clients that listen for changes.
    Subscriptions,
    /// Calls that go on in the background.
    Task,
    /// The records that connectors store for each person.
    SubjectStore,
    /// The number of sessions, tasks and streams of clients without a token.
    AnonymousQuota,
    /// The limit of registrations.
    RegisterLimit,
    /// The limit of calls.
    CallLimit,
    /// The authorization server of another Worker that keeps the sign-in.
    Introspection,
}

/// What a binding is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    KvNamespace,
    /// A class of Durable Objects with `SQLite`.
    DurableObject {
        class: &'static str,
    },
    RateLimit {
        namespace_id: &'static str,
        limit: u32,
    },
    /// Another Worker, at one of its entry points.
    Service {
        entrypoint: &'static str,
    },
}

/// A need of a connector or its configuration for a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub(crate) struct Needs {
    /// This server signs people in.
    pub(crate) own_sign_in: bool,
    /// Another Worker signs people in (`AUTHORIZATION_SERVER`).
    pub(crate) shared_sign_in: bool,
    /// State is stored for clients: for those with a token, or for all.
    pub(crate) state: bool,
    /// State is stored for clients without a token.
    pub(crate) anonymous_state: bool,
    /// Clients can listen for changes.
    pub(crate) streams: bool,
    /// Calls can go on as tasks.
    pub(crate) tasks: bool,
}

/// A binding that is needed and missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MissingBinding {
    pub(crate) binding: Binding,
    closes: &'static [Feature],
}

impl Binding {
    /// All of them, in the order of `wrangler.toml`.
    pub(crate) const ALL: [Self; 12] = [
        Self::OAuthKv,
        Self::SubjectStore,
        Self::Session,
        Self::Keyring,
        Self::Grants,
        Self::Directory,
        Self::Subscriptions,
        Self::Task,
        Self::AnonymousQuota,
        Self::RegisterLimit,
        Self::CallLimit,
        Self::Introspection,
    ];

    /// Returns its name in the Worker's environment.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OAuthKv => "OAUTH_KV",
            Self::Grants => "GRANTS",
            Self::Keyring => "KEYRING",
            Self::Directory => "DIRECTORY",
            Self::Session => "SESSION",
            Self::Subscriptions => "SUBSCRIPTIONS",
            Self::Task => "TASK",
            Self::SubjectStore => "SUBJECT_STORE",
            Self::AnonymousQuota => "ANONYMOUS_QUOTA",
            Self::RegisterLimit => "REGISTER_LIMIT",
            Self::CallLimit => "CALL_LIMIT",
            Self::Introspection => "INTROSPECTION",
        }
    }

    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::OAuthKv => Kind::KvNamespace,
            Self::Grants => Kind::DurableObject { class: "Grants" },
            Self::Keyring => Kind::DurableObject { class: "Keyring" },
            Self::Directory => Kind::DurableObject { class: "Directory" },
            Self::Session => Kind::DurableObject { class: "Session" },
            Self::Subscriptions => Kind::DurableObject { class: "Subscriptions" },
            Self::Task => Kind::DurableObject { class: "Task" },
            Self::SubjectStore => Kind::DurableObject { class: "SubjectStore" },
            Self::AnonymousQuota => Kind::DurableObject { class: "AnonymousQuota" },
            Self::RegisterLimit => Kind::RateLimit { namespace_id: "9728", limit: 60 },
            Self::CallLimit => Kind::RateLimit { namespace_id: "9729", limit: 600 },
            Self::Introspection => Kind::Service { entrypoint: "Introspection" },
        }
    }

    /// Whether the Worker has it. A variable of the same name is no binding.
    pub(crate) fn is_bound(self, env: &worker::Env) -> bool {
        js::get(env, self.name()).is_ok_and(|binding| binding.is_object())
    }

    /// Returns what is closed without it. Empty where nothing is: not needed, or a limit that may be left out.
    fn closes(self, needs: Needs) -> &'static [Feature] {
        match self {
            Self::OAuthKv if needs.own_sign_in => &[Feature::AuthorizationServer],
            Self::Grants | Self::Directory if needs.own_sign_in => {
                &[Feature::AuthorizationServer, Feature::AccessTokens]
            }
            Self::Keyring if needs.own_sign_in => &[Feature::AuthorizationServer, Feature::AccessTokens, Feature::Keys],
            Self::Keyring => &[Feature::Keys],
            Self::Session if needs.state => &[Feature::Sessions],
            Self::Subscriptions if needs.streams => &[Feature::Streams],
            Self::Task if needs.tasks => &[Feature::Tasks],
            Self::AnonymousQuota if needs.anonymous_state => &[Feature::AnonymousState],
            Self::Introspection if needs.shared_sign_in => &[Feature::AccessTokens],
            Self::OAuthKv
            | Self::Grants
            | Self::Directory
            | Self::Session
            | Self::Subscriptions
            | Self::Task
            | Self::AnonymousQuota
            | Self::SubjectStore
            | Self::RegisterLimit
            | Self::CallLimit
            | Self::Introspection => &[],
        }
    }

    /// Returns what happens without it, where nothing is closed and the log should say so.
    const fn advice(self, needs: Needs) -> Option<&'static str> {
        match self {
            Self::SubjectStore => Some("tools that use `Store` fail, and no file can be uploaded"),
            Self::RegisterLimit if needs.own_sign_in => Some("nothing limits how many clients register"),
            Self::CallLimit => Some("nothing limits how many calls a client makes"),
            Self::OAuthKv
            | Self::Grants
            | Self::Keyring
            | Self::Directory
            | Self::Session
            | Self::Subscriptions
            | Self::Task
            | Self::AnonymousQuota
            | Self::RegisterLimit
            | Self::Introspection => None,
        }
    }

    /// Returns the lines that declare it in `wrangler.toml`.
    pub(crate) fn lines(self) -> String {
        let name = self.name();
        match self.kind() {
            Kind::KvNamespace => format!("[[kv_namespaces]]\nbinding = \"{name}\"\n"),
            Kind::DurableObject { class } => {
                format!("[[durable_objects.bindings]]\nname = \"{name}\"\nclass_name = \"{class}\"\n")
            }
            Kind::RateLimit { namespace_id, limit } => format!(
                "[[ratelimits]]\nname = \"{name}\"\nnamespace_id = \"{namespace_id}\"\nsimple = {{ limit = {limit}, period = 60 }}\n"
            ),
            Kind::Service { entrypoint } => format!(
                "[[services]]\nbinding = \"{name}\"\nservice = \"NAME\" # of the Worker that AUTHORIZATION_SERVER names\nentrypoint = \"{entrypoint}\"\n"
            ),
        }
    }
}

impl Kind {
    const fn in_words(self) -> &'static str {
        match self {
            Self::KvNamespace => "KV namespace",
            Self::DurableObject { .. } => "Durable Object",
            Self::RateLimit { .. } => "rate limit",
            Self::Service { .. } => "Service Binding",
        }
    }
}

/// Returns the lines that bind an R2 bucket of the author. `wrangler deploy` creates the bucket.
pub(crate) fn r2_lines(binding: &str) -> String {
    format!("[[r2_buckets]]\nbinding = \"{binding}\"\nbucket_name = \"{}\"\n", resource_name(binding))
}

/// Returns the name that a resource gets whose binding an author has named: `wiki-db` for `WIKI_DB`.
pub(crate) fn resource_name(binding: &str) -> String {
    binding.to_ascii_lowercase().replace('_', "-")
}

/// Returns the migration that creates a class. It goes below those that are there, with a tag of its own.
pub(crate) fn migration_lines(class: &str) -> String {
    format!("[[migrations]]\ntag = \"{}\"\nnew_sqlite_classes = [\"{class}\"]\n", class.to_ascii_lowercase())
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind().in_words(), self.name())
    }
}

impl MissingBinding {
    /// Returns what it closes.
    pub(crate) const fn closes(&self) -> &'static [Feature] {
        self.closes
    }

    /// Returns the lines that `wrangler.toml` needs. Whether a migration has created the class of an object, a running Worker
    /// cannot see.
    pub(crate) fn lines(&self) -> String {
        let lines = self.binding.lines();
        match self.binding.kind() {
            Kind::DurableObject { class } => {
                format!("{lines}\n# Unless a migration above names {class}:\n{}", migration_lines(class))
            }
            Kind::KvNamespace | Kind::RateLimit { .. } | Kind::Service { .. } => lines,
        }
    }

    /// Returns what is missing and what is closed until that is corrected.
    pub(crate) fn consequence(&self) -> String {
        format!("{self}; closed until that is corrected: {}", Feature::list(self.closes))
    }

    /// Returns the text for the log: also the lines to add.
    pub(crate) fn report(&self) -> String {
        format!("{}. Add these lines:\n\n{}", self.consequence(), self.lines())
    }
}

impl fmt::Display for MissingBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrangler.toml does not bind the {}", self.binding)
    }
}

/// Returns the bindings that are needed and missing, and for the others what the log should say about them.
pub(crate) fn check(needs: Needs, is_bound: impl Fn(Binding) -> bool) -> (Vec<MissingBinding>, Vec<String>) {
    let (mut missing, mut advice) = (Vec::new(), Vec::new());
    for binding in Binding::ALL.into_iter().filter(|binding| !is_bound(*binding)) {
        match (binding.closes(needs), binding.advice(needs)) {
            ([], Some(consequence)) => {
                let missing = MissingBinding { binding, closes: &[] };
                advice.push(format!("{missing}, so {consequence}. To add it:\n\n{}", missing.lines()));
            }
            ([], None) => {}
            (closes, _) => missing.push(MissingBinding { binding, closes }),
        }
    }
    (missing, advice)
}

#[cfg(test)]
mod tests {
    use Feature::{AccessTokens, AnonymousState, AuthorizationServer, Keys, Sessions, Streams, Tasks};

    use super::*;

    const EVERYTHING: Needs = Needs {
        own_sign_in: true,
        shared_sign_in: true,
        state: true,
        anonymous_state: true,
        streams: true,
        tasks: true,
    };
    const PUBLIC_TOOLS: Needs = Needs {
        own_sign_in: false,
        shared_sign_in: false,
        state: false,
        anonymous_state: false,
        streams: false,
        tasks: false,
    };

    fn without(binding: Binding, needs: Needs) -> (Vec<MissingBinding>, Vec<String>) {
        check(needs, |bound| bound != binding)
    }

    #[test]
    fn a_missing_binding_closes_what_needs_it_and_is_named_with_the_lines_to_add() {
        for (binding, closes, lines) in [
            (Binding::OAuthKv, &[AuthorizationServer][..], "[[kv_namespaces]]\nbinding = \"OAUTH_KV\"\n"),
            (Binding::Grants, &[AuthorizationServer, AccessTokens], "name = \"GRANTS\"\nclass_name = \"Grants\"\n"),
            (Binding::Keyring, &[AuthorizationServer, AccessTokens, Keys], "class_name = \"Keyring\"\n"),
            (Binding::Directory, &[AuthorizationServer, AccessTokens], "class_name = \"Directory\"\n"),
            (Binding::Session, &[Sessions], "class_name = \"Session\"\n"),
            (Binding::Subscriptions, &[Streams], "class_name = \"Subscriptions\"\n"),
            (Binding::Task, &[Tasks], "class_name = \"Task\"\n"),
            (Binding::AnonymousQuota, &[AnonymousState], "class_name = \"AnonymousQuota\"\n"),
            (Binding::Introspection, &[AccessTokens], "entrypoint = \"Introspection\"\n"),
        ] {
            let (missing, advice) = without(binding, EVERYTHING);
            assert_eq!((missing.len(), advice.len()), (1, 0), "{binding}");
            assert_eq!(missing[0].closes(), closes, "{binding}");
            let report = missing[0].report();
            assert!(report.starts_with(&format!("wrangler.toml does not bind the {binding}; closed")), "{report}");
            assert!(report.contains(lines), "{report}");
            let is_object = matches!(binding.kind(), Kind::DurableObject { .. });
            assert_eq!(report.contains("new_sqlite_classes = ["), is_object, "{report}");
        }
        for (binding, consequence, lines) in [
            (Binding::SubjectStore, "tools that use `Store` fail", "class_name = \"SubjectStore\"\n"),
            (
                Binding::RegisterLimit,
                "how many clients register",
                "name = \"REGISTER_LIMIT\"\nnamespace_id = \"9728\"\n",
            ),
            (Binding::CallLimit, "how many calls a client makes", "simple = { limit = 600, period = 60 }\n"),
        ] {
            let (missing, advice) = without(binding, EVERYTHING);
            assert_eq!((missing, advice.len()), (vec![], 1), "{binding}");
            assert!(advice[0].contains(consequence) && advice[0].contains(lines), "{advice:?}");
        }
    }

    #[test]
    fn a_connector_without_sign_in_needs_only_what_it_uses() {
        let (missing, _) = check(PUBLIC_TOOLS, |_| false);
        assert_eq!(missing, [MissingBinding { binding: Binding::Keyring, closes: &[Keys] }]);
        assert_eq!(check(EVERYTHING, |_| true), (vec![], vec![]));
    }

    #[test]
    fn what_is_missing_can_be_said_in_an_error_of_oauth() {
        for binding in Binding::ALL {
            let text = MissingBinding { binding, closes: &[] }.to_string();
            assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')), "{text}");
        }
    }
}
