//! What the consent page says, and what it warns of.

use super::*;

#[test]
fn one_sentence_leads_and_below_it_the_place_that_gets_the_code() {
    let local = |name| ConsentPage {
        client_name: name,
        destination: "localhost:5".into(),
        destination_kind: RedirectKind::Loopback,
        ..asked()
    };
    let cursor = ConsentPage { destination: "cursor".into(), destination_kind: RedirectKind::PrivateUse, ..asked() };
    let known = |name_source| ConsentPage { name_source, ..asked() };
    let no_name = ConsentPage { client_name: None, ..known(NameSource::Host("app.example".to_owned())) };
    for (what, request, who, place) in [
        ("a name that nobody vouches for", asked(), "app.example", "<bdi>app.example</bdi>"),
        ("a known address", known(NameSource::Recipient("App")), "App", "<bdi>app.example</bdi>"),
        ("a published name", known(NameSource::Host("app.example".to_owned())), "App", "<bdi>app.example</bdi>"),
        ("no name", no_name, "app.example", "<bdi>app.example</bdi>"),
        ("a program", local(Some("App")), "App", "This computer <span class=\"port\"><bdi>localhost:5</bdi></span>"),
        ("a program without a name", local(None), "An app without a name", "<bdi>localhost:5</bdi>"),
        ("an app", cursor, "App", "An app on this device <span class=\"port\"><bdi>cursor:</bdi></span>"),
    ] {
        let page = asking(&request);
        let sentence = format!("<strong><bdi>{who}</bdi></strong> wants to use <strong><bdi>Notes</bdi></strong>");
        assert_eq!(between(&page, "<h1 class=\"sentence\">", "</h1>"), sentence, "{what}");
        let (above, below) = page.split_once("</h1>").unwrap();
        assert!(
            between(below, "<h2 class=\"destination\" id=\"recipient\">", "</h2>").contains(place),
            "{what}: {below}"
        );
        assert!(below.contains(&format!("<bdi>{}</bdi></p>", request.redirect_uri)), "{what}: the whole address");
        assert!(above.contains(&format!("<title>Allow {who} to use Notes?</title>")), "{what}: {above}");
    }
}

#[test]
fn consent_says_who_stands_behind_the_name() {
    for (name_source, name, words, has_check) in [
        (NameSource::SelfAsserted, Some("App"), "It calls itself <strong><bdi>App</bdi></strong>", false),
        (NameSource::SelfAsserted, None, "This app gave no name.", false),
        (NameSource::Recipient("Claude"), Some("Claude"), "This is an address of Claude.", true),
        (NameSource::Host("app.example".to_owned()), Some("App"), "<bdi>app.example</bdi> publishes this app", true),
        (NameSource::Host("app.example".to_owned()), None, "<bdi>app.example</bdi> publishes this app", true),
        (NameSource::Host("other.example".to_owned()), Some("App"), "published by <bdi>other.example</bdi>", false),
        (NameSource::Owner, Some("App"), "owner of this connector has set it up", true),
    ] {
        let page = asking(&ConsentPage { name_source, client_name: name, ..asked() });
        let recipient = between(&page, "<section class=\"recipient\"", "</section>");
        assert!(recipient.contains(words), "{words} in {recipient}");
        assert_eq!(recipient.contains("<svg"), has_check, "{words}");
    }
}

#[test]
fn consent_warns_in_words_where_something_deserves_it() {
    for (warning, words, is_box) in [
        (ConsentWarning::Loopback, "Any app on this computer could have sent this request.", false),
        (ConsentWarning::PrivateUse, "whichever app on this device opens these links", false),
        (ConsentWarning::OtherHost, "the access goes to another", true),
        (ConsentWarning::UnverifiedName, "Nobody vouches for this app.", true),
        (ConsentWarning::BorrowedName("Claude"), "This is probably not Claude.", true),
    ] {
        let page = asking(&ConsentPage { warnings: vec![warning], ..asked() });
        assert!(page.contains(words), "{words}");
        assert_eq!(body(&page).contains("class=\"note"), is_box, "{words}");
    }
    let proven = ConsentPage { name_source: NameSource::Recipient("Claude"), warnings: Vec::new(), ..asked() };
    assert!(!body(&asking(&proven)).contains("class=\"note"), "a known client has no box");
    let local = ConsentPage {
        destination_kind: RedirectKind::Loopback,
        warnings: vec![ConsentWarning::Loopback, ConsentWarning::UnverifiedName],
        ..asked()
    };
    assert!(!body(&asking(&local)).contains("class=\"note"), "nor has a program on this computer");
}

#[test]
fn the_consent_form_has_the_request_a_ticked_box_for_each_scope_and_two_answers() {
    let page = asking(&asked());
    let form = between(&page, "<form ", "</form>");
    for part in [
        "method=\"post\" action=\"/authorize\"",
        "<input type=\"hidden\" name=\"request\" value=\"c2VhbGVk\">",
        "<input type=\"checkbox\" name=\"scope\" value=\"notes:read\" checked>",
        "<input type=\"checkbox\" name=\"scope\" value=\"notes:write\" checked>",
        "Save &amp; delete &lt;your&gt; notes",
        "<button class=\"primary\" type=\"submit\" name=\"decision\" value=\"allow\">Allow</button>",
        "type=\"submit\" name=\"decision\" value=\"deny\"",
        "end this at any time at <span class=\"mono\">mcp.example.com/account</span>",
    ] {
        assert_eq!(form.matches(part).count(), 1, "{part} in {form}");
    }
    let nothing = asking(&ConsentPage { scopes: Vec::new(), ..asked() });
    assert!(!nothing.contains("checkbox") && nothing.contains("nothing beyond"));
}

