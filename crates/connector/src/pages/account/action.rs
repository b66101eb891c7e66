//! What the forms of the account page and of the pages of the owner ask for.

use crate::pages::FormTarget;
use crate::pages::components::form::Form;

/// The name of the field with the action of a form.
pub(crate) const ACTION_FIELD: &str = "action";
/// The name of the field with a grant.
pub(crate) const GRANT_FIELD: &str = "grant";
/// The name of the field with several grants, separated by spaces.
pub(crate) const GRANTS_FIELD: &str = "grants";
/// The name of the field with the name of what a form is about, which the page that follows repeats.
pub(crate) const NAME_FIELD: &str = "name";

/// The name of the field that says that the app has other sign-ins, which stay.
pub(crate) const OTHERS_FIELD: &str = "others";

/// An action of a form of one of the pages.
pub(crate) trait FormAction: Copy + 'static {
    /// All actions of these pages.
    const ALL: &'static [Self];

    /// Returns its name in a form.
    fn name(self) -> &'static str;

    /// Returns the action with this name.
    fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}

/// What a person does at their account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountFormAction {
    /// Ends one sign-in of an app.
    End,
    /// Disconnects one app: ends all of its sign-ins.
    EndApp,
    /// Disconnects all apps.
    EndAll,
    /// Begins to add a passkey.
    NewPasskey,
    /// Removes a passkey.
    RemovePasskey,
    /// Forgets a remembered browser.
    ForgetBrowser,
    /// Signs out in this browser.
    SignOut,
    /// Disconnects all apps, and signs out in every browser.
    SignOutEverywhere,
    /// Makes an access key.
    NewKey,
    /// Ends an access key.
    EndKey,
    /// Ends the connection of an upstream account.
    DisconnectUpstream,
}

/// What the owner does at the pages about clients and people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnerFormAction {
    /// Ends one sign-in of an app.
    End,
    /// Ends an access key.
    EndKey,
    /// Ends everything of a person.
    EndPerson,
    /// Lets assertions of trusted issuers admit a person again.
    AdmitAgain,
    /// Ends a client for everybody.
    EndClient,
}

impl FormAction for AccountFormAction {
    const ALL: &'static [Self] = &[
        Self::End,
        Self::EndApp,
        Self::EndAll,
        Self::SignOut,
        Self::SignOutEverywhere,
        Self::NewKey,
        Self::NewPasskey,
        Self::RemovePasskey,
        Self::ForgetBrowser,
        Self::EndKey,
        Self::DisconnectUpstream,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::End => "disconnect",
            Self::EndApp => "disconnect-app",
            Self::EndAll => "disconnect-all",
            Self::SignOut => "sign-out",
            Self::SignOutEverywhere => "sign-out-everywhere",
            Self::NewKey => "new-key",
            Self::NewPasskey => "new-passkey",
            Self::RemovePasskey => "remove-passkey",
            Self::ForgetBrowser => "forget-browser",
            Self::EndKey => "end-key",
            Self::DisconnectUpstream => "disconnect-upstream",
        }
    }
}

impl FormAction for OwnerFormAction {
    const ALL: &'static [Self] = &[Self::End, Self::EndKey, Self::EndPerson, Self::AdmitAgain, Self::EndClient];

    fn name(self) -> &'static str {
        match self {
            Self::End => "disconnect",
            Self::EndKey => "end-key",
            Self::EndPerson => "disconnect-all",
            Self::AdmitAgain => "admit-again",
            Self::EndClient => "end-client",
        }
    }
}

/// Returns a form that asks for `action`, without fields and buttons.
pub(crate) fn action_form<'a>(target: &FormTarget<'a>, action: impl FormAction) -> Form<'a> {
    Form::new(target).hidden(ACTION_FIELD, action.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_what_they_name() {
        for action in AccountFormAction::ALL {
            assert_eq!(AccountFormAction::of(action.name()), Some(*action));
        }
        for action in OwnerFormAction::ALL {
            assert_eq!(OwnerFormAction::of(action.name()), Some(*action));
        }
        assert_eq!(AccountFormAction::of(""), None);
        assert_eq!(AccountFormAction::of(OwnerFormAction::AdmitAgain.name()), None, "only the owner may");
    }
}
