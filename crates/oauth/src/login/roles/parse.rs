//! The grammar of `ROLES`:
//!
//! ```text
//! roles     = role *( ( newline / ";" ) role )
//! role      = NAME "=" 1*SCOPE [ "if" condition ]
//! condition = all *( "or" all )
//! all       = term *( "and" term )
//! term      = "group:" NAME / "role:" NAME / "claim:" NAME "=" VALUE / "id:" IDENTIFIER / ADDRESS / "@" DOMAIN / IDENTIFIER / "*"
//! ```
//!
//! Words are separated by spaces. Quotation marks keep a word with spaces together: `group:"Domain Admins"`.

use thiserror::Error;

use mcp_connector_base::scope::ScopeSet;

use crate::login::roles::condition::{Condition, Term};

/// Maximum number of roles.
const MAX_ROLES: usize = 32;
/// Maximum number of terms of a role.
const MAX_TERMS: usize = 64;
/// Maximum length of the name of a role, in characters.
const MAX_NAME: usize = 32;

/// A role: the scopes that it gives, and whom it includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) scopes: ScopeSet,
    pub(crate) condition: Condition,
}

/// Why a text is not a list of roles. It names the role by its number, and never an address or a group.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidRoles {
    #[error("a quotation mark is not closed")]
    OpenQuote,
    #[error("it has more than {MAX_ROLES} roles")]
    TooMany,
    #[error("it names no role")]
    Empty,
    #[error("in role {number}: {problem}")]
    Role {
        /// Counted from 1.
        number: usize,
        problem: RoleProblem,
    },
}

/// What is wrong with a role.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RoleProblem {
    #[error("write NAME = SCOPES, or NAME = SCOPES if CONDITION, with spaces around the equals sign")]
    Form,
    #[error("the name must have 1 to {MAX_NAME} letters, digits, hyphens and underscores")]
    Name,
    #[error("another role has the same name")]
    SameName,
    #[error("there is no scope after the equals sign")]
    NoScope,
    #[error("word {0} is not the name of a scope")]
    NotAScope(usize),
    #[error("this connector has no scope {0}")]
    UnknownScope(String),
    #[error("there is no condition after word {0}")]
    NoCondition(usize),
    #[error("word {0} must be or, or and")]
    NoOperator(usize),
    #[error("word {0} must be group:, role:, claim: or id: with a name, an address, @domain, an identifier or *")]
    NotATerm(usize),
    #[error("word {0} must be claim:NAME=VALUE")]
    NotAClaim(usize),
    #[error("IDENTITY_CLAIMS does not name the claim of a condition, so that it is not known")]
    UnknownClaim,
    #[error("the condition has more than {MAX_TERMS} parts")]
    TooManyTerms,
}

/// A word, or the end of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word { text: String, is_quoted: bool },
    End,
}

impl Token {
    fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word { text, is_quoted: false } if text == keyword)
    }

    fn text(&self) -> &str {
        match self {
            Self::Word { text, .. } => text,
            Self::End => "",
        }
    }
}

/// Parses the list.
pub(crate) fn parse(text: &str) -> Result<Vec<Role>, InvalidRoles> {
    let tokens = tokens(text)?;
    let mut roles: Vec<Role> = Vec::new();
    for words in statements(&tokens) {
        let number = roles.len() + 1;
        let problem = |problem| InvalidRoles::Role { number, problem };
        let role = role(words).map_err(problem)?;
        if roles.iter().any(|known| known.name == role.name) {
            return Err(problem(RoleProblem::SameName));
        }
        if roles.len() == MAX_ROLES {
            return Err(InvalidRoles::TooMany);
        }
        roles.push(role);
    }
    if roles.is_empty() { Err(InvalidRoles::Empty) } else { Ok(roles) }
}

