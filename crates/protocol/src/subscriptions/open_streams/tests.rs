//! Which streams receive which changes.

use crate::subscriptions::change::Topic;
use crate::subscriptions::interest::{Interest, Watched};
use crate::subscriptions::open_streams::*;
use crate::testing::test_client::caller;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::scope::ScopeSet;

const LIMITS: Limits = Limits { total: 6, anonymous: 3, network: 3, each: 2 };

fn person(name: &str) -> Caller {
    Caller { subject: Subject::new(name).unwrap(), grant: Some(GrantId::from_bytes([7; 8])), ..caller("") }
}

fn interest(lists: &[Topic], uris: &[(&str, bool)]) -> Interest {
    let uris = uris.iter().map(|(uri, is_own)| Watched { uri: (*uri).to_owned(), is_own: *is_own }).collect();
    Interest { lists: lists.iter().copied().collect(), own_resource_list: true, uris, tasks: Vec::new() }
}

fn subscription(who: Option<&Caller>, interest: Interest) -> Listener {
    Listener::new(who, None, interest, ListenerKind::Subscription { id: "1".to_owned(), end: b"end".to_vec() })
}

fn session(who: Option<&Caller>, id: &str) -> Listener {
    Listener::new(
        who,
        None,
        interest(&[Topic::ToolList, Topic::ResourceList], &[]),
        ListenerKind::Session(id.to_owned()),
    )
}

fn recipients(
    streams: &OpenStreams,
    change: &Change,
    by: Option<&Caller>,
    watching: &[(String, bool)],
) -> Vec<StreamId> {
    let mut recipients: Vec<_> = streams
        .recipients(change, &Concerns::caller(by.map(|by| &by.subject)), watching)
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    recipients.sort();
    recipients
}

#[test]
fn a_stream_hears_of_what_it_asked_for() {
    let mut streams = OpenStreams::new(LIMITS);
    let tools = streams.open(subscription(None, interest(&[Topic::ToolList], &[])), 0).unwrap();
    let prompts = streams.open(subscription(None, interest(&[Topic::PromptList], &[])), 0).unwrap();
    let about = streams.open(subscription(None, interest(&[], &[("about://this", false)])), 0).unwrap();
    let resource = |uri: &str| Change::Resource(uri.to_owned());
    assert_eq!(recipients(&streams, &Change::Tools, None, &[]), [tools]);
    assert_eq!(recipients(&streams, &Change::Prompts, None, &[]), [prompts]);
    assert_eq!(recipients(&streams, &resource("about://this"), None, &[]), [about]);
    assert_eq!(recipients(&streams, &resource("about://that"), None, &[]), []);
    assert_eq!(recipients(&streams, &Change::Resources, None, &[]), []);
}

#[test]
fn what_needs_a_sign_in_is_told_to_its_own_person_only() {
    let (alice, bob) = (person("alice"), person("bob"));
    let all = || interest(&[Topic::ResourceList], &[("note://1", true)]);
    let mut streams = OpenStreams::new(LIMITS);
    let of_alice = streams.open(subscription(Some(&alice), all()), 0).unwrap();
    let of_bob = streams.open(subscription(Some(&bob), all()), 0).unwrap();
    streams.open(subscription(None, all()), 0).unwrap();
    let note = Change::Resource("note://1".to_owned());
    for change in [note, Change::Resources] {
        assert_eq!(recipients(&streams, &change, Some(&alice), &[]), [of_alice], "{change:?}");
        assert_eq!(recipients(&streams, &change, Some(&bob), &[]), [of_bob], "{change:?}");
        assert_eq!(recipients(&streams, &change, None, &[]), [], "{change:?}: without a token there is no owner");
    }
}

