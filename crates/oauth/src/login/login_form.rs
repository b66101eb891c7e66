//! The form of the pages between consent and code: the login page, and the page after a failed login. A person can enter the
//! passphrase, start again, choose another account, or cancel.

use crate::authorize::consent::{DECISION_FIELD, DENY, InvalidDecision};
use crate::web::form::Parameters;

/// What a person chose on the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginDecision {
    /// To sign in with the passphrase of the form.
    SignIn,
    Again,
    /// To sign in again with another account.
    AnotherAccount,
    /// To cancel. The client gets an error.
    Cancel,
}

impl LoginDecision {
    /// Returns the value of [`DECISION_FIELD`], or `None` for a form with only the passphrase.
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
    /// The field is repeated, or has another value.
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
    fn a_login_form_has_one_known_answer() {
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
