//! The connector: what it is called, its tools, its view, its resources and its prompt. This is the file to edit.

use mcp_connector::{
    ClientCapability, Connector, Context, Json, ListPage, ListedPage, ListedResource, Partial, Prompt,
    ResourceTemplate, Scope, Select, Store, StorePage, Tool, ToolError, View,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const PROFILE: Scope = Scope::new("profile", "See who you are");
const NOTES_READ: Scope = Scope::new("notes:read", "Read your notes");
const NOTES_WRITE: Scope = Scope::new("notes:write", "Save and delete your notes");

/// Returns everything that the connector offers.
pub(crate) fn connector() -> Connector {
    Connector::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        .title("Notes")
        .description("Keeps short notes for the person who signs in.")
        .instructions("Keeps short notes. Call list_notes before you delete one: it gives the ids.")
        .sign_in([PROFILE, NOTES_READ])
        .tool(
            Tool::new("echo", "Say the same text back. Needs no sign-in.", echo)
                .argument("text", "What to say back.")
                .title("Echo")
                .read_only(),
        )
        .tool(Tool::new("whoami", "Tell who is signed in.", whoami).title("Who am I").scope(PROFILE).read_only())
        .tool(
            Tool::new("list_notes", "List the notes, with their ids, page by page.", list_notes)
                .title("List notes")
                .scope(NOTES_READ)
                .read_only()
                .shows("ui://notes"),
        )
        .tool(Tool::new("save_note", "Save a new note.", save_note).title("Save note").scope(NOTES_WRITE).additive())
        .tool(
            Tool::new("delete_note", "Delete one note for good.", delete_note)
                .title("Delete note")
                .scope(NOTES_WRITE)
                .destructive()
                .check_revocation(),
        )
        .view(
            View::new("ui://notes", "notes", "The notes, to look through.", include_str!("notes.html"))
                .title("Notes")
                .bordered(),
        )
        .template(
            ResourceTemplate::new("note://{id}", "note", "One of the notes.", read_note)
                .title("Note")
                .mime_type("text/markdown")
                .scope(NOTES_READ)
                .listed_in_pages(note_resources)
                .complete("id", complete_id),
        )
        .prompt(
            Prompt::new("summarize_notes", "Sum up the notes.", summarize_notes)
                .title("Summarize notes")
                .scope(NOTES_READ),
        )
}

async fn echo(text: String) -> Result<String, ToolError> {
    Ok(text)
}

async fn whoami(cx: Context) -> Result<String, ToolError> {
    let subject = cx.subject()?;
    // An identity provider may give a name or an address. With the passphrase, only the subject is known.
    let known_as = cx.caller().and_then(|caller| caller.name().or(caller.email()));
    Ok(known_as.map_or_else(|| format!("You are {subject}."), |name| format!("You are {name} ({subject}).")))
}

/// A note, as a tool takes it and as it is stored.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Note {
    /// A short heading.
    #[schemars(length(min = 1, max = 200))]
    title: String,
    /// The text of the note.
    #[schemars(length(max = 20_000))]
    body: String,
}

impl Note {
    fn to_markdown(&self) -> String {
        format!("# {}\n\n{}", self.title, self.body)
    }
}

/// A note with its id.
#[derive(Serialize, JsonSchema)]
struct ListedNote {
    id: u64,
    #[serde(flatten)]
    note: Note,
}