fn tokens(text: &str) -> Result<Vec<Token>, InvalidRoles> {
    let (mut tokens, mut word, mut is_quoted, mut is_open) = (Vec::new(), None::<String>, false, false);
    for c in text.chars() {
        match c {
            '"' => {
                is_open = !is_open;
                is_quoted = true;
                word.get_or_insert_default();
            }
            c if is_open => word.get_or_insert_default().push(c),
            c if c.is_whitespace() || c == ';' => {
                if let Some(text) = word.take() {
                    tokens.push(Token::Word { text, is_quoted });
                }
                is_quoted = false;
                if matches!(c, '\n' | ';') {
                    tokens.push(Token::End);
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    if is_open {
        return Err(InvalidRoles::OpenQuote);
    }
    tokens.extend(word.map(|text| Token::Word { text, is_quoted }));
    Ok(tokens)
}

/// Returns the words of each role. A role ends with its line, or where the next one begins: a variable that is a list of texts is
/// read as one line.
fn statements(tokens: &[Token]) -> Vec<&[Token]> {
    let mut statements = Vec::new();
    for line in tokens.split(|token| *token == Token::End) {
        let mut rest = line;
        while !rest.is_empty() {
            let begins = |at: &usize| rest.get(at + 1).is_some_and(|next| next.is("="));
            let next = (1..rest.len()).find(begins).unwrap_or(rest.len());
            let (statement, others) = rest.split_at_checked(next).unwrap_or((rest, &[]));
            statements.push(statement);
            rest = others;
        }
    }
    statements
}

fn role(words: &[Token]) -> Result<Role, RoleProblem> {
    let [name, equals, rest @ ..] = words else { return Err(RoleProblem::Form) };
    if !equals.is("=") {
        return Err(RoleProblem::Form);
    }
    let name = name.text();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(is_name) {
        return Err(RoleProblem::Name);
    }
    let (scopes, condition) = match rest.iter().position(|word| word.is("if")) {
        Some(at) => {
            let (scopes, condition) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            (scopes, Some(condition.get(1..).unwrap_or_default()))
        }
        None => (rest, None),
    };
    // Words are counted from 1, beginning with the name.
    let first_word = 4 + scopes.len();
    let condition = condition.map(|words| parse_condition(words, first_word)).transpose()?.unwrap_or_default();
    Ok(Role { name: name.to_owned(), scopes: parse_scopes(scopes)?, condition })
}

fn parse_scopes(words: &[Token]) -> Result<ScopeSet, RoleProblem> {
    let mut scopes = ScopeSet::empty();
    for (word, number) in words.iter().zip(3..) {
        let one = ScopeSet::parse(word.text()).ok().filter(|one| one.as_str() == word.text() && !one.is_empty());
        scopes = scopes.union(&one.ok_or(RoleProblem::NotAScope(number))?);
    }
    if scopes.is_empty() { Err(RoleProblem::NoScope) } else { Ok(scopes) }
}

fn parse_condition(words: &[Token], first: usize) -> Result<Condition, RoleProblem> {
    let mut alternatives = vec![Vec::new()];
    let mut expects_term = true;
    for (word, number) in words.iter().zip(first..) {
        let is_operator = word.is("or") || word.is("and");
        match (expects_term, is_operator) {
            (true, true) => return Err(RoleProblem::NoCondition(number - 1)),
            (false, false) => return Err(RoleProblem::NoOperator(number)),
            (true, false) => {
                if let Some(terms) = alternatives.last_mut() {
                    terms.push(term(word, number)?);
                }
            }
            (false, true) if word.is("or") => alternatives.push(Vec::new()),
            (false, true) => {}
        }
        expects_term = is_operator;
    }
    if expects_term {
        return Err(RoleProblem::NoCondition(first + words.len() - 1));
    }
    if alternatives.iter().map(Vec::len).sum::<usize>() > MAX_TERMS {
        return Err(RoleProblem::TooManyTerms);
    }
    Ok(Condition { alternatives })
}

fn term(word: &Token, number: usize) -> Result<Term, RoleProblem> {
    let text = word.text();
    let some = |name: &str| if name.is_empty() { Err(RoleProblem::NotATerm(number)) } else { Ok(name.to_owned()) };
    match text.split_once(':') {
        Some(("group", name)) => some(name).map(Term::Group),
        Some(("role", name)) => some(name).map(Term::Role),
        Some(("claim", claim)) => {
            // The name of a claim may be a URL; the value is what follows the last equals sign.
            let (name, value) = claim.rsplit_once('=').ok_or(RoleProblem::NotAClaim(number))?;
            if name.is_empty() || value.is_empty() {
                return Err(RoleProblem::NotAClaim(number));
            }
            Ok(Term::Claim { name: name.to_owned(), value: value.to_owned() })
        }
        Some(("id", id)) => some(id).map(Term::Person),
        Some(_) => Err(RoleProblem::NotATerm(number)),
        None if text == "*" => Ok(Term::Everybody),
        None if text == "@" => Err(RoleProblem::NotATerm(number)),
        None => some(text).map(Term::Person),
    }
}
