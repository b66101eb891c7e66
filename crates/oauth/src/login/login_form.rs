//! The form of the pages between consent and code: the login page, and the page of somebody who could not be signed in. Besides
//! entering the passphrase, a person can start the login again, choose another account, or cancel.

use crate::authorize::consent::{DECISION_FIELD, DENY, InvalidDecision};
use crate::web::form::Parameters;

/// What the person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginDecision {
    /// To sign in, with what they have typed.
    SignIn,
    Again,
    /// To be asked again, and to choose who they are.
    AnotherAccount,
    /// To cancel: the client is told so.
    Cancel,
}

impl LoginDecision {
    /// Returns the value of [`DECISION_FIELD`], or `None` where nothing but the passphrase is sent.
    #[must_use]
    pub const fn value(self) -> Option<&'static str> {
        match self {
            Self::SignIn => None,
            Self::Again => Some("again"),
            Self::AnotherAccount => Some("another"),
            Self::Cancel => Some(DENY),
        }
    }

    /// Reads the form.
    ///
    /// # Errors
    ///
    /// The field is repeated, or says something else.
    pub fn read(form: &Parameters) -> Result<Self, InvalidDecision> {
        let value = form.get(DECISION_FIELD)?;
        let all = [Self::SignIn, Self::Again, Self::AnotherAccount, Self::Cancel];
        all.into_iter().find(|decision| decision.value() == value).ok_or(InvalidDecision::Undecided)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_one_thing_that_is_known() {
        use LoginDecision::{Again, AnotherAccount, Cancel, SignIn};
        for (form, decision) in [
            ("passphrase=x", Some(SignIn)),
            ("", Some(SignIn)),
            ("decision=&passphrase=x", Some(SignIn)),
            ("decision=again", Some(Again)),
            ("decision=another", Some(AnotherAccount)),
            ("decision=deny&passphrase=", Some(Cancel)),
            ("decision=allow&passphrase=x", None),
            ("decision=Deny", None),
            ("decision=deny&decision=again", None),
        ] {
            assert_eq!(LoginDecision::read(&Parameters::parse(form.as_bytes()).unwrap()).ok(), decision, "{form}");
        }
    }
}
