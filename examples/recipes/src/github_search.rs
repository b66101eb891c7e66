//! Three tools for the 8 operations of GitHub REST API (excerpt) 1.1.4: one finds an operation, one calls those that
//! read, and one calls those that write.
//!
//! `npm run openapi` wrote this file, and you may edit it. This command brings in a newer document and keeps your
//! edits:
//!
//! ```sh
//! npm run openapi -- scripts/tests/fixtures/openapi/github.json --search --name github --bearer GITHUB_TOKEN --update examples/recipes/src/github_search.rs
//! ```
//!
//! A line `// -- NAME HASH` begins each part; the hash shows whether the part has been edited. A part of your own
//! begins with a line without a hash, such as `// -- mine`. This comment and the parts `imports`, `tools` and
//! `left-out` are rewritten each time.
#![allow(
    clippy::doc_markdown,
    clippy::enum_variant_names,
    clippy::large_enum_variant,
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    clippy::upper_case_acronyms,
    reason = "the names and the words are those of the document"
)]

// -- imports
use mcp_connector::openapi::{self, Api, CallOperation, FindOperations, Operation, Parameter};
use mcp_connector::{CallToolResult, Connector, Context, Scope, Tool, ToolError};

// -- connection 064efa8c3999
/// The address of the API.
const BASE: &str = "https://api.github.com";

/// The only host that the Worker asks.
const HOST: &str = "api.github.com";

const READ: Scope = Scope::new("github:read", "Read from GitHub REST API (excerpt)");
const WRITE: Scope = Scope::new("github:write", "Change something in GitHub REST API (excerpt)");

/// Opens the API, with what is in the secret `GITHUB_TOKEN`.
fn api(cx: &Context) -> Result<Api, ToolError> {
    Ok(Api::new(cx.http(), BASE).bearer(cx.secret("GITHUB_TOKEN")?))
}

// -- find 459b6f2017e7
async fn find(args: FindOperations) -> Result<String, ToolError> {
    openapi::find(OPERATIONS, &args)
}

fn find_tool() -> Tool {
    Tool::new(
        "github_find",
        "Find operations of GitHub REST API (excerpt) by words, with the arguments that they take. Call this first.",
        find,
    )
    .title("Find in GitHub REST API (excerpt)")
    .scope(READ)
    .read_only()
    .closed_world()
}

// -- read 9efc271dd762
async fn read(args: CallOperation, cx: Context) -> Result<CallToolResult, ToolError> {
    openapi::read(OPERATIONS, args, api(&cx)?).await
}

fn read_tool() -> Tool {
    Tool::new(
        "github_read",
        "Call an operation of GitHub REST API (excerpt) that changes nothing. github_find tells its name and its \
         arguments.",
        read,
    )
    .title("Read from GitHub REST API (excerpt)")
    .scope(READ)
    .read_only()
}

// -- write ff932b308a4a
async fn write(args: CallOperation, cx: Context) -> Result<CallToolResult, ToolError> {
    openapi::write(OPERATIONS, args, api(&cx)?).await
}

fn write_tool() -> Tool {
    Tool::new(
        "github_write",
        "Call an operation of GitHub REST API (excerpt) that changes, adds or deletes something. github_find tells \
         its name and its arguments.",
        write,
    )
    .title("Change something in GitHub REST API (excerpt)")
    .scope(WRITE)
    .destructive()
}

