//! What the page at `/` says about a connector.

use mcp_connector_oauth::login::passphrase::WeakPassphrase;

/// What the page says.
#[derive(Clone, Debug)]
pub(crate) struct HomePage<'a> {
    /// The name of the connector in commands.
    pub(crate) name: &'a str,
    /// Its name for people.
    pub(crate) title: &'a str,
    /// What it is, in a sentence.
    pub(crate) description: Option<&'a str>,
    /// Its own version.
    pub(crate) version: &'a str,
    /// The URL to paste.
    pub(crate) url: &'a str,
    /// The URL that asks for sign-in at once.
    pub(crate) private_url: &'a str,
    /// Its tools, in the author's order.
    pub(crate) tools: Vec<HomeTool<'a>>,
    /// Whether anything needs a sign-in.
    pub(crate) has_sign_in: bool,
    /// Whether this server signs people in, so that it has an account page.
    pub(crate) has_account: bool,
    /// Where people sign in, if another connector keeps the sign-in.
    pub(crate) sign_in_elsewhere: Option<SignInElsewhere<'a>>,
    /// Whether calls are refused in the form in which ChatGPT offers its sign-in. Otherwise ChatGPT has to sign in when it
    /// connects.
    pub(crate) challenges_in_result: bool,
    /// What the owner has to do before anybody can sign in.
    pub(crate) missing: Option<Missing>,
    /// Settings that cannot be read: what is expected, and what is closed until that is corrected.
    pub(crate) setting_errors: Vec<String>,
    /// Bindings that are missing.
    pub(crate) missing_bindings: Vec<HomeBinding>,
}

/// The connector that keeps the sign-in of this one.
#[derive(Clone, Debug)]
pub(crate) struct SignInElsewhere<'a> {
    /// Its host.
    pub(crate) host: &'a str,
    /// The item of this connector in `CONNECTORS` of that one.
    pub(crate) item: String,
}

/// A binding that is missing.
#[derive(Clone, Debug)]
pub(crate) struct HomeBinding {
    /// What is missing, and what is closed until that is corrected.
    pub(crate) report: String,
    /// The lines to add to `wrangler.toml`.
    pub(crate) lines: String,
}

/// A tool, as people read about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HomeTool<'a> {
    /// Its name for people.
    pub(crate) title: &'a str,
    /// What it does.
    pub(crate) description: &'a str,
    /// Whether it needs a sign-in.
    pub(crate) needs_sign_in: bool,
    /// What it changes.
    pub(crate) effect: Effect,
}

/// What a tool changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Reads,
    /// It adds to what is there.
    Adds,
    /// It may delete or overwrite.
    Deletes,
    /// Its author has not declared it.
    Unsaid,
}

/// Why nobody can sign in yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// No passphrase is set.
    Passphrase,
    /// The passphrase is too weak.
    StrongPassphrase,
}

impl Missing {
    /// Returns what is missing where the passphrase has this weakness.
    pub(crate) fn of(weakness: WeakPassphrase) -> Self {
        match weakness {
            WeakPassphrase::Missing => Self::Passphrase,
            WeakPassphrase::TooShort | WeakPassphrase::TooLong | WeakPassphrase::Guessable => Self::StrongPassphrase,
        }
    }
}

/// From where programs can reach the connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReachableFrom {
    /// Only from this machine.
    ThisMachine,
    /// From everywhere.
    Internet,
}

impl HomePage<'_> {
    /// Returns from where the connector can be reached: a public address has https.
    pub(crate) fn reachable_from(&self) -> ReachableFrom {
        if self.url.starts_with("http://") { ReachableFrom::ThisMachine } else { ReachableFrom::Internet }
    }
}
