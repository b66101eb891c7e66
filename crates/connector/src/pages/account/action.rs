//! What the forms of the account page ask for.

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

/// The action of a form.
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
    /// Ends a client for everybody. Only the owner may.
    EndClient,
    /// Ends the connection of an upstream account.
    DisconnectUpstream,
    /// Lets assertions of trusted issuers admit a person again. Only the owner may.
    AdmitAgain,
}

impl AccountFormAction {
    const ALL: [Self; 13] = [
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
        Self::EndClient,
        Self::DisconnectUpstream,
        Self::AdmitAgain,
    ];

    /// Returns its name in a form.
    pub(crate) const fn name(self) -> &'static str {
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
            Self::EndClient => "end-client",
            Self::DisconnectUpstream => "disconnect-upstream",
            Self::AdmitAgain => "admit-again",
        }
    }

    /// Returns the action with this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// Returns a form that asks for `action`, without fields and buttons.
pub(crate) fn action_form<'a>(target: &FormTarget<'a>, action: AccountFormAction) -> Form<'a> {
    Form::new(target).hidden(ACTION_FIELD, action.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_what_they_name() {
        for action in AccountFormAction::ALL {
            assert_eq!(AccountFormAction::of(action.name()), Some(action));
        }
        assert_eq!(AccountFormAction::of(""), None);
    }
}
