//! The syntax of patterns: ECMA-262 with the `u` flag (§22.2.1), read straight into a [`Program`].

use std::iter::Peekable;
use std::str::Chars;

use thiserror::Error;

use crate::char_class::{CharClass, Item};

/// How deep groups may nest.
const MAX_GROUPS: u32 = 24;
/// How long a program may be: a character is one step, `{100}` a hundred times what it repeats.
const MAX_STEPS: usize = 4_096;

/// What a matcher does, step by step. Jumps count from the step they stand in, so a part can be repeated by copying it.
pub(crate) type Program = Vec<Step>;

/// One step of a program.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Takes one character.
    Char(char),
    /// Takes one character of a class, by its number.
    Class(usize),
    /// Goes on behind here, and there as well.
    Fork(isize),
    /// Goes on there.
    Jump(isize),
    /// Goes on if this is the beginning of the text.
    Start,
    /// Goes on if this is its end.
    End,
    /// Goes on if a word begins or ends here (`true`), or if none does.
    Boundary(bool),
}

/// Why a pattern cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidPattern {
    #[error("it ends too early")]
    Incomplete,
    #[error("a `)` closes nothing")]
    Unbalanced,
    #[error("a quantifier has nothing to repeat")]
    NothingToRepeat,
    #[error("`{{`, `}}` and `]` need a backslash where they stand for themselves")]
    NeedsEscape,
    #[error("the bounds of a range or a quantifier are in the wrong order")]
    Order,
    #[error("an escape means nothing")]
    Escape,
    #[error("a Unicode property is not one of Any, ASCII, L, Lu, N, Cc, Alphabetic, Uppercase, Lowercase, White_Space")]
    Property,
    #[error("look-around and back-references are not supported")]
    LookAround,
    #[error("this kind of group is not supported")]
    Group,
    #[error("it is too large; `minLength` and `maxLength` bound a string without any cost")]
    TooLarge,
}

type Parsed<T> = Result<T, InvalidPattern>;

/// Reads a pattern. The program has come to its end where it matches.
pub(crate) fn parse(source: &str) -> Parsed<(Program, Vec<CharClass>)> {
    let mut parser = Parser { rest: source.chars().peekable(), program: Vec::new(), classes: Vec::new(), groups: 0 };
    parser.disjunction()?;
    if parser.rest.next().is_some() {
        return Err(InvalidPattern::Unbalanced);
    }
    Ok((parser.program, parser.classes))
}

/// One pass over the source. Each production appends what it reads to the program.
struct Parser<'p> {
    rest: Peekable<Chars<'p>>,
    program: Program,
    classes: Vec<CharClass>,
    groups: u32,
}

