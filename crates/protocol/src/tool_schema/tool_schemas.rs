//! The input and output schema of a tool: the exact form for validation, and the form that is published to clients.

use std::rc::Rc;

use serde_json::Value;

use crate::tool_schema::absent_members::{has_absent_members, leave_out_absent};
use crate::tool_schema::published::{Direction, add_properties, published};
use crate::tool_schema::refused::{RefusedSchema, refused_arguments, refused_results};

/// The arguments of a tool.
pub(crate) struct InputSchema {
    /// The schema that arguments are validated against.
    pub(crate) exact: Value,
    /// The schema that clients get.
    pub(crate) published: Value,
    origin: Origin,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Derived from a Rust type.
    Derived,
    /// Written by the author, and published as it is.
    Written,
}

impl InputSchema {
    /// Creates the schema of a Rust type. A tool without arguments publishes that it takes none, and ignores those that are
    /// sent nevertheless, as every other tool does.
    pub(crate) fn derived(mut exact: Value) -> Self {
        let published = published(&exact, Direction::Arguments);
        if let Some(root) = exact.as_object_mut()
            && !root.contains_key("properties")
        {
            root.remove("additionalProperties");
        }
        Self { exact, published, origin: Origin::Derived }
    }

    /// Creates a schema that its author has written.
    pub(crate) fn written(exact: Value) -> Self {
        let mut published = exact.clone();
        if let Some(root) = published.as_object_mut() {
            add_properties(root);
        }
        Self { published, exact, origin: Origin::Written }
    }

    /// Returns what released clients refuse of a type. The author fixes it in the type.
    pub(crate) fn refused(&self) -> Vec<RefusedSchema> {
        match self.origin {
            Origin::Derived => refused_arguments(&self.published),
            Origin::Written => Vec::new(),
        }
    }

    /// Returns what released clients refuse of a schema that is published as its author wants it.
    pub(crate) fn warnings(&self) -> Vec<RefusedSchema> {
        match self.origin {
            Origin::Derived => Vec::new(),
            Origin::Written => refused_arguments(&self.published),
        }
    }
}

/// Returns whether a schema says that its values are objects.
pub(crate) fn describes_an_object(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object")
}

/// The structured results of a tool.
pub(crate) struct OutputSchema {
    /// The schema that clients get.
    pub(crate) published: Value,
    absent: Option<AbsentMembers>,
}

/// The members of results that are left out if they are null.
#[derive(Clone)]
pub(crate) struct AbsentMembers(Rc<Value>);

impl OutputSchema {
    /// Creates the schema of a Rust type as it is serialized.
    pub(crate) fn derived(exact: Value) -> Self {
        let published = published(&exact, Direction::Results);
        let absent = has_absent_members(&exact).then(|| AbsentMembers(Rc::new(exact)));
        Self { published, absent }
    }

    /// Returns what is left out of results, or `None` if nothing ever is.
    pub(crate) fn absent_members(&self) -> Option<AbsentMembers> {
        self.absent.clone()
    }

    /// Returns what released clients refuse of the type.
    pub(crate) fn refused(&self) -> Vec<RefusedSchema> {
        refused_results(&self.published)
    }
}

impl AbsentMembers {
    /// Removes them from a result.
    pub(crate) fn leave_out_of(&self, result: &mut Value) {
        leave_out_absent(result, &self.0, &self.0);
    }
}