// -- operations b03cfe40f813
/// The operations, as the document describes them.
static OPERATIONS: &[Operation] = &[
    Operation {
        name: "issues_list_for_repo",
        method: openapi::Method::Get,
        path: "/repos/{owner}/{repo}/issues",
        description: "List repository issues. List issues in a repository. Only open issues will be listed. GitHub's REST API considers every pull request an issue, but not every issue is a pull request.",
        tag: "issues",
        arguments: r#"{"type":"object","properties":{"owner":{"type":"string","description":"The account owner of the repository. The name is not case sensitive."},"repo":{"type":"string","description":"The name of the repository without the `.git` extension. The name is not case sensitive."},"milestone":{"type":"string","description":"If an `integer` is passed, it should refer to a milestone by its `number` field. If the string `*` is passed, issues with any milestone are accepted. If the string `none` is passed, issues without milestones are returned."},"state":{"type":"string","enum":["open","closed","all"],"default":"open","description":"Indicates the state of the issues to return."},"assignee":{"type":"string","description":"Can be the name of a user. Pass in `none` for issues with no assigned user, and `*` for issues assigned to any user."},"type":{"type":"string","description":"Can be the name of an issue type. If the string `*` is passed, issues with any type are accepted. If the string `none` is passed, issues without type are returned."},"creator":{"type":"string","description":"The user that created the issue."},"mentioned":{"type":"string","description":"A user that's mentioned in the issue."},"issue_field_values":{"type":"string","description":"A comma-separated list of issue field filters in `field_slug:value` format. Only issues matching all specified field values are returned. Requires issue fields to be enabled for the repository."},"labels":{"type":"string","description":"A list of comma separated label names. Example: `bug,ui,@high`"},"sort":{"type":"string","enum":["created","updated","comments"],"default":"created","description":"What to sort results by."},"direction":{"type":"string","enum":["asc","desc"],"default":"desc","description":"The direction to sort the results by."},"since":{"type":"string","format":"date-time","description":"Only show results that were last updated after the given time. This is a timestamp in ISO 8601 format: `YYYY-MM-DDTHH:MM:SSZ`."},"per_page":{"type":"integer","default":30,"description":"The number of results per page (max 100). For more information, see \"Using pagination in the REST API.\""},"page":{"type":"integer","default":1,"description":"The page number of the results to fetch. For more information, see \"Using pagination in the REST API.\""}},"required":["owner","repo"],"additionalProperties":false}"#,
        parameters: &[
            Parameter::path("owner"),
            Parameter::path("repo"),
            Parameter::query("milestone"),
            Parameter::query("state"),
            Parameter::query("assignee"),
            Parameter::query("type"),
            Parameter::query("creator"),
            Parameter::query("mentioned"),
            Parameter::query("issue_field_values"),
            Parameter::query("labels"),
            Parameter::query("sort"),
            Parameter::query("direction"),
            Parameter::query("since"),
            Parameter::query("per_page"),
            Parameter::query("page"),
        ],
        paging: "Go on with `page`, or ask for less with `per_page`.",
    },
    Operation {
        name: "issues_create",
        method: openapi::Method::Post,
        path: "/repos/{owner}/{repo}/issues",
        description: "Create an issue. Any user with pull access to a repository can create an issue. If issues are disabled in the repository, the API returns a `410 Gone` status. This endpoint triggers notifications.",
        tag: "issues",
        arguments: r#"{"type":"object","properties":{"owner":{"type":"string","description":"The account owner of the repository. The name is not case sensitive."},"repo":{"type":"string","description":"The name of the repository without the `.git` extension. The name is not case sensitive."},"body":{"type":"object","properties":{"title":{"description":"The title of the issue.","anyOf":[{"type":"integer"},{"type":"string"}]},"body":{"type":"string","description":"The contents of the issue."},"assignee":{"type":"string","description":"Login for the user that this issue should be assigned to."},"milestone":{"anyOf":[{"type":"integer","description":"The `number` of the milestone to associate this issue with."},{"type":"string"}]},"labels":{"type":"array","description":"Labels to associate with this issue. _NOTE: Only users with push access can set labels for new issues.","items":{"anyOf":[{"type":"string"},{"type":"object","properties":{"id":{"type":"integer"},"name":{"type":"string"},"description":{"type":"string"},"color":{"type":"string"}}}]}},"assignees":{"type":"array","description":"Logins for Users to assign to this issue. _NOTE: Only users with push access can set assignees for new issues.","items":{"type":"string"}},"issue_field_values":{"type":"array","description":"An array of issue field values to set on this issue. Each field value must include the field ID and the value to set.","items":{"type":"object","properties":{"field_id":{"type":"integer","description":"The ID of the issue field to set."},"value":{"description":"The value to set for the field. For multi-select fields, provide an array of option names.","anyOf":[{"type":"number"},{"type":"string"},{"type":"array","items":{"type":"string"}}]}},"required":["field_id","value"]}},"type":{"type":"string","description":"The name of the issue type to associate with this issue."}},"required":["title"]}},"required":["owner","repo","body"],"additionalProperties":false}"#,
        parameters: &[Parameter::path("owner"), Parameter::path("repo"), Parameter::json("application/json")],
        paging: "",
    },
    Operation {
        name: "issues_get",
        method: openapi::Method::Get,
        path: "/repos/{owner}/{repo}/issues/{issue_number}",
        description: "Get an issue. The API returns a `301 Moved Permanently` status if the issue was transferred to another repository.",
        tag: "issues",
        arguments: r#"{"type":"object","properties":{"owner":{"type":"string","description":"The account owner of the repository. The name is not case sensitive."},"repo":{"type":"string","description":"The name of the repository without the `.git` extension. The name is not case sensitive."},"issue_number":{"type":"integer","description":"The number that identifies the issue."}},"required":["owner","repo","issue_number"],"additionalProperties":false}"#,
        parameters: &[Parameter::path("owner"), Parameter::path("repo"), Parameter::path("issue_number")],
        paging: "",
    },
    Operation {
        name: "issues_update",
        method: openapi::Method::Patch,
        path: "/repos/{owner}/{repo}/issues/{issue_number}",
        description: "Update an issue. Issue owners and users with push access or Triage role can edit an issue. This endpoint supports the following custom media types.",
        tag: "issues",
        arguments: r#"{"type":"object","properties":{"owner":{"type":"string","description":"The account owner of the repository. The name is not case sensitive."},"repo":{"type":"string","description":"The name of the repository without the `.git` extension. The name is not case sensitive."},"issue_number":{"type":"integer","description":"The number that identifies the issue."},"body":{"type":"object","properties":{"title":{"description":"The title of the issue.","anyOf":[{"type":"integer"},{"type":"string"}]},"body":{"type":"string","description":"The contents of the issue."},"assignee":{"type":"string","description":"Username to assign to this issue. This field is closing down."},"state":{"type":"string","description":"The open or closed state of the issue.","enum":["open","closed"]},"state_reason":{"type":"string","description":"The reason for the state change. Ignored unless `state` is changed.","enum":["completed","not_planned","duplicate","reopened"]},"duplicate_issue_id":{"type":"integer","description":"The ID of the issue to mark as the canonical duplicate when `state_reason` is `duplicate`."},"milestone":{"anyOf":[{"type":"integer","description":"The `number` of the milestone to associate this issue with or use `null` to remove the current milestone."},{"type":"string"}]},"labels":{"type":"array","description":"Labels to associate with this issue. Pass one or more labels to _replace_ the set of labels on this issue.","items":{"anyOf":[{"type":"string"},{"type":"object","properties":{"id":{"type":"integer"},"name":{"type":"string"},"description":{"type":"string"},"color":{"type":"string"},"rationale":{"type":"string","description":"Optional reasoning for selecting this label."},"suggest":{"type":"boolean","description":"If `true`, the change is stored as a pending suggestion for human review rather than applied directly."},"confidence":{"type":"string","description":"The confidence level for this label choice.","enum":["low","medium","high"]}}}]}},"assignees":{"type":"array","description":"Usernames to assign to this issue. Pass one or more user logins to _replace_ the set of assignees on this issue.","items":{"anyOf":[{"type":"string"},{"type":"object","properties":{"login":{"type":"string"},"rationale":{"type":"string","description":"Optional reasoning for selecting this assignee."},"suggest":{"type":"boolean","description":"If `true`, the change is stored as a pending suggestion for human review rather than applied directly."},"confidence":{"type":"string","description":"The confidence level for this assignee choice.","enum":["low","medium","high"]}}}]}},"issue_field_values":{"type":"array","description":"An array of issue field values to set on this issue. Each field value must include the field ID and the value to set.","items":{"type":"object","properties":{"field_id":{"type":"integer","description":"The ID of the issue field to set."},"value":{"description":"The value to set for the field. For multi-select fields, provide an array of option names.","anyOf":[{"type":"number"},{"type":"string"},{"type":"array","items":{"type":"string"}}]},"rationale":{"type":"string","description":"Optional reasoning for setting this field value."},"suggest":{"type":"boolean","description":"If `true`, the change is stored as a pending suggestion for human review rather than applied directly."},"confidence":{"type":"string","description":"The confidence level for this field value choice.","enum":["low","medium","high"]}},"required":["field_id","value"]}},"type":{"description":"The issue type to associate with this issue. Only users with push access can set the type for issues.","anyOf":[{"type":"string","description":"The name of the issue type."},{"type":"object","description":"The issue type with optional metadata.","properties":{"value":{"type":"string","description":"The name of the issue type to associate with this issue, or `null` to remove the current issue type."},"rationale":{"type":"string","description":"Optional reasoning for selecting this type."},"suggest":{"type":"boolean","description":"If `true`, the change is stored as a pending suggestion for human review rather than applied directly."},"confidence":{"type":"string","description":"The confidence level for this type choice.","enum":["low","medium","high"]}}}]}}},"clear":{"type":"array","description":"Members of the body to set to null, which clears them.","items":{"type":"string","enum":["title","body","assignee","state_reason","milestone","type"]},"uniqueItems":true}},"required":["owner","repo","issue_number"],"additionalProperties":false}"#,
        parameters: &[
            Parameter::path("owner"),
            Parameter::path("repo"),
            Parameter::path("issue_number"),
            Parameter::json("application/json"),
            Parameter::clear(),
        ],
        paging: "",
    },
    Operation {
        name: "issues_lock",
        method: openapi::Method::Put,
        path: "/repos/{owner}/{repo}/issues/{issue_number}/lock",
        description: "Lock an issue. Users with push access can lock an issue or pull request's conversation. Note that, if you choose not to pass any parameters, you'll need to set `Content-Length` to zero when calling out to this endpoint.",
        tag: "issues",
        arguments: r#"{"type":"object","properties":{"owner":{"type":"string","description":"The account owner of the repository. The name is not case sensitive."},"repo":{"type":"string","description":"The name of the repository without the `.git` extension. The name is not case sensitive."},"issue_number":{"type":"integer","description":"The number that identifies the issue."},"body":{"type":"object","properties":{"lock_reason":{"type":"string","description":"The reason for locking the issue or pull request conversation.","enum":["off-topic","too heated","resolved","spam"]}}}},"required":["owner","repo","issue_number"],"additionalProperties":false}"#,
        parameters: &[
            Parameter::path("owner"),
            Parameter::path("repo"),
            Parameter::path("issue_number"),
            Parameter::json("application/json"),
        ],
        paging: "",
    },
    Operation {
        name: "issues_unlock",
        method: openapi::Method::Delete,
        path: "/repos/{owner}/{repo}/issues/{issue_number}/lock",
        description: "Unlock an issue. Users with push access can unlock an issue's conversation.",
        tag: "issues",
        arguments: r#"{"type":"object","properties":{"owner":{"type":"string","description":"The account owner of the repository. The name is not case sensitive."},"repo":{"type":"string","description":"The name of the repository without the `.git` extension. The name is not case sensitive."},"issue_number":{"type":"integer","description":"The number that identifies the issue."}},"required":["owner","repo","issue_number"],"additionalProperties":false}"#,
        parameters: &[Parameter::path("owner"), Parameter::path("repo"), Parameter::path("issue_number")],
        paging: "",
    },
    Operation {
        name: "search_issues_and_pull_requests",
        method: openapi::Method::Get,
        path: "/search/issues",
        description: "Search issues and pull requests. Find issues by state and keyword. This method returns up to 100 results per page.",
        tag: "search",
        arguments: r#"{"type":"object","properties":{"q":{"type":"string","description":"The query contains one or more search keywords and qualifiers. Qualifiers allow you to limit your search to specific areas of GitHub. The REST API supports the same qualifiers as the web interface for GitHub."},"sort":{"type":"string","enum":["comments","reactions","reactions-+1","reactions--1","reactions-smile","reactions-thinking_face","reactions-heart","reactions-tada","interactions","created","updated"],"description":"Sorts the results of your query by the number of `comments`, `reactions`, `reactions-+1`, `reactions--1`, `reactions-smile`, `reactions-thinking_face`, `reactions-heart`, `reactions-tada`, or `interactions`."},"order":{"type":"string","enum":["desc","asc"],"default":"desc","description":"Determines whether the first search result returned is the highest number of matches (`desc`) or lowest number of matches (`asc`). This parameter is ignored unless you provide `sort`."},"per_page":{"type":"integer","default":30,"description":"The number of results per page (max 100). For more information, see \"Using pagination in the REST API.\""},"page":{"type":"integer","default":1,"description":"The page number of the results to fetch. For more information, see \"Using pagination in the REST API.\""},"advanced_search":{"type":"string","description":"Set to `true` to use advanced search. Example: `http://api.github.com/search/issues?q={query}&advanced_search=true`"},"search_type":{"type":"string","enum":["semantic","hybrid"],"description":"The type of search to perform on issues. When not specified, the default is lexical search. `semantic` — performs a pure semantic (vector) search using embedding-based understanding."}},"required":["q"],"additionalProperties":false}"#,
        parameters: &[
            Parameter::query("q"),
            Parameter::query("sort"),
            Parameter::query("order"),
            Parameter::query("per_page"),
            Parameter::query("page"),
            Parameter::query("advanced_search"),
            Parameter::query("search_type"),
        ],
        paging: "Go on with `page`, or ask for less with `per_page`.",
    },
    Operation {
        name: "activity_star_repo_for_authenticated_user",
        method: openapi::Method::Put,
        path: "/user/starred/{owner}/{repo}",
        description: "Star a repository for the authenticated user. Note that you'll need to set `Content-Length` to zero when calling out to this endpoint. For more information, see \"HTTP method.\"",
        tag: "activity",
        arguments: r#"{"type":"object","properties":{"owner":{"type":"string","description":"The account owner of the repository. The name is not case sensitive."},"repo":{"type":"string","description":"The name of the repository without the `.git` extension. The name is not case sensitive."}},"required":["owner","repo"],"additionalProperties":false}"#,
        parameters: &[Parameter::path("owner"), Parameter::path("repo")],
        paging: "",
    },
];

// -- tools
/// Adds the tools to `connector`.
pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.hosts([HOST]).sign_in([READ]).tool(find_tool()).tool(read_tool()).tool(write_tool())
}