#[test]
fn what_concerns_everybody_is_told_to_those_whose_token_has_the_scopes() {
    let scopes = |text: &str| ScopeSet::parse(text).unwrap();
    let with = |name, text| Caller { scopes: scopes(text), ..person(name) };
    let all = || interest(&[Topic::ResourceList], &[("report://team", true), ("about://this", false)]);
    let mut streams = OpenStreams::new(LIMITS);
    let reads = streams.open(subscription(Some(&with("alice", "read")), all()), 0).unwrap();
    let more = streams.open(subscription(Some(&with("bob", "read write")), all()), 0).unwrap();
    let less = streams.open(subscription(Some(&with("carol", "write")), all()), 0).unwrap();
    let anonymous = streams.open(subscription(None, all()), 0).unwrap();
    // Its session subscribed with another token.
    let session = streams.open(session(Some(&with("dave", "write")), "S"), 0).unwrap();
    let watching = [("S".to_owned(), true)];
    let told = |change: &Change, needed: &str| -> Vec<StreamId> {
        let recipients = streams.recipients(change, &Concerns::Everybody(scopes(needed)), &watching);
        let mut ids: Vec<StreamId> = recipients.into_iter().map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids
    };
    let report = Change::resource("report://team");
    assert_eq!(told(&report, "read"), [reads, more]);
    assert_eq!(told(&report, "read write"), [more]);
    assert_eq!(told(&report, ""), [reads, more, less, session], "what takes only a sign-in");
    assert_eq!(told(&Change::resource("about://this"), "read"), [reads, more, less, anonymous]);
    assert_eq!(told(&Change::Resources, ""), [reads, more, less, session], "a list that each person has");
}

#[test]
fn a_message_goes_to_exactly_one_stream_of_a_session_and_to_every_subscription() {
    let mut streams = OpenStreams::new(LIMITS);
    let alice = person("alice");
    let subscribed = streams.open(subscription(None, interest(&[Topic::ToolList], &[])), 0).unwrap();
    streams.open(session(None, "a"), 0).unwrap();
    let newest = streams.open(session(Some(&alice), "a"), 0).unwrap();
    let other = streams.open(session(None, "b"), 0).unwrap();
    assert_eq!(recipients(&streams, &Change::Tools, None, &[]), [subscribed, newest, other]);
    streams.close(newest).unwrap();
    assert_eq!(recipients(&streams, &Change::Tools, None, &[]).len(), 3);
}

#[test]
fn a_session_hears_of_the_resources_that_it_remembers() {
    let mut streams = OpenStreams::new(LIMITS);
    let alice = person("alice");
    let older = streams.open(session(Some(&alice), "a"), 0).unwrap();
    streams.open(session(None, "a"), 0).unwrap();
    streams.open(session(Some(&person("bob")), "b"), 0).unwrap();
    let change = Change::Resource("note://1".to_owned());
    let watching = [("a".to_owned(), true), ("b".to_owned(), true)];
    assert_eq!(recipients(&streams, &change, Some(&alice), &watching), [older], "not the newer one without a token");
    assert_eq!(recipients(&streams, &change, Some(&alice), &[]), []);
}

#[test]
fn of_a_task_hear_those_who_listen_to_it_until_it_is_over() {
    let task = |n: u8| TaskId::parse(&format!("work.{n:032x}")).unwrap();
    let to = |ids: &[u8], lists: &[Topic]| Interest {
        tasks: ids.iter().copied().map(task).collect(),
        ..interest(lists, &[])
    };
    let mut streams = OpenStreams::new(LIMITS);
    let both = streams.open(subscription(None, to(&[1, 2], &[])), 0).unwrap();
    let more = streams.open(subscription(None, to(&[2], &[Topic::ToolList])), 0).unwrap();
    streams.open(session(None, "a"), 0).unwrap();
    let listening =
        |streams: &OpenStreams, n: u8| streams.listening_to(&task(n)).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!((listening(&streams, 1), listening(&streams, 2)), (vec![both], vec![both, more]));
    assert_eq!(streams.listening_to(&task(1)), [(both, "1".to_owned())]);
    for (id, n) in [(both, 1), (more, 2)] {
        assert_eq!(streams.finished(), [], "there is more to hear");
        streams.end_task(id, &task(n));
    }
    assert_eq!((listening(&streams, 1), listening(&streams, 2)), (vec![], vec![both]));
    streams.end_task(both, &task(2));
    assert_eq!(streams.finished(), [both], "not the one that also receives changes of tools, and no session");
}

