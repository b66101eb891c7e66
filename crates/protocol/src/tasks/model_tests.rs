//! Random sequences of what happens to a task.

use std::time::Duration;

use proptest::prelude::*;

use crate::deliveries::{EventKey, ResumeTask};
use crate::tasks::*;
use crate::testing::test_client::caller;
use crate::testing::test_host::TTL;
use mcp_connector_base::caller::Caller;

fn call(who: Option<&Caller>) -> TaskCall {
    TaskCall::new("t", "{}".to_owned(), 4, 0, who)
}

/// Anything that may happen to a task.
fn event() -> impl Strategy<Value = Event> {
    let key = || "[ab]".prop_map(|key| (key, "{}".to_owned()));
    prop_oneof![
        (0..TTL / 8).prop_map(Event::Passes),
        Just(Event::Get),
        prop::collection::vec(key(), 0..3).prop_map(Event::Update),
        Just(Event::Cancel),
        Just(Event::Listen),
        Just(Event::Wake),
        Just(Event::Interrupt),
        Just(Event::End(End::Result("{}".to_owned()))),
        Just(Event::End(End::Error("{}".to_owned(), String::new()))),
        prop::collection::vec(key(), 1..3).prop_map(|open| Event::End(End::Questions(open))),
        (event_key(), 0..TTL)
            .prop_map(|(key, limit)| { Event::End(End::Waiting(key, Duration::from_millis(limit), None)) }),
        event_key().prop_map(Event::Deliver),
        event_key().prop_map(Event::WaitedInVain),
        "[ab]".prop_map(Event::Step),
    ]
}

#[derive(Clone, Debug)]
enum Event {
    Passes(u64),
    Get,
    Update(Answers),
    Cancel,
    Listen,
    Wake,
    /// The object is evicted; a run that is going on has no end.
    Interrupt,
    End(End),
    Deliver(EventKey),
    WaitedInVain(EventKey),
    /// A step of a run that is going on.
    Step(String),
}

fn event_key() -> impl Strategy<Value = EventKey> {
    "[ab]".prop_map(|key| EventKey::parse(&key).unwrap())
}

proptest! {
    #[test]
    fn in_any_history_a_task_keeps_its_promises(events in prop::collection::vec(event(), 0..40)) {
        let mine = Some(Owner::of(&caller("")));
        let mut task = Task::begin(&call(Some(&caller(""))), vec![], TTL, 0);
        let (mut now, mut runs, mut answered, mut noted) = (0, None::<Answers>, 0, Journal::default());
        for event in events {
            let before = task.clone();
            match event {
                Event::Passes(time) => now = time.saturating_add(now),
                Event::Get => {
                    let (view, effect) = task.answer(GetTask { owner: mine.clone() }, now);
                    prop_assert_eq!(effect == Effect::Forget, now >= TTL);
                    prop_assert_eq!(view.is_err(), now >= TTL);
                    prop_assert!(task.answer(CancelTask { owner: None }, now).0.is_err(), "not a stranger's");
                    prop_assert_eq!(&task, &before, "to look changes nothing");
                }
                Event::Update(answers) => {
                    let (_, effect) = task.answer(UpdateTask { owner: mine.clone(), answers }, now);
                    let waits = matches!(before.view().phase, Phase::InputRequired(_));
                    prop_assert!(waits || before == task, "only what was asked is taken");
                    let resumed = waits && task.view().phase == Phase::Working;
                    prop_assert_eq!(effect == Effect::Run, resumed, "it goes on with the last answer");
                }
                Event::Cancel => {
                    task.answer(CancelTask { owner: mine.clone() }, now).0.ok();
                    prop_assert!(task.is_over() || now >= TTL);
                }
                Event::Listen => {
                    let id = TaskId::parse(&format!("t.{}", "0".repeat(32))).unwrap();
                    let (_, effect) = task.answer(ListenToTask { owner: mine.clone(), id: id.clone() }, now);
                    prop_assert_eq!(effect, if now >= TTL { Effect::Forget } else { Effect::Tell(id.clone()) });
                    prop_assert_ne!(task.answer(ListenToTask { owner: None, id: id.clone() }, now).1, Effect::Tell(id));
                    prop_assert_eq!(&task, &before, "to listen changes nothing");
                }
                Event::Wake if runs.is_none() => match task.wake(now) {
                    Wake::Run(answers, journal) => {
                        prop_assert_eq!(journal, noted.clone(), "nothing that came is lost");
                        prop_assert!(before.view().phase == Phase::Working && now < TTL);
                        prop_assert!(answers.len() >= answered, "no answer is lost");
                        answered = answers.len();
                        runs = Some(answers);
                    }
                    Wake::SleepUntil(time) => prop_assert!((now < TTL || before.is_over()) && (time == TTL || before.waits_for(now).is_some())),
                    Wake::Forget => prop_assert!(now >= TTL),
                },
                Event::Interrupt => runs = None,
                Event::Deliver(key) => {
                    let waits = before.waits_for(now).is_some_and(|wait| wait.key == key);
                    let effect = task.resume(ResumeTask { key: key.clone(), value: "1".to_owned() }, now);
                    prop_assert_eq!(effect == Effect::Run, waits, "only what it waits for resumes it");
                    if waits { noted.add(JournalEntry::Event { key, value: Some("1".to_owned()) }).unwrap() }
                }
                Event::WaitedInVain(key) => {
                    if task.waited_in_vain(&key, now) == Effect::Run {
                        noted.add(JournalEntry::Event { key, value: None }).unwrap();
                    }
                }
                Event::Step(name) => if runs.is_some() && !task.is_over() {
                    let entry = JournalEntry::Step { name, value: "1".to_owned() };
                    task.note(entry.clone()).unwrap();
                    noted.add(entry).unwrap();
                },
                Event::End(end) => if runs.take().is_some() { task.ended(end, now) },
                Event::Wake => {}
            }
            if before.is_over() {
                prop_assert_eq!(&task, &before, "what is over stays as it is");
            }
        }
    }
}
