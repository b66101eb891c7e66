//! The tool that finds operations by words.

use std::collections::HashSet;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::openapi::operation::Operation;
use crate::outbound::Method;
use mcp_connector_protocol::ToolError;

/// How many operations are shown with their arguments, and how many in all.
const SHOWN: usize = 5;
const NAMED: usize = 20;

/// Maximum size of the schemas that one answer shows, in bytes.
const MAX_SCHEMAS: usize = 16_000;

/// Maximum number of different words of a query that count.
const MAX_WORDS: usize = 12;

/// Words that say nothing about an operation.
const STOP_WORDS: [&str; 24] = [
    "a", "all", "an", "and", "by", "can", "do", "for", "from", "how", "i", "in", "is", "me", "my", "of", "on", "or",
    "that", "the", "their", "to", "want", "with",
];

/// The arguments of a tool that finds operations.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct FindOperations {
    /// What to do, in a few words, or the name of an operation.
    #[schemars(length(min = 1, max = 200))]
    query: String,
}

/// Returns the operations that fit the words best, the first of them with the JSON Schemas of their arguments.
///
/// # Errors
///
/// Fails if nothing fits, with the subjects that there are.
pub fn find(operations: &[Operation], find: &FindOperations) -> Result<String, ToolError> {
    let query = find.query.trim();
    if let Some(operation) = operations.iter().find(|operation| operation.name == query) {
        let mut text = String::new();
        described(&mut text, operation, Some(operation.arguments));
        return Ok(text);
    }
    let found = ranked(operations, query);
    if found.is_empty() {
        return Err(ToolError::new(format!("Nothing fits. {}", subjects(operations))));
    }
    let mut text = String::new();
    let mut room = MAX_SCHEMAS;
    for (index, operation) in found.iter().take(NAMED).enumerate() {
        let fits = index < SHOWN && operation.arguments.len() <= room;
        if fits {
            room -= operation.arguments.len();
        }
        described(&mut text, operation, fits.then_some(operation.arguments));
    }
    let total = found.len();
    if total > SHOWN {
        let _ =
            write!(text, "\n{total} of {} operations fit. Send the name of one for its arguments.", operations.len());
    }
    Ok(text)
}

fn described(text: &mut String, operation: &Operation, arguments: Option<&str>) {
    let effect = if operation.reads() { "reads" } else { "writes" };
    let Operation { name, method, path, description, .. } = operation;
    // To write to a string does not fail.
    let _ = writeln!(text, "{name} ({effect}; {} {path}): {description}", method.as_str());
    if let Some(arguments) = arguments {
        let _ = writeln!(text, "  arguments: {arguments}");
    }
}

fn subjects(operations: &[Operation]) -> String {
    let mut seen = HashSet::new();
    let tags: Vec<_> = operations
        .iter()
        .map(|operation| operation.tag)
        .filter(|tag| !tag.is_empty() && seen.insert(*tag))
        .take(60)
        .collect();
    if tags.is_empty() {
        "Use other words.".to_owned()
    } else {
        format!("Use other words, or one of these: {}.", tags.join(", "))
    }
}

/// Returns the names of operations that are like `name`.
pub(super) fn similar(operations: &[Operation], name: &str) -> Vec<&'static str> {
    ranked(operations, name).iter().take(3).map(|operation| operation.name).collect()
}

/// Returns the operations that have words of `query`, best first. A rare word counts more than a common one, and the name, the
/// subject and the path more than the description.
fn ranked<'a>(operations: &'a [Operation], query: &str) -> Vec<&'a Operation> {
    let mut seen = HashSet::new();
    let mut asked = words(query);
    asked.retain(|word| !STOP_WORDS.contains(&word.as_str()) && seen.insert(word.clone()));
    asked.truncate(MAX_WORDS);
    let indexed: Vec<_> = operations.iter().map(Indexed::new).collect();
    let mut scores = vec![0_u32; operations.len()];
    for word in &asked {
        let hits: Vec<_> = indexed.iter().map(|operation| operation.score(word)).collect();
        let count = hits.iter().filter(|hit| **hit > 0).count();
        // From 1, in every operation, to 8, in very few.
        let rarity = operations.len().checked_div(count).map_or(1, |ratio| 1 + ratio.ilog2().min(7));
        for (score, hit) in scores.iter_mut().zip(hits) {
            *score += hit * rarity;
        }
    }
    let mut found: Vec<_> = operations.iter().zip(scores).filter(|(_, score)| *score > 0).collect();
    found.sort_by_key(|(operation, score)| (std::cmp::Reverse(*score), operation.path.len(), operation.name));
    found.into_iter().map(|(operation, _)| operation).collect()
}

