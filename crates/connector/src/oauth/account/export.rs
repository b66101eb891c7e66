//! `/account/people/export`: who had access when, as a file for the owner. The `Directory` asks the objects of some people at a time, and
//! the file is sent while it is made, so that its size does not matter. Where there are many people, it comes in parts: a Worker may make
//! a limited number of requests for one of its own.

use futures::stream;
use futures::{StreamExt as _, TryFutureExt as _};

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::grants::ended::EndReason;
use mcp_connector_oauth::grants::history::record::{AccessEnd, AccessOrigin, AccessRecord};
use mcp_connector_oauth::web::redirect_uri::destination_of;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::{ACCOUNT_EXPORT_PATH, ACCOUNT_PEOPLE_PATH};
use crate::oauth::account::csv;
use crate::oauth::account::session::{owner_form, owner_page};
use crate::oauth::context::OAuthContext;
use crate::oauth::sign_in_error::SignInError;
use crate::objects::directory::commands::{KnownPerson, ListPeopleAccess, PeopleAccess};
use crate::objects::directory::stub::DirectoryStub;
use crate::pages;
use crate::pages::FormTarget;
use crate::pages::account::export::{ExportPage, PART_FIELD};
use crate::pages::when::iso;

/// About how many people a part has.
const PEOPLE_IN_PART: u64 = 1000;
/// Maximum number of parts.
const MAX_PARTS: u64 = 100;
/// What follows the names of all objects, which are hexadecimal.
const AFTER_ALL: &str = "g";

const HEADER: [&str; 14] = [
    "person",
    "address",
    "identifier",
    "access",
    "app",
    "app identifier",
    "sent to",
    "endpoint",
    "permissions",
    "from",
    "last used",
    "until",
    "state",
    "why it ended",
];

/// Shows the page with the parts.
pub(crate) async fn show(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let session = match owner_page(oauth, incoming).await? {
        Ok(of_the_owner) => of_the_owner,
        Err(instead) => return Ok(instead),
    };
    let people = oauth.directory().count_people(PEOPLE_IN_PART * MAX_PARTS).await?;
    let sealed = session.form_token(oauth.secrets.keys(), &oauth.entropy).ok_or(SignInError::BrokenForm)?;
    let content = ExportPage { parts: people.div_ceil(PEOPLE_IN_PART).max(1), back: ACCOUNT_PEOPLE_PATH };
    let form = FormTarget { action: ACCOUNT_EXPORT_PATH, sealed: &sealed };
    Ok(Answer::page(200, pages::export(&content, &form)))
}

/// Sends a part. It takes the form of the page, so that no other site can cause it.
pub(crate) async fn download(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let (_, form) = match owner_form(oauth, incoming).await? {
        Ok(of_the_owner) => of_the_owner,
        Err(signed_out) => return Ok(signed_out),
    };
    let part = form.get(PART_FIELD).map_err(|_| SignInError::BrokenForm)?.and_then(Part::parse);
    let part = part.ok_or(SignInError::BrokenForm)?;
    let (policy, env, now) = (oauth.secrets.policy().clone(), oauth.env.clone(), oauth.now);
    let list = move |after: String| ListPeopleAccess { after, before: part.end(), policy: policy.clone() };
    // Until the first people are there, an outage is a page.
    let first = oauth.directory().people_access(list(part.begin())).await?;
    let mut begin = csv::BYTE_ORDER_MARK.to_owned();
    csv::push_record(&mut begin, &HEADER);
    begin.push_str(&lines(&first));
    let rest = stream::try_unfold(first.next, move |next| {
        let (env, list) = (env.clone(), next.map(&list));
        async move {
            let Some(list) = list else { return Ok(None) };
            let more = DirectoryStub { env: &env }.people_access(list);
            let more = more.map_err(|_| worker::Error::from("who had access could not be read")).await?;
            Ok(Some((lines(&more).into_bytes(), more.next)))
        }
    });
    let chunks = stream::once(async move { Ok(begin.into_bytes()) }).chain(rest);
    Ok(Answer::chunks("text/csv; charset=utf-8; header=present", chunks)
        .header("content-disposition", format!("attachment; filename=\"{}\"", part.file_name(now)))
        .header("x-content-type-options", "nosniff")
        .header("cache-control", "no-store")
        .header("cross-origin-resource-policy", "same-origin")
        .header("content-security-policy", "default-src 'none'; sandbox"))
}