impl Parser<'_> {
    fn disjunction(&mut self) -> Parsed<()> {
        let start = self.program.len();
        self.alternative()?;
        let mut earlier = Vec::new();
        while self.eat('|') {
            earlier.push(self.program.split_off(start));
            if earlier.len() > MAX_STEPS {
                return Err(InvalidPattern::TooLarge);
            }
            self.alternative()?;
        }
        // From the last one on: this one, or what comes behind it.
        while let Some(first) = earlier.pop() {
            let others = self.program.split_off(start);
            self.program.push(Step::Fork(offset(first.len(), 2)));
            self.program.extend(first);
            self.program.push(Step::Jump(offset(others.len(), 1)));
            self.append(others)?;
        }
        Ok(())
    }

    fn alternative(&mut self) -> Parsed<()> {
        while let Some(char) = self.rest.next_if(|char| !matches!(char, '|' | ')')) {
            self.term(char)?;
        }
        Ok(())
    }

    fn term(&mut self, first: char) -> Parsed<()> {
        let start = self.program.len();
        match first {
            '^' => return self.assertion(Step::Start),
            '$' => return self.assertion(Step::End),
            '\\' if self.eat('b') => return self.assertion(Step::Boundary(true)),
            '\\' if self.eat('B') => return self.assertion(Step::Boundary(false)),
            '\\' => {
                let item = self.escape()?;
                self.take(vec![item], false);
            }
            '(' => self.group()?,
            '[' => self.class()?,
            '.' => self.take(vec![Item::Ranges(Item::LINE_END, true)], false),
            '*' | '+' | '?' => return Err(InvalidPattern::NothingToRepeat),
            '{' | '}' | ']' => return Err(InvalidPattern::NeedsEscape),
            char => self.program.push(Step::Char(char)),
        }
        self.quantifier(start)
    }

    fn eat(&mut self, char: char) -> bool {
        self.rest.next_if_eq(&char).is_some()
    }

    /// A step for one character of a class.
    fn take(&mut self, items: Vec<Item>, negated: bool) {
        self.program.push(Step::Class(self.classes.len()));
        self.classes.push(CharClass::new(items, negated));
    }

    fn assertion(&mut self, step: Step) -> Parsed<()> {
        self.append(vec![step])?;
        self.no_quantifier()
    }

    fn no_quantifier(&mut self) -> Parsed<()> {
        match self.rest.peek() {
            Some('*' | '+' | '?' | '{') => Err(InvalidPattern::NothingToRepeat),
            _ => Ok(()),
        }
    }

    /// A quantifier behind what was read since `start`. Whether it is lazy makes no difference to whether it matches.
    fn quantifier(&mut self, start: usize) -> Parsed<()> {
        let (min, max) = match self.rest.next_if(|char| matches!(char, '*' | '+' | '?' | '{')) {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some(_) => self.bounds()?,
            None => return self.append(Vec::new()),
        };
        self.eat('?');
        self.no_quantifier()?;
        let body = self.program.split_off(start);
        let length = body.len();
        for _ in 0..min {
            self.append(body.clone())?;
        }
        match max {
            // Around again from behind the body, or around it altogether.
            None if min > 0 => self.program.push(Step::Fork(offset(length, 0).saturating_neg())),
            None => {
                self.program.push(Step::Fork(offset(length, 2)));
                self.program.extend(body);
                self.program.push(Step::Jump(offset(length, 1).saturating_neg()));
            }
            Some(max) => {
                // Each further one may be the end of it.
                for left in (0..max.saturating_sub(min)).rev() {
                    let rest = length.saturating_add(1).saturating_mul(left);
                    self.program.push(Step::Fork(offset(length.saturating_add(rest), 1)));
                    self.append(body.clone())?;
                }
            }
        }
        self.append(Vec::new())
    }

    /// Appends a part and sees that the program stays short.
    fn append(&mut self, part: Program) -> Parsed<()> {
        self.program.extend(part);
        if self.program.len() > MAX_STEPS { Err(InvalidPattern::TooLarge) } else { Ok(()) }
    }

    fn bounds(&mut self) -> Parsed<(usize, Option<usize>)> {
        let min = self.number().ok_or(InvalidPattern::NeedsEscape)?;
        let max = if !self.eat(',') {
            Some(min)
        } else if self.rest.peek() == Some(&'}') {
            None
        } else {
            Some(self.number().ok_or(InvalidPattern::NeedsEscape)?)
        };
        if !self.eat('}') {
            return Err(InvalidPattern::NeedsEscape);
        }
        if max.is_some_and(|max| max < min) {
            return Err(InvalidPattern::Order);
        }
        // Even an empty body is not repeated more often than a program is long.
        if max.unwrap_or(min) > MAX_STEPS { Err(InvalidPattern::TooLarge) } else { Ok((min, max)) }
    }

    /// A decimal number; one too large to be of use becomes the largest.
    fn number(&mut self) -> Option<usize> {
        let mut number: Option<usize> = None;
        while let Some(digit) = self.rest.peek().and_then(|char| char.to_digit(10)) {
            self.rest.next();
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize));
        }
        number
    }

    fn group(&mut self) -> Parsed<()> {
        if self.eat('?') {
            match self.rest.next() {
                Some(':') => {}
                Some('<') => match self.rest.peek() {
                    Some('=' | '!') => return Err(InvalidPattern::LookAround),
                    _ => self.group_name()?,
                },
                Some('=' | '!') => return Err(InvalidPattern::LookAround),
                Some(_) => return Err(InvalidPattern::Group),
                None => return Err(InvalidPattern::Incomplete),
            }
        }
        self.groups = self.groups.saturating_add(1);
        if self.groups > MAX_GROUPS {
            return Err(InvalidPattern::TooLarge);
        }
        self.disjunction()?;
        self.groups = self.groups.saturating_sub(1);
        if self.eat(')') { Ok(()) } else { Err(InvalidPattern::Incomplete) }
    }

    /// Nothing asks what a group has matched, so its name is only read over.
    fn group_name(&mut self) -> Parsed<()> {
        let mut length = 0_u32;
        loop {
            match self.rest.next() {
                Some('>') if length > 0 => return Ok(()),
                Some(char) if char.is_alphanumeric() || matches!(char, '_' | '$') => length = length.saturating_add(1),
                Some(_) => return Err(InvalidPattern::Group),
                None => return Err(InvalidPattern::Incomplete),
            }
        }
    }

    /// What follows a backslash outside of a class.
    fn escape(&mut self) -> Parsed<Item> {
        match self.rest.peek() {
            Some('1'..='9' | 'k') => Err(InvalidPattern::LookAround),
            _ => self.class_escape(),
        }
    }

    /// What follows a backslash inside of a class, or outside where it is no reference.
    fn class_escape(&mut self) -> Parsed<Item> {
        let char = match self.rest.next().ok_or(InvalidPattern::Incomplete)? {
            'd' => return Ok(Item::Ranges(Item::DIGIT, false)),
            'D' => return Ok(Item::Ranges(Item::DIGIT, true)),
            'w' => return Ok(Item::Ranges(Item::WORD, false)),
            'W' => return Ok(Item::Ranges(Item::WORD, true)),
            's' => return Ok(Item::Ranges(Item::SPACE, false)),
            'S' => return Ok(Item::Ranges(Item::SPACE, true)),
            'p' => return self.property(false),
            'P' => return self.property(true),
            't' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            '0' if !self.rest.peek().is_some_and(char::is_ascii_digit) => '\0',
            'c' => {
                let letter = self.rest.next().filter(char::is_ascii_alphabetic).ok_or(InvalidPattern::Escape)?;
                let code = u32::from(letter) & 0x1f;
                return Ok(Item::Range(code, code));
            }
            'x' => {
                let code = self.hexadecimal(2)?;
                return Ok(Item::Range(code, code));
            }
            'u' => {
                let code = self.code_point()?;
                return Ok(Item::Range(code, code));
            }
            // ECMA-262 has fewer of these with the `u` flag; a backslash too many is a harmless habit.
            punctuation if punctuation.is_ascii_punctuation() && punctuation != '_' => punctuation,
            _ => return Err(InvalidPattern::Escape),
        };
        Ok(Item::char(char))
    }

    fn hexadecimal(&mut self, digits: u32) -> Parsed<u32> {
        let mut code: u32 = 0;
        for _ in 0..digits {
            let digit = self.rest.next().and_then(|char| char.to_digit(16)).ok_or(InvalidPattern::Escape)?;
            code = (code << 4) | digit;
        }
        Ok(code)
    }

    /// `{H…}`, `HHHH`, or two of them that are the halves of one character, as JSON has it.
    fn code_point(&mut self) -> Parsed<u32> {
        if self.eat('{') {
            let mut code: u32 = 0;
            let mut digits = 0_u32;
            while !self.eat('}') {
                let char = self.rest.next().ok_or(InvalidPattern::Incomplete)?;
                let digit = char.to_digit(16).ok_or(InvalidPattern::Escape)?;
                code = code.saturating_mul(16).saturating_add(digit);
                digits = digits.saturating_add(1);
            }
            return if digits > 0 && code <= u32::from(char::MAX) { Ok(code) } else { Err(InvalidPattern::Escape) };
        }
        let high = self.hexadecimal(4)?;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(high);
        }
        if !(self.eat('\\') && self.eat('u')) {
            return Err(InvalidPattern::Escape);
        }
        let low = self.hexadecimal(4)?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(InvalidPattern::Escape);
        }
        Ok(0x1_0000 | ((high & 0x3ff) << 10).saturating_add(low & 0x3ff))
    }

    fn property(&mut self, negated: bool) -> Parsed<Item> {
        if !self.eat('{') {
            return Err(InvalidPattern::Property);
        }
        let mut name = String::new();
        while !self.eat('}') {
            name.push(self.rest.next().ok_or(InvalidPattern::Incomplete)?);
        }
        Item::property(&name, negated).ok_or(InvalidPattern::Property)
    }

    /// The inside of `[…]`.
    fn class(&mut self) -> Parsed<()> {
        let negated = self.eat('^');
        let mut items = Vec::new();
        while !self.eat(']') {
            let low = self.class_atom()?;
            if !self.eat('-') {
                items.push(low);
            } else if self.rest.peek() == Some(&']') {
                // A hyphen at the end stands for itself.
                items.extend([low, Item::char('-')]);
            } else {
                let bounds = low.single().zip(self.class_atom()?.single());
                let (low, high) = bounds.filter(|(low, high)| low <= high).ok_or(InvalidPattern::Order)?;
                items.push(Item::Range(low, high));
            }
        }
        self.take(items, negated);
        Ok(())
    }

    fn class_atom(&mut self) -> Parsed<Item> {
        match self.rest.next().ok_or(InvalidPattern::Incomplete)? {
            // In a class this is the backspace.
            '\\' if self.eat('b') => Ok(Item::char('\u{8}')),
            '\\' => self.class_escape(),
            char => Ok(Item::char(char)),
        }
    }
}

/// A distance forward. No program is longer than what this holds.
fn offset(length: usize, more: usize) -> isize {
    isize::try_from(length.saturating_add(more)).unwrap_or(isize::MAX)
}