/// The words of an operation.
struct Indexed {
    name: Vec<String>,
    place: Vec<String>,
    description: Vec<String>,
}

impl Indexed {
    fn new(operation: &Operation) -> Self {
        let mut place = words(operation.path);
        place.extend(words(operation.tag));
        let verb = match operation.method {
            Method::Get => "get list read show find",
            Method::Post => "create add new",
            Method::Delete => "delete remove",
            Method::Put | Method::Patch => "update change edit set",
        };
        let mut name = words(operation.name);
        place.extend(verb.split(' ').map(str::to_owned));
        name.dedup();
        Self { name, place, description: words(operation.description) }
    }

    fn score(&self, word: &str) -> u32 {
        let has = |words: &[String]| words.iter().any(|one| one == word);
        let begins = |words: &[String]| {
            word.len() > 3
                && words.iter().any(|one| one.starts_with(word) || (one.len() > 3 && word.starts_with(one.as_str())))
        };
        let mut score = if has(&self.name) {
            8
        } else if begins(&self.name) {
            4
        } else {
            0
        };
        score += if has(&self.place) {
            4
        } else if begins(&self.place) {
            2
        } else {
            0
        };
        score + if has(&self.description) { 2 } else { u32::from(begins(&self.description)) }
    }
}

/// Returns the words of a text in lower case, without the `s` of a plural.
fn words(text: &str) -> Vec<String> {
    let split = text.split(|character: char| !character.is_alphanumeric());
    let words = split.filter(|word| !word.is_empty()).map(str::to_lowercase);
    words
        .map(|word| match word.strip_suffix('s') {
            Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem.to_owned(),
            _ => word,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn operation(name: &'static str, method: Method, path: &'static str, description: &'static str) -> Operation {
        Operation { name, method, path, description, tag: "", arguments: "{}", parameters: &[], paging: "" }
    }

    const OPERATIONS: [Operation; 5] = [
        operation("issues_create", Method::Post, "/repos/{owner}/{repo}/issues", "Create an issue."),
        operation("issues_list", Method::Get, "/repos/{owner}/{repo}/issues", "List the issues of a repository."),
        operation("issues_lock", Method::Put, "/repos/{owner}/{repo}/issues/{number}/lock", "Lock an issue."),
        operation("repos_get", Method::Get, "/repos/{owner}/{repo}", "Get a repository."),
        operation("users_get", Method::Get, "/users/{name}", "Get a user."),
    ];

    fn first(query: &str) -> Option<&'static str> {
        ranked(&OPERATIONS, query).first().map(|operation| operation.name)
    }

    #[test]
    fn the_operation_that_was_meant_comes_first() {
        for (query, name) in [
            ("create an issue", "issues_create"),
            ("open a new issue in my repo", "issues_create"),
            ("list issues", "issues_list"),
            ("lock the issue", "issues_lock"),
            ("show a repository", "repos_get"),
            ("user", "users_get"),
            ("issues/list", "issues_list"),
        ] {
            assert_eq!(first(query), Some(name), "{query}");
        }
        assert_eq!(first("weather"), None);
        assert_eq!(first("of the"), None);
    }

    #[test]
    fn a_word_that_is_repeated_counts_once() {
        const PETS: [Operation; 2] = [
            operation("owners_find", Method::Get, "/people", "Find people."),
            operation("lists_get", Method::Get, "/lists", "Get a list."),
        ];
        let best = |query: &str| ranked(&PETS, query).first().map(|operation| operation.name);
        assert_eq!(best("list pets and owners"), Some("owners_find"));
        assert_eq!(best("list pets and list owners"), Some("owners_find"));
        let repeated = "list pets ".repeat(12);
        assert_eq!(best(&format!("{repeated} owners")), Some("owners_find"), "and leaves room for the others");
    }

    #[test]
    fn a_name_alone_gives_its_arguments() {
        let query = "repos_get".to_owned();
        let text = find(&OPERATIONS, &FindOperations { query }).unwrap();
        assert_eq!(text, "repos_get (reads; GET /repos/{owner}/{repo}): Get a repository.\n  arguments: {}\n");
    }

    #[test]
    fn schemas_have_a_limit_in_all() {
        let large: &'static str = Box::leak(format!("{{\"description\":\"{}\"}}", "x".repeat(7_000)).into_boxed_str());
        let operations = OPERATIONS.map(|operation| Operation { arguments: large, ..operation });
        let text = find(&operations, &FindOperations { query: "issues repos users".to_owned() }).unwrap();
        assert_eq!(text.matches("arguments:").count(), 2);
        assert_eq!(text.matches("(reads").count() + text.matches("(writes").count(), 5);
    }
}
