//! Where in a value a keyword is checked.

use std::fmt::{self, Write as _};

use crate::violations::text::shown_name;

/// The longest property name that is written without quotes, in bytes.
const MAX_PLAIN_NAME: usize = 64;

/// A path in a value. It is only written as text when a violation is reported.
pub(crate) struct InstancePath<'p> {
    outer: Option<&'p InstancePath<'p>>,
    step: Step<'p>,
}

enum Step<'p> {
    Root,
    Property(&'p str),
    Index(usize),
}

impl<'p> InstancePath<'p> {
    pub(crate) const ROOT: Self = Self { outer: None, step: Step::Root };

    pub(crate) const fn property<'c>(&'c self, name: &'c str) -> InstancePath<'c>
    where
        'p: 'c,
    {
        InstancePath { outer: Some(self), step: Step::Property(name) }
    }

    pub(crate) const fn index<'c>(&'c self, index: usize) -> InstancePath<'c>
    where
        'p: 'c,
    {
        InstancePath { outer: Some(self), step: Step::Index(index) }
    }

    pub(crate) fn depth(&self) -> usize {
        std::iter::successors(Some(self), |path| path.outer).count()
    }

    fn write(&self, text: &mut String) {
        if let Some(outer) = self.outer {
            outer.write(text);
        }
        match self.step {
            Step::Root => {}
            Step::Index(index) => {
                let _ = write!(text, "[{index}]");
            }
            Step::Property(name) if is_plain(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Step::Property(name) => {
                let _ = write!(text, "[\"{}\"]", shown_name(name));
            }
        }
    }
}

/// Writes the path as `address.zip` or `items[3]`.
impl fmt::Display for InstancePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

fn is_plain(name: &str) -> bool {
    name.len() <= MAX_PLAIN_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$'))
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-'))
}