#[test]
fn the_sign_in_is_part_of_the_answer() {
    let sign_in = |sign_in| ConsentView { sign_in, ..shown(None) };
    let wrong = Some(LoginError::WrongPassphrase);
    let new = ConsentSignIn::Passphrase { place: NewPlace::New, remember: None };
    for (view, parts, absent) in [
        (sign_in(ConsentSignIn::Next), &[">Allow</button>", "Next, you sign in."][..], "name=\"passphrase\""),
        (
            with_passphrase(None, true),
            &[">Sign in and allow</button>", "name=\"passphrase\" autofocus", "Remember this browser for 30 days"],
            "role=\"alert\"",
        ),
        (
            with_passphrase(wrong, true),
            &["That is not the passphrase.", "aria-invalid=\"true\" aria-describedby=\"problem\""],
            "Next, you",
        ),
        (sign_in(new), &["you have never allowed this place before"], "Remember"),
        (
            sign_in(ConsentSignIn::Provider { name: "GitHub" }),
            &[">Continue with GitHub</button>", "If you continue, you allow it."],
            "name=\"passphrase\"",
        ),
    ] {
        let page = asking_with(&asked(), &view);
        let answer = between(&page, "<div class=\"actions\">", "</form>");
        for part in parts {
            assert!(answer.contains(part), "{view:?}: {part} in {answer}");
        }
        assert!(!answer.contains(absent), "{view:?}: {answer}");
        assert_eq!(page.matches("class=\"primary\"").count(), 1, "{view:?}");
        let first = answer.find("<button class=\"primary\"");
        assert!(first < answer.find("value=\"deny\""), "the key Enter allows: {answer}");
    }
}

#[test]
fn a_long_address_is_whole_and_scrolls_in_a_box_that_the_keyboard_reaches() {
    let long = format!("https://app.example/{}", "x".repeat(2000));
    let page = asking(&ConsentPage { redirect_uri: &long, ..asked() });
    assert!(
        page.contains(&format!("tabindex=\"0\" role=\"group\" aria-label=\"Whole address\"><bdi>{long}</bdi>")),
        "{page}"
    );
}

#[test]
fn consent_to_nothing_is_asked_for_again_with_nothing_ticked() {
    let page = asking_with(&asked(), &shown(Some(ConsentError::NothingTicked)));
    assert!(between(&page, "id=\"problem\" role=\"alert\">", "</p>").contains("Tick at least one, or cancel."));
    assert!(page.contains("<fieldset aria-describedby=\"problem\">"), "{page}");
    assert_eq!((page.matches("name=\"scope\"").count(), page.matches(" checked>").count()), (2, 0));
    assert!(!asking(&asked()).contains("role=\"alert\""));
}

#[test]
fn consent_with_the_passphrase_keeps_the_choices_when_it_is_shown_again() {
    let page = asking_with(&asked(), &with_passphrase(None, true));
    let page = between(&page, "<form ", "</form>");
    assert_eq!((page.matches("type=\"password\"").count(), page.matches("type=\"checkbox\"").count()), (1, 4));
    assert_eq!(page.matches(" checked>").count(), 3, "the scopes and the offer to remember the browser");
    assert!(page.contains("Remember this browser for 30 days"));
    let page = asking_with(&asked(), &with_passphrase(Some(LoginError::WrongPassphrase), false));
    assert!(page.contains("That is not the passphrase.") && page.contains("aria-invalid=\"true\""));
    assert_eq!(page.matches(" checked>").count(), 1, "what was left ticked");
    let kept = between(&page, "value=\"notes:read\"", ">");
    assert!(kept.ends_with("checked"), "{kept}");
}

#[test]
fn consent_of_a_remembered_browser_asks_who_began_and_is_allowed_by_one_button_that_comes_late() {
    let view = ConsentView { sign_in: ConsentSignIn::Remembered, ..shown(None) };
    for (warnings, questions) in
        [(vec![], 1), (vec![ConsentWarning::Loopback], 1), (vec![ConsentWarning::OtherHost], 1)]
    {
        let page = asking_with(&ConsentPage { warnings, ..asked() }, &view);
        assert_eq!(page.matches("Did you just start this yourself?").count(), questions);
        let form = between(&page, "<form ", "</form>");
        assert!(!form.contains("type=\"password\""));
        let buttons: Vec<&str> = form.split("<button ").skip(1).collect();
        assert!(
            buttons[0].starts_with("type=\"submit\" formmethod=\"dialog\" hidden>"),
            "Enter in a field sends nothing: {}",
            buttons[0]
        );
        assert!(
            buttons[1].starts_with("class=\"primary soon\"") && buttons[1].contains("value=\"allow\""),
            "{}",
            buttons[1]
        );
        assert!(!buttons[2].contains("soon") && buttons[2].contains("value=\"deny\""), "{}", buttons[2]);
    }
    let other = asking_with(&asked(), &with_passphrase(None, true));
    assert!(!other.contains("class=\"primary soon\""), "who types the passphrase has had time to read");
}
