//! Commands to Durable Objects. Each is a type of its own that knows the type of its answer, so that no caller has to deal with
//! the answer to another command.
//!
//! A message is the name of the command and the command itself, both as [`codec`](crate::codec) writes them.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{DecodeError, EncodeError, decode_body, encode, split};

/// A command to a Durable Object.
pub trait Command: Serialize + DeserializeOwned {
    /// The name by which the object knows the command.
    const NAME: &'static str;
    /// What the object answers.
    type Answer: Serialize + DeserializeOwned;
}

/// Implements [`Command`] for types: a table of commands and their answers. Each command is called by the name of its type.
#[macro_export]
macro_rules! commands {
    ($($command:ident => $answer:ty;)+) => {
        $(impl $crate::command::Command for $command {
            const NAME: &'static str = stringify!($command);
            type Answer = $answer;
        })+
    };
}

/// Writes the message that carries a command.
///
/// # Errors
///
/// Fails if the command holds a value that has no binary form.
pub fn encode_command<C: Command>(command: &C) -> Result<Vec<u8>, EncodeError> {
    encode(&(C::NAME, command))
}

/// A message of which only the name of the command was read.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedCommand<'a> {
    name: &'a str,
    command: &'a [u8],
}

impl<'a> ReceivedCommand<'a> {
    /// Reads the name of the command in a message.
    ///
    /// # Errors
    ///
    /// Fails if another version of the program has written the message.
    pub fn parse(message: &'a [u8]) -> Result<Self, DecodeError> {
        let (name, command) = split(message)?;
        Ok(Self { name, command })
    }

    /// Returns the name of the command.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Reads the command, if it is of this type.
    ///
    /// # Errors
    ///
    /// Fails if the message carries another command, or if another version of the program has written it.
    pub fn read<C: Command>(&self) -> Result<C, DecodeError> {
        if self.name == C::NAME { decode_body(self.command) } else { Err(DecodeError) }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct AddPet {
        name: String,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct RemovePet {
        name: String,
    }

    commands! {
        AddPet => u64;
        RemovePet => bool;
    }

    #[test]
    fn a_command_is_read_back_as_the_same_command_only() {
        let command = AddPet { name: "Rex".into() };
        let message = encode_command(&command).unwrap();
        let received = ReceivedCommand::parse(&message).unwrap();
        assert_eq!(received.name(), "AddPet");
        assert_eq!(received.read(), Ok(command));
        assert_eq!(received.read::<RemovePet>(), Err(DecodeError));
    }

    #[test]
    fn a_message_of_another_version_or_with_trailing_bytes_is_not_read() {
        let message = encode_command(&AddPet { name: "Rex".into() }).unwrap();
        assert!(ReceivedCommand::parse(&message[1..]).is_err(), "without the version");
        assert!(ReceivedCommand::parse(&[&[1], &message[1..]].concat()).is_err(), "another version");
        let longer = [message.as_slice(), &[0]].concat();
        assert_eq!(ReceivedCommand::parse(&longer).unwrap().read::<AddPet>(), Err(DecodeError));
    }
}
