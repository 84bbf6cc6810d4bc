//! What stands between `dbtune` and a server, and can stop the conversation at any point of it.
//!
//! A *request* is what makes the server do something: the start of a connection, a step of the
//! authentication, a statement (sent as one, or prepared and then executed), a Redis command. A
//! point of the conversation is [`before`] the server gets a request, or [`after`] it has done it
//! and `dbtune` has not heard of it. There, the proxy [holds](Proxy::hold) or
//! [cuts](Proxy::cut) the connection, once:
//!
//! ```ignore
//! let proxy = postgres.proxy();
//! let held = proxy.hold(after("ALTER SYSTEM").nth(2));
//! let running = project.dbtune("apply --yes").spawn();
//! held.wait();        // The server has carried the second ALTER SYSTEM out.
//! running.kill();     // dbtune will never know.
//! ```
//!
//! When `dbtune` hangs up while it is held before a request, the server hears that it has and never
//! gets the request, as with any network.
//!
//! To go through every point of a run, run it once and count [`Proxy::requests`]; then, for each
//! `n` of these, hold or cut it at `before("").nth(n)` and at `after("").nth(n)`.

use std::collections::{BTreeMap, VecDeque};
use std::io::ErrorKind::ConnectionReset;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::wire::{
    AUTHENTICATION, Answered, Answers, Message, Piece, Requests, STARTUP, Taken, Wire,
};
use super::{PATIENCE, project::TargetEntry};

/// A point of the conversation.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    is_after: bool,
    text: String,
    nth: usize,
}

/// Before the server gets the first request that contains this text.
pub(crate) fn before(text: &str) -> Point {
    Point {
        is_after: false,
        text: text.to_owned(),
        nth: 1,
    }
}

/// After the server has done the first request that contains this text, and before `dbtune` gets
/// any of the answer.
pub(crate) fn after(text: &str) -> Point {
    Point {
        is_after: true,
        text: text.to_owned(),
        nth: 1,
    }
}

impl Point {
    /// The n-th request that contains the text, counted from 1 and from now.
    pub(crate) fn nth(self, nth: usize) -> Self {
        Self { nth, ..self }
    }
}

/// A proxy on a port of its own.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    port: u16,
    url: String,
}

/// A connection that will be, or is, held at a point. Dropping it cuts the connection.
pub(crate) struct Hold {
    shared: Arc<Shared>,
    rule: usize,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    wire: Wire,
    server: u16,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    requests: Vec<String>,
    bytes_left: BTreeMap<Stream, VecDeque<usize>>,
    lengths: BTreeMap<Stream, Vec<usize>>,
    streams: Vec<TcpStream>,
    is_closed: bool,
}

/// One of the two directions of all connections together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stream {
    /// What `dbtune` sends.
    Requests,
    /// What the server sends.
    Answers,
}

struct Rule {
    point: Point,
    matched: usize,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Its point is to come; when it does, the connection is held.
    Hold,
    /// The connection is held.
    Held,
    /// The connection may go on.
    Released,
    /// The connection is to be cut, now or when the point comes.
    Cut,
}

/// A rule whose point a request is.
enum Met {
    Before(usize),
    After(usize),
}

impl Rule {
    fn is_met(&mut self, request: &str) -> bool {
        let is_match = is_about(request, &self.point.text);
        self.matched += usize::from(is_match);
        is_match && self.matched == self.point.nth
    }

    fn met(&self, index: usize) -> Met {
        if self.point.is_after {
            Met::After(index)
        } else {
            Met::Before(index)
        }
    }
}

/// A connection's answer that `dbtune` is not to get yet.
struct Withheld {
    answer: u64,
    rule: usize,
    only_its_end: bool,
}

/// That the connection is over.
struct Over;

