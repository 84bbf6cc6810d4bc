//! Where a message ends, in the protocols of PostgreSQL and Redis.

use std::collections::HashMap;

/// The protocol that a proxy understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Postgresql,
    Redis,
}

/// One message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The message, framing and all.
    pub(crate) bytes: Vec<u8>,
    /// What it asks the server to do, when that is what it does.
    pub(crate) request: Option<String>,
    /// Which answer the request is done with.
    pub(crate) answered: Answered,
}

/// Which answer of the server says that a message was dealt with. On PostgreSQL an answer is all up
/// to `ReadyForQuery`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// One that this message makes the server give.
    Own,
    /// The one that the next `Sync` makes the server give.
    Next,
    /// The one that is being given: this message belongs to a conversation.
    Current,
}

/// What a connection is asked for first.
pub(crate) const STARTUP: &str = "(startup)";

/// The client's part in proving that it knows the password.
pub(crate) const AUTHENTICATION: &str = "(authentication)";

/// `CancelRequest`, in the place of the protocol's version.
const CANCEL: u32 = 80_877_102;

/// `SSLRequest` and `GSSENCRequest`. The proxy declines them itself.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];

/// What to do with the bytes of a client.
pub(crate) enum Taken {
    /// A message for the server.
    Message(Message),
    /// A question whether the server encrypts, to be answered with `N` by the proxy.
    EncryptionRequest,
}

/// Takes the messages of a client off a stream.
pub(crate) struct Requests {
    wire: Wire,
    buffer: Vec<u8>,
    is_started: bool,
    statements: HashMap<String, String>,
    portals: HashMap<String, String>,
}

impl Requests {
    pub(crate) fn new(wire: Wire) -> Self {
        let (statements, portals) = (HashMap::new(), HashMap::new());
        Self {
            wire,
            buffer: Vec::new(),
            is_started: false,
            statements,
            portals,
        }
    }

    /// Adds what was read.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete message.
    pub(crate) fn next(&mut self) -> Option<Taken> {
        let length = match self.wire {
            Wire::Postgresql if self.is_started => framed(&self.buffer, 1)?,
            Wire::Postgresql => framed(&self.buffer, 0)?,
            Wire::Redis => command(&self.buffer)?,
        };
        let bytes: Vec<u8> = self.buffer.drain(..length).collect();
        Some(match self.wire {
            Wire::Postgresql if self.is_started => Taken::Message(self.frontend(bytes)),
            Wire::Postgresql => self.startup(bytes),
            Wire::Redis => {
                let request = Some(words(&bytes));
                Taken::Message(Message {
                    bytes,
                    request,
                    answered: Answered::Own,
                })
            }
        })
    }

    fn startup(&mut self, bytes: Vec<u8>) -> Taken {
        let version = number(&bytes, 4).unwrap_or_default();
        if ENCRYPTION.contains(&version) {
            return Taken::EncryptionRequest;
        }
        self.is_started = true;
        let request = (version != CANCEL).then(|| STARTUP.to_owned());
        Taken::Message(Message {
            bytes,
            request,
            answered: Answered::Own,
        })
    }

    /// A statement is carried out by `Query`, or by `Execute`: that one names a portal, which was
    /// bound to a statement, which was parsed from a text.
    fn frontend(&mut self, bytes: Vec<u8>) -> Message {
        let mut texts = bytes[5..].split(|byte| *byte == 0);
        let mut text = || String::from_utf8_lossy(texts.next().unwrap_or_default()).into_owned();
        let (request, answered) = match bytes[0] {
            b'Q' => (Some(text()), Answered::Own),
            b'S' => (None, Answered::Own),
            b'p' => (Some(AUTHENTICATION.to_owned()), Answered::Current),
            b'P' => {
                let (name, sql) = (text(), text());
                self.statements.insert(name, sql);
                (None, Answered::Next)
            }
            b'B' => {
                let (portal, statement) = (text(), text());
                let sql = self.statements.get(&statement).cloned().unwrap_or_default();
                self.portals.insert(portal, sql);
                (None, Answered::Next)
            }
            b'E' => (self.portals.get(&text()).cloned(), Answered::Next),
            _ => (None, Answered::Next),
        };
        Message {
            bytes,
            request,
            answered,
        }
    }
}

/// Takes the answers of a server off a stream.
pub(crate) struct Answers {
    wire: Wire,
    buffer: Vec<u8>,
}

/// A piece of an answer.
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    /// Whether the answer is complete with it.
    pub(crate) is_last: bool,
}

impl Answers {
    pub(crate) fn new(wire: Wire) -> Self {
        Self {
            wire,
            buffer: Vec::new(),
        }
    }

    /// Adds what was read.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete piece.
    pub(crate) fn next(&mut self) -> Option<Piece> {
        let length = match self.wire {
            Wire::Postgresql => framed(&self.buffer, 1)?,
            Wire::Redis => reply(&self.buffer)?,
        };
        let bytes: Vec<u8> = self.buffer.drain(..length).collect();
        let is_last = self.wire == Wire::Redis || bytes[0] == b'Z';
        Some(Piece { bytes, is_last })
    }
}

/// The length of a PostgreSQL message that starts with `before` bytes and its own length.
fn framed(buffer: &[u8], before: usize) -> Option<usize> {
    let length = before + usize::try_from(number(buffer, before)?).unwrap();
    (buffer.len() >= length).then_some(length)
}

fn number(buffer: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(
        buffer.get(at..at + 4)?.try_into().unwrap(),
    ))
}

/// The length of a Redis command, which is an array of strings, or a line typed by hand.
fn command(buffer: &[u8]) -> Option<usize> {
    match buffer.first()? {
        b'*' => reply(buffer),
        _ => line(buffer).map(|(_, length)| length),
    }
}

/// The words of a Redis command. What authenticates is left out.
fn words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let is_content = |line: &&str| !line.starts_with(['*', '$']) && !line.is_empty();
    let words: Vec<&str> = text.split("\r\n").filter(is_content).collect();
    let secret = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case("auth"));
    let kept = secret.map_or(words.len(), |at| at + 1);
    words[..kept].join(" ")
}

/// The length of a Redis reply, with those inside it.
fn reply(buffer: &[u8]) -> Option<usize> {
    let (content, mut length) = line(buffer)?;
    let count = || content.parse::<i64>().unwrap_or(0).max(-1);
    match buffer[0] {
        b'$' | b'=' | b'!' if count() >= 0 => {
            length += usize::try_from(count()).unwrap() + "\r\n".len();
        }
        kind @ (b'*' | b'~' | b'>' | b'%' | b'|') => {
            let each = if matches!(kind, b'%' | b'|') { 2 } else { 1 };
            for _ in 0..count() * each {
                length += reply(buffer.get(length..)?)?;
            }
        }
        _ => {}
    }
    (buffer.len() >= length).then_some(length)
}

/// The first line after its first byte, and its length with that byte and the line break.
fn line(buffer: &[u8]) -> Option<(&str, usize)> {
    let end = buffer.windows(2).position(|pair| pair == b"\r\n")?;
    Some((
        std::str::from_utf8(buffer.get(1..end)?).unwrap_or_default(),
        end + 2,
    ))
}
