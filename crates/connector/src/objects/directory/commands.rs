//! The commands of the `Directory`.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client::ClientStatus;
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::grants::history::record::AccessRecord;
use mcp_connector_oauth::login::admission::AdmissionPolicy;
use mcp_connector_oauth::login::person::Person;

/// A person who has signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SignedInPerson {
    pub(crate) subject: Subject,
    /// What to call the person: a hundred characters at most.
    pub(crate) name: Option<String>,
    /// Their verified address.
    pub(crate) email: Option<String>,
}

impl From<&Person> for SignedInPerson {
    fn from(person: &Person) -> Self {
        let email = person.email().map(str::to_owned);
        Self { subject: person.subject.clone(), name: person.truncated_name(), email }
    }
}

/// Enters that a person has signed in.
#[derive(Serialize, Deserialize)]
pub(crate) struct EnterSignIn(pub(crate) SignedInPerson);

/// Enters that a person allows a client, unless the client was ended.
#[derive(Serialize, Deserialize)]
pub(crate) struct EnterConsent {
    pub(crate) person: SignedInPerson,
    pub(crate) client: ClientHash,
}

/// Enters that a person has used a client, unless the client was ended.
#[derive(Serialize, Deserialize)]
pub(crate) struct EnterUse {
    pub(crate) person: SignedInPerson,
    pub(crate) client: ClientHash,
    /// The time of the sign-in for the grant that was used.
    pub(crate) signed_in_at: Timestamp,
}

/// Asks whether a client was ended.
#[derive(Serialize, Deserialize)]
pub(crate) struct CheckClient(pub(crate) ClientHash);

/// Asks when a client was last used.
#[derive(Serialize, Deserialize)]
pub(crate) struct GetLastUse(pub(crate) ClientHash);

/// Asks who uses clients. The answer has their order.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListUsers(pub(crate) Vec<ClientHash>);

/// Lists people in the order of their names.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListPeople {
    /// What the owner has typed, if they search.
    pub(crate) search: Option<String>,
    /// The last person of the page before.
    pub(crate) after: Option<String>,
}

/// Asks for the person whose `Grants` object has this name.
#[derive(Serialize, Deserialize)]
pub(crate) struct GetPerson(pub(crate) String);

/// A person who has signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownPerson {
    /// The name of their `Grants` object.
    pub(crate) person: String,
    pub(crate) subject: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) first_at: Timestamp,
    /// Exact to the day.
    pub(crate) last_at: Timestamp,
}

/// A page of people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeoplePage {
    pub(crate) people: Vec<KnownPerson>,
    /// The person after whom the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

/// Lists what had access for people, in the order of the names of their objects.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListPeopleAccess {
    /// The place after which to begin: the name of an object, or its beginning.
    pub(crate) after: String,
    /// The place before which to end.
    pub(crate) before: String,
    /// Who may sign in, according to the current settings.
    pub(crate) policy: AdmissionPolicy,
}

/// What had access for some people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeopleAccess {
    pub(crate) people: Vec<(KnownPerson, Vec<AccessRecord>)>,
    /// The place after which there may be more.
    pub(crate) next: Option<String>,
}

/// Counts people, up to a limit.
#[derive(Serialize, Deserialize)]
pub(crate) struct CountPeople {
    pub(crate) at_most: u64,
}

/// Ends a client for everybody and for good.
#[derive(Serialize, Deserialize)]
pub(crate) struct EndClient(pub(crate) ClientHash);

/// The people who use a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientUsers {
    /// What to call some of them: their names, or else their subjects.
    pub(crate) names: Vec<String>,
    /// How many there are. Not more than a thousand are counted.
    pub(crate) count: u64,
    pub(crate) first_use: Option<Timestamp>,
    /// Exact to the day.
    pub(crate) last_use: Option<Timestamp>,
    /// The time at which the owner ended the client.
    pub(crate) ended_at: Option<Timestamp>,
}

commands! {
    EnterSignIn => ();
    EnterConsent => ClientStatus;
    EnterUse => ClientStatus;
    CheckClient => ClientStatus;
    GetLastUse => Option<Timestamp>;
    ListUsers => Vec<ClientUsers>;
    ListPeople => PeoplePage;
    GetPerson => Option<KnownPerson>;
    EndClient => ();
    // `None` if the object of a person does not answer.
    ListPeopleAccess => Option<PeopleAccess>;
    CountPeople => u64;
}