/// A part of the file. People belong to it by the names of their objects, so that nobody moves to another part meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    /// It counts from one.
    number: u64,
    of: u64,
}

impl Part {
    /// Reads `2/3`.
    fn parse(text: &str) -> Option<Self> {
        let (number, of) = text.split_once('/')?;
        let (number, of) = (number.parse().ok()?, of.parse().ok()?);
        (1 <= number && number <= of && of <= MAX_PARTS).then_some(Self { number, of })
    }

    fn begin(self) -> String {
        format!("{:08x}", ((self.number - 1) << 32) / self.of)
    }

    fn end(self) -> String {
        if self.number == self.of { AFTER_ALL.to_owned() } else { format!("{:08x}", (self.number << 32) / self.of) }
    }

    fn file_name(self, now: Timestamp) -> String {
        let time = iso(now);
        let day = time.split('T').next().unwrap_or_default();
        match self.of {
            1 => format!("access-{day}.csv"),
            of => format!("access-{day}-part-{}-of-{of}.csv", self.number),
        }
    }
}

fn lines(access: &PeopleAccess) -> String {
    let mut csv = String::new();
    for (person, records) in &access.people {
        if records.is_empty() {
            push(&mut csv, person, &["none", "", "", "", "", "", "", "", "", "", ""]);
        }
        for record in records {
            push_record(&mut csv, person, record);
        }
    }
    csv
}

fn push_record(csv: &mut String, person: &KnownPerson, record: &AccessRecord) {
    let (access, identifier, sent_to) = match &record.origin {
        AccessOrigin::SignIn { client_id, redirect_uri } => {
            ("sign-in", client_id.as_str().to_owned(), destination_of(redirect_uri).1)
        }
        AccessOrigin::Assertion { client_id, issuer } => ("assertion", client_id.as_str().to_owned(), issuer.clone()),
        AccessOrigin::Key => ("access key", format!("key:{}", record.id), String::new()),
    };
    let (until, state, why) = match record.end {
        AccessEnd::Until(until) => (until, "active", ""),
        AccessEnd::NotAdmitted(until) => (until, "not admitted", "the settings do not admit it"),
        AccessEnd::Expired(at) => (at, "expired", "its time had run out"),
        AccessEnd::Ended(ended) => (ended.at, "ended", why(ended.reason)),
    };
    let cells = [
        access,
        record.name.as_deref().unwrap_or_default(),
        &identifier,
        &sent_to,
        record.resource.as_str(),
        record.scope.as_str(),
        &iso(record.began_at),
        &record.used_at.map(iso).unwrap_or_default(),
        &iso(until),
        state,
        why,
    ];
    push(csv, person, &cells);
}

fn push(csv: &mut String, person: &KnownPerson, access: &[&str; 11]) {
    let (name, email) = (person.name.as_deref().unwrap_or_default(), person.email.as_deref().unwrap_or_default());
    let who = [name, email, person.subject.as_str()];
    csv::push_record(csv, &[who.as_slice(), access.as_slice()].concat());
}