#[derive(Deserialize, JsonSchema)]
struct ListNotes {
    /// `next_cursor` of the page before. Leave it out for the first page.
    cursor: Option<u64>,
    /// Only notes whose titles begin with this. Leave it out for all.
    title: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Notes {
    notes: Vec<ListedNote>,
    /// Present if there are more notes. Pass it as `cursor` to get the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<u64>,
}

/// Size of a page of notes for a model, in bytes. A longer note has a page of its own.
const PAGE_BYTES: usize = 64 * 1024;

/// Returns the notes of the caller. The title of a note is its name, so titles are listed and searched without the notes.
fn notes_of(cx: &Context) -> Result<Store, ToolError> {
    Ok(Store::of(cx, "notes")?.named_by("title"))
}

async fn list_notes(args: ListNotes, cx: Context) -> Result<Json<Notes>, ToolError> {
    let select = Select::all().after(args.cursor).name_prefix(args.title.unwrap_or_default()).max_bytes(PAGE_BYTES);
    let StorePage { records, next } = notes_of(&cx)?.page(select).await?;
    let notes = records.into_iter().map(|(id, note)| ListedNote { id, note }).collect();
    Ok(Json(Notes { notes, next_cursor: next }))
}

async fn save_note(note: Note, cx: Context) -> Result<String, ToolError> {
    let id = notes_of(&cx)?.add(&note).await?;
    Ok(format!("“{}” is saved as note {id}.", note.title))
}

#[derive(Deserialize, JsonSchema)]
struct NoteId {
    /// Id of the note, as `list_notes` gives it.
    id: u64,
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Delete it
    sure: bool,
}

async fn delete_note(args: NoteId, cx: Context) -> Result<String, ToolError> {
    let notes = notes_of(&cx)?;
    let note: Option<Note> = notes.get(args.id).await?;
    let Some(note) = note else {
        return Err(ToolError::new(format!("There is no note {}. Call list_notes to see which there are.", args.id)));
    };
    // A client that cannot show the question asks the person itself before it calls a destructive tool.
    if cx.can(ClientCapability::Elicitation) {
        let question = format!("Delete “{}” for good?", note.title);
        let Confirmation { sure } = cx.elicit("confirm", question).await?;
        if !sure {
            return Ok(format!("“{}” is kept.", note.title));
        }
    }
    notes.delete(args.id).await?;
    Ok(format!("“{}” is deleted.", note.title))
}

async fn read_note(args: NoteId, cx: Context) -> Result<Option<String>, ToolError> {
    let note: Option<Note> = notes_of(&cx)?.get(args.id).await?;
    Ok(note.map(|note| note.to_markdown()))
}

/// Lists the notes as resources.
async fn note_resources(page: ListPage, cx: Context) -> Result<ListedPage, ToolError> {
    let titles = notes_of(&cx)?.names(Select::all().after(page.after).limit(page.limit)).await?;
    let resource = |(id, title)| ListedResource::new(format!("note://{id}"), title);
    Ok(ListedPage { resources: titles.records.into_iter().map(resource).collect(), next: titles.next })
}

async fn complete_id(partial: Partial, cx: Context) -> Result<Vec<String>, ToolError> {
    let ids = notes_of(&cx)?.ids(&partial.value, Partial::MAX_VALUES).await?;
    Ok(ids.into_iter().map(|id| id.to_string()).collect())
}

#[derive(Deserialize, JsonSchema)]
struct SummarizeNotes {
    /// What the summary is about. Leave it out for all notes.
    topic: Option<String>,
}

async fn summarize_notes(args: SummarizeNotes, cx: Context) -> Result<String, ToolError> {
    let StorePage { records, next } = notes_of(&cx)?.page(Select::all().max_bytes(PAGE_BYTES)).await?;
    let mut notes: Vec<String> = records.iter().map(|(_, note): &(u64, Note)| note.to_markdown()).collect();
    if let Some(next) = next {
        notes.push(format!("These are the first notes. For the others call list_notes with {next} as cursor."));
    }
    let about = args.topic.map(|topic| format!(" Include only what concerns {topic}.")).unwrap_or_default();
    Ok(format!("Sum up these notes in a few sentences.{about}\n\n{}", notes.join("\n\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connector_has_no_errors() {
        assert_eq!(connector().check(), []);
    }

    #[test]
    fn wrangler_toml_has_what_the_connector_needs() {
        let missing = mcp_connector::check_wrangler_toml(&connector(), include_str!("../wrangler.toml"));
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }
}
