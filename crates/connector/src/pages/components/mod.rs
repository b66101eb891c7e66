//! What the pages are drawn with: sections, entries, forms, fields, and notices. Each draws itself in a template by `(it)`.
//!
//! A section of the account page is a file of its own in [`account`](crate::pages::account). It holds what the section says as a
//! struct, and a function that draws it:
//!
//! ```ignore
//! pub(crate) fn section(keys: &AccessKeysSection<'_>, form: &FormTarget<'_>, now: Timestamp) -> Markup {
//!     Section::new("keys", "Access keys")
//!         .lead("For programs that cannot sign in.")
//!         .content(html! {
//!             // One line for each, which opens to what else there is to know and to do.
//!             (entries(keys.iter().map(|key| {
//!                 Entry::new(key.name)
//!                     .mark(Mark::Quiet, "read only")
//!                     .line(html! { "Last used " (ago(key.used_at, now)) })
//!                     .content(html! {
//!                         (Facts::new().fact("Made", day(key.made_at)).fact("Ends", day(key.ends_at)))
//!                         (action_form(form, AccountFormAction::EndKey)
//!                             .hidden(KEY_FIELD, key.id.as_str())
//!                             .button(Button::danger("End this key").spoken(format!("End the key {}", key.name))))
//!                     })
//!             })))
//!             // What is made here, folded away until it is wanted.
//!             (Fold::new("New access key").content(html! {
//!                 (action_form(form, AccountFormAction::NewKey)
//!                     .field(TextField::new("key-name", NAME_FIELD, "Name").hint("What will use it").max_length(60))
//!                     .field(Select::new("key-days", DAYS_FIELD, "Ends after").option("30", "30 days").option("365", "1 year"))
//!                     .field(CheckboxList::new(SCOPE_FIELD, "It can").option("notes:read", "Read your notes", Ticked::Yes))
//!                     .field(PassphraseField::new("key-passphrase"))
//!                     .button(Button::primary("Make the key")))
//!             }))
//!         })
//!         .render()
//! }
//! ```
//!
//! What was just done is a [`Notice`](crate::pages::account::notice::Notice), which the page shows above its sections and which names
//! the thing. A secret that is shown once is a [`Secret`](secret::Secret). Text that somebody else has chosen goes through
//! [`untrusted_text`](crate::pages::untrusted_text); names and values that are given to these components already do.

pub(crate) mod entry;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod message;
pub(crate) mod passkey;
pub(crate) mod secret;
pub(crate) mod section;