const fn why(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Client => "the app gave it up",
        EndReason::Person => "the person ended it",
        EndReason::CodeReplayed => "its code was used twice",
        EndReason::TokenReplayed => "two parties had its refresh token",
        EndReason::CredentialsChanged => {
            "the settings or the identity provider no longer admitted the person or the app"
        }
        EndReason::LimitReached => "there were too many, and it had been idle the longest",
        EndReason::Owner => "the owner ended it",
    }
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::identifier::{ClientId, GrantId};
    use mcp_connector_base::scope::ScopeSet;
    use mcp_connector_oauth::grants::ended::Ended;
    use mcp_connector_oauth::resource::protected_resource::Resource;

    use super::*;

    const AT: Timestamp = Timestamp::from_seconds(1_795_258_260);

    fn jane() -> KnownPerson {
        KnownPerson {
            person: "0a".to_owned(),
            subject: "s3bj".to_owned(),
            name: Some("=Jane".to_owned()),
            email: None,
            first_at: AT,
            last_at: AT,
        }
    }

    fn record(origin: AccessOrigin, end: AccessEnd) -> AccessRecord {
        AccessRecord {
            id: GrantId::from_bytes([1; 8]),
            origin,
            name: Some("n, \"8\" n".to_owned()),
            resource: Resource::parse("https://mcp.example.com/mcp").unwrap(),
            scope: ScopeSet::parse("profile notes:read").unwrap(),
            began_at: AT,
            used_at: None,
            end,
        }
    }

    #[test]
    fn each_access_is_a_line_that_says_how_from_when_until_when_and_why() {
        let client_id = ClientId::new("app").unwrap();
        let redirect_uri = "https://app.example/cb".to_owned();
        let ended = AccessEnd::Ended(Ended { at: AT.plus(60), reason: EndReason::Owner });
        let access = PeopleAccess {
            people: vec![
                (jane(), vec![record(AccessOrigin::SignIn { client_id, redirect_uri }, ended)]),
                (jane(), vec![]),
            ],
            next: None,
        };
        let who = "\"'=Jane\",\"\",\"s3bj\"";
        assert_eq!(
            lines(&access),
            format!(
                "{who},\"sign-in\",\"n, \"\"8\"\" n\",\"app\",\"app.example\",\"https://mcp.example.com/mcp\",\
                 \"notes:read profile\",\"2026-11-21T10:51:00Z\",\"\",\"2026-11-21T10:52:00Z\",\"ended\",\"the owner ended it\"\r\n\
                 {who},\"none\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n"
            )
        );
        let key =
            PeopleAccess { people: vec![(jane(), vec![record(AccessOrigin::Key, AccessEnd::Until(AT))])], next: None };
        assert!(
            lines(&key).contains("\"access key\",\"n, \"\"8\"\" n\",\"key:0101010101010101\",\"\""),
            "{}",
            lines(&key)
        );
    }

    #[test]
    fn the_parts_have_everybody_once() {
        for of in [1, 2, 3, 7, 100] {
            let parts: Vec<Part> = (1..=of).map(|number| Part { number, of }).collect();
            assert_eq!((parts[0].begin().as_str(), parts[parts.len() - 1].end().as_str()), ("00000000", AFTER_ALL));
            for pair in parts.windows(2) {
                assert_eq!(pair[0].end(), pair[1].begin());
                assert!(pair[0].begin() < pair[0].end());
            }
        }
        // The name of an object is longer, so that it is on one side of each boundary.
        assert!("80000000000000000000000000000000" > Part { number: 2, of: 2 }.begin().as_str());
    }

    #[test]
    fn a_part_is_one_of_at_most_a_hundred() {
        assert_eq!(Part::parse("2/3"), Some(Part { number: 2, of: 3 }));
        for text in ["", "1", "0/1", "2/1", "1/101", "1/0", "-1/2", "1/2/3", "a/b", "18446744073709551616/1"] {
            assert_eq!(Part::parse(text), None, "{text}");
        }
        assert_eq!(Part { number: 1, of: 1 }.file_name(AT), "access-2026-11-21.csv");
        assert_eq!(Part { number: 2, of: 3 }.file_name(AT), "access-2026-11-21-part-2-of-3.csv");
    }
}