#[test]
fn streams_are_bounded_and_anonymous_clients_leave_room() {
    let mut streams = OpenStreams::new(LIMITS);
    let open = |streams: &mut OpenStreams, who: Option<&Caller>| {
        streams.open(subscription(who, interest(&[Topic::ToolList], &[])), 0)
    };
    for _ in 0..3 {
        open(&mut streams, None).unwrap();
    }
    assert_eq!(open(&mut streams, None), Err(Full::InAll));
    let alice = person("alice");
    let first = open(&mut streams, Some(&alice)).unwrap();
    open(&mut streams, Some(&alice)).unwrap();
    assert_eq!(open(&mut streams, Some(&alice)), Err(Full::OfThisOwner));
    open(&mut streams, Some(&person("bob"))).unwrap();
    assert_eq!(open(&mut streams, Some(&person("carol"))), Err(Full::InAll));
    assert!(streams.close(first).is_some() && streams.close(first).is_none());
    open(&mut streams, Some(&person("carol"))).unwrap();
}

#[test]
fn a_stream_is_over_when_its_token_is() {
    let mut streams = OpenStreams::new(LIMITS);
    let alice = person("alice");
    let kind = || ListenerKind::Session("a".to_owned());
    let soon = streams.open(Listener::new(Some(&alice), Some(100), Interest::default(), kind()), 0).unwrap();
    streams.open(Listener::new(Some(&person("bob")), Some(200), Interest::default(), kind()), 0).unwrap();
    streams.open(Listener::new(None, None, Interest::default(), kind()), 0).unwrap();
    assert_eq!((streams.expired(99), streams.expired(100)), (vec![], vec![soon]));
    let grants = vec![GrantId::from_bytes([7; 8])];
    let of = |name| (person(name).subject, grants.clone());
    assert_eq!(streams.grants(), [of("alice"), of("bob")], "each once, by whose they are");
    assert_eq!(streams.which(|listener| listener.grant().is_some()).len(), 2);
}

#[test]
fn anonymous_clients_of_one_network_leave_room_for_those_of_others() {
    let mut streams = OpenStreams::new(Limits { network: 2, ..LIMITS });
    let kind = || ListenerKind::Session("s".to_owned());
    let anonymous = |network: &str| Listener::new(None, None, Interest::default(), kind()).from_network(network);
    assert!(streams.open(anonymous("a"), 0).is_ok());
    let second = streams.open(anonymous("a"), 0).unwrap();
    assert_eq!(streams.open(anonymous("a"), 0), Err(Full::OfThisOwner));
    assert!(streams.open(anonymous("b"), 0).is_ok());
    assert_eq!(streams.open(anonymous("c"), 0), Err(Full::InAll), "three without a token in all");
    streams.close(second);
    assert!(streams.open(anonymous("a"), 0).is_ok());
}

#[test]
fn a_persons_streams_count_in_all_shards_together() {
    let mut streams = OpenStreams::new(LIMITS);
    let alice = person("alice");
    let open = |streams: &mut OpenStreams, elsewhere| {
        streams.open(subscription(Some(&alice), interest(&[Topic::ToolList], &[])), elsewhere)
    };
    assert_eq!(open(&mut streams, 2), Err(Full::OfThisOwner));
    assert!(open(&mut streams, 1).is_ok());
    assert_eq!(streams.count_of(Some(&alice.subject)), 1);
    assert_eq!(open(&mut streams, 1), Err(Full::OfThisOwner));
}

#[test]
fn a_sessions_streams_stay_together_where_others_have_no_room() {
    let mut streams = OpenStreams::new(Limits { total: 1, ..LIMITS });
    let alice = person("alice");
    streams.open(session(Some(&alice), "a"), 0).unwrap();
    assert_eq!(streams.open(session(Some(&alice), "b"), 0), Err(Full::InAll));
    assert!(streams.open(session(Some(&alice), "a"), 0).is_ok());
    assert_eq!(streams.open(session(Some(&alice), "a"), 0), Err(Full::OfThisOwner), "two of one person");
}