impl Proxy {
    /// Starts one in front of the server on this port, which is reached by this URL.
    pub(crate) fn start(wire: Wire, server: u16, url: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, changed) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared {
            state,
            changed,
            wire,
            server,
        });
        let url = url.replace(&format!(":{server}/"), &format!(":{port}/"));
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&accepting, &listener));
        Self { shared, port, url }
    }

    /// The server's URL, by way of the proxy.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// What a targets file says of the server, by way of the proxy.
    pub(crate) fn entry_of(&self, server: &dyn super::Target) -> TargetEntry {
        TargetEntry {
            url: self.url(),
            ..server.entry()
        }
    }

    /// Holds the connection at a point.
    pub(crate) fn hold(&self, point: Point) -> Hold {
        let rule = self.shared.add(point, Stage::Hold);
        Hold {
            shared: Arc::clone(&self.shared),
            rule,
        }
    }

    /// Cuts the connection at a point, as a network does: neither side is told why.
    pub(crate) fn cut(&self, point: Point) {
        self.shared.add(point, Stage::Cut);
    }

    /// Cuts the connection that carries the n-th byte of this stream, right after it. It is counted
    /// from now, or from the cut that was asked for before.
    pub(crate) fn cut_after_bytes(&self, stream: Stream, bytes: usize) {
        let left = &mut self.shared.state().bytes_left;
        left.entry(stream).or_default().push_back(bytes);
    }

    /// Cuts nothing any more by its bytes. Tells how many cuts were still to come.
    pub(crate) fn cut_no_more(&self) -> usize {
        let left = std::mem::take(&mut self.shared.state().bytes_left);
        left.values().map(VecDeque::len).sum()
    }

    /// How long each request, or each whole answer, was since this was asked last.
    pub(crate) fn take_lengths(&self, stream: Stream) -> Vec<usize> {
        let lengths = &mut self.shared.state().lengths;
        lengths.remove(&stream).unwrap_or_default()
    }

    /// Every request so far, of all connections, in the order of their arrival.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.state().requests.clone()
    }

    /// How many requests so far contain this text.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.requests()
            .iter()
            .filter(|request| is_about(request, text))
            .count()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.is_closed = true;
        for stream in &state.streams {
            let _already_gone = stream.shutdown(Shutdown::Both);
        }
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the thread that accepts.
        let _already_gone = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Hold {
    /// Waits until the point has come.
    pub(crate) fn wait(&self) -> &Self {
        let end = Instant::now() + PATIENCE;
        let mut state = self.shared.state();
        while state.rules[self.rule].stage == Stage::Hold {
            let left = end.saturating_duration_since(Instant::now());
            let Rule { point, .. } = &state.rules[self.rule];
            assert!(
                !left.is_zero(),
                "never came to {point:?}; requests: {:#?}",
                state.requests
            );
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
        self
    }

    /// Whether the connection is held now.
    pub(crate) fn is_held(&self) -> bool {
        self.shared.state().rules[self.rule].stage == Stage::Held
    }

    /// Lets the connection go on.
    pub(crate) fn release(self) {
        self.shared.set(self.rule, Stage::Released);
    }

    /// Cuts the connection.
    pub(crate) fn cut(self) {
        drop(self);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.shared.state().rules[self.rule].stage != Stage::Released {
            self.shared.set(self.rule, Stage::Cut);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn add(&self, point: Point, stage: Stage) -> usize {
        let rules = &mut self.state().rules;
        rules.push(Rule {
            point,
            matched: 0,
            stage,
        });
        rules.len() - 1
    }

    fn set(&self, rule: usize, stage: Stage) {
        self.state().rules[rule].stage = stage;
        self.changed.notify_all();
    }

    /// Notes a request, and finds the rules whose point it is.
    fn meet(&self, request: Option<&str>) -> Vec<Met> {
        let Some(request) = request else {
            return Vec::new();
        };
        let mut state = self.state();
        state.requests.push(request.to_owned());
        let rules = state.rules.iter_mut().enumerate();
        rules
            .filter_map(|(index, rule)| rule.is_met(request).then(|| rule.met(index)))
            .collect()
    }

    /// Stands at the point of a rule until the test lets the connection go on, or `is_gone`.
    fn stand(&self, rule: usize, is_gone: impl Fn() -> bool) -> Result<(), Over> {
        let mut state = self.state();
        if state.rules[rule].stage == Stage::Hold {
            state.rules[rule].stage = Stage::Held;
            self.changed.notify_all();
        }
        while state.rules[rule].stage == Stage::Held && !state.is_closed {
            state = self
                .changed
                .wait_timeout(state, Duration::from_millis(20))
                .unwrap()
                .0;
            if is_gone() {
                return Err(Over);
            }
        }
        if state.rules[rule].stage == Stage::Released {
            Ok(())
        } else {
            Err(Over)
        }
    }

    /// Sends a piece of a stream, as far as it may go.
    fn pass(&self, of: Stream, to: &mut TcpStream, bytes: &[u8]) -> Result<(), Over> {
        let may = {
            let cuts = &mut self.state().bytes_left;
            let cuts = cuts.entry(of).or_default();
            let may = cuts.front().copied().unwrap_or(usize::MAX);
            if may <= bytes.len() {
                cuts.pop_front();
            } else if let Some(left) = cuts.front_mut() {
                *left -= bytes.len();
            }
            may
        };
        send(to, bytes.get(..may).unwrap_or(bytes))?;
        if may > bytes.len() { Ok(()) } else { Err(Over) }
    }

    /// Notes how long an answer is once it is complete. Returns the length so far of the one under way.
    fn note_piece(&self, piece: &Piece, before: usize) -> usize {
        let length = before + piece.bytes.len();
        if piece.is_last {
            self.note_length(Stream::Answers, length);
            return 0;
        }
        length
    }

    fn note_length(&self, of: Stream, length: usize) {
        self.state().lengths.entry(of).or_default().push(length);
    }
}

fn send(stream: &mut TcpStream, bytes: &[u8]) -> Result<(), Over> {
    stream.write_all(bytes).map_err(|_gone| Over)
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    for client in listener.incoming() {
        if shared.state().is_closed {
            return;
        }
        // Where the server does not listen the client is to see that nobody does.
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.server));
        if let (Ok(client), Ok(server)) = (client, server) {
            connect(shared, &client, &server);
        }
    }
}

fn connect(shared: &Arc<Shared>, client: &TcpStream, server: &TcpStream) {
    for stream in [client, server] {
        stream.set_nodelay(true).unwrap();
        shared.state().streams.push(stream.try_clone().unwrap());
    }
    let withheld = Arc::new(Mutex::new(Vec::new()));
    let connection = || Connection {
        shared: Arc::clone(shared),
        client: client.try_clone().unwrap(),
        server: server.try_clone().unwrap(),
        withheld: Arc::clone(&withheld),
    };
    let (mut forward, mut back) = (connection(), connection());
    thread::spawn(move || {
        let _over = forward.carry_requests();
        forward.end();
    });
    thread::spawn(move || {
        let _over = back.carry_answers();
        back.end();
    });
}

/// One direction's view of a connection.
struct Connection {
    shared: Arc<Shared>,
    client: TcpStream,
    server: TcpStream,
    withheld: Arc<Mutex<Vec<Withheld>>>,
}

impl Connection {
    fn carry_requests(&mut self) -> Result<(), Over> {
        let mut requests = Requests::new(self.shared.wire);
        let mut answers_due = 0;
        loop {
            requests.feed(&receive(&mut self.client)?);
            while let Some(taken) = requests.next() {
                match taken {
                    Taken::Message(message) => self.carry(&message, &mut answers_due)?,
                    Taken::EncryptionRequest => send(&mut self.client, b"N")?,
                }
            }
        }
    }

    fn carry(&mut self, message: &Message, answers_due: &mut u64) -> Result<(), Over> {
        *answers_due += u64::from(message.answered == Answered::Own);
        let answer = *answers_due + u64::from(message.answered == Answered::Next);
        let request = message.request.as_deref().unwrap_or_default();
        let only_its_end = [STARTUP, AUTHENTICATION].contains(&request);
        for met in self.shared.meet(message.request.as_deref()) {
            match met {
                Met::Before(rule) => self.shared.stand(rule, || is_gone(&self.client))?,
                Met::After(rule) => {
                    self.withheld.lock().unwrap().push(Withheld {
                        answer,
                        rule,
                        only_its_end,
                    });
                }
            }
        }
        self.shared
            .note_length(Stream::Requests, message.bytes.len());
        self.shared
            .pass(Stream::Requests, &mut self.server, &message.bytes)
    }

    fn carry_answers(&mut self) -> Result<(), Over> {
        let mut answers = Answers::new(self.shared.wire);
        let mut answer = 1;
        let mut kept = Vec::new();
        let mut length = 0;
        loop {
            let Ok(bytes) = receive(&mut self.server) else {
                return send(&mut self.client, &kept); // The last words of the server.
            };
            answers.feed(&bytes);
            while let Some(piece) = answers.next() {
                kept.extend(&piece.bytes);
                self.carry_back(&piece, answer, &mut kept)?;
                answer += u64::from(piece.is_last);
                length = self.shared.note_piece(&piece, length);
            }
        }
    }

    /// Sends what is kept of an answer, if it is time.
    fn carry_back(&mut self, piece: &Piece, of: u64, kept: &mut Vec<u8>) -> Result<(), Over> {
        if self.keeps_back(of, piece.is_last) {
            return Ok(());
        }
        if piece.is_last {
            self.stand(of)?;
        }
        let kept = std::mem::take(kept);
        self.shared.pass(Stream::Answers, &mut self.client, &kept)
    }

    /// Whether a piece of this answer must wait for the end of it.
    fn keeps_back(&self, answer: u64, is_last: bool) -> bool {
        let withheld = self.withheld.lock().unwrap();
        let mut of_this = withheld.iter().filter(|withheld| withheld.answer == answer);
        !is_last && of_this.any(|withheld| !withheld.only_its_end)
    }

    /// Stands at every point that this answer, now complete, was kept back for.
    fn stand(&self, answer: u64) -> Result<(), Over> {
        let met: Vec<usize> = {
            let withheld = self.withheld.lock().unwrap();
            let of_this = withheld.iter().filter(|withheld| withheld.answer == answer);
            of_this.map(|withheld| withheld.rule).collect()
        };
        met.into_iter()
            .try_for_each(|rule| self.shared.stand(rule, || false))
    }

    fn end(&self) {
        for stream in [&self.client, &self.server] {
            let _already_gone = stream.shutdown(Shutdown::Both);
        }
    }
}

/// What has arrived; an error at the end of the stream.
fn receive(stream: &mut TcpStream) -> Result<Vec<u8>, Over> {
    let mut bytes = vec![0; 16 * 1024];
    let length = stream.read(&mut bytes).map_err(|_gone| Over)?;
    bytes.truncate(length);
    if length == 0 { Err(Over) } else { Ok(bytes) }
}

/// Whether the other side has hung up, as one that was killed has.
fn is_gone(stream: &TcpStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_millis(1)))
        .unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_read_timeout(None).unwrap();
    matches!(peeked, Ok(0)) || peeked.is_err_and(|error| error.kind() == ConnectionReset)
}

/// Whether a request is the one that is meant. A dry run names a command and does not run it.
fn is_about(request: &str, text: &str) -> bool {
    request.contains(text) && !request.starts_with("ACL DRYRUN")
}
