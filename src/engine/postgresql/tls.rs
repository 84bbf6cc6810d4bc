//! libpq's TLS options, as libpq understands them, and never weaker.
//!
//! The client library knows three modes and no files. So the options are taken out of the URL and
//! become a configuration of the TLS library; wherever TLS is demanded the client library is told to
//! demand it, too, so that nothing falls back to plain text.

use std::path::Path;

use postgres::Config;
use postgres::config::{SslMode, SslNegotiation};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Conninfo;
use crate::engine::attempt::Refusal;
use crate::engine::tls::{self, Advice, Check, Identity, KeyRule, Roots};

/// What to do when the two sides do not come together.
pub(super) const ADVICE: Advice = Advice {
    ca: "name the CA that signed it: sslrootcert=FILE in the URL, or PGSSLROOTCERT; \
         sslrootcert=system takes the CAs of this system",
    self_signed: "give the server one that a CA signed, or name this very certificate: \
                  sslrootcert=FILE in the URL",
    identity: "give one: sslcert=FILE and sslkey=FILE in the URL, or PGSSLCERT and PGSSLKEY",
    name: "connect by a name that it has, or give the server a certificate for this one \
           (subjectAltName); sslmode=verify-ca would check the CA alone",
    plain: "is that a PostgreSQL server?",
};

/// `sslrootcert=system`: the roots of the platform.
const SYSTEM: &str = "system";

/// libpq's modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Mode {
    const ALL: [(Self, &str); 6] = [
        (Self::Disable, "disable"),
        (Self::Allow, "allow"),
        (Self::Prefer, "prefer"),
        (Self::Require, "require"),
        (Self::VerifyCa, "verify-ca"),
        (Self::VerifyFull, "verify-full"),
    ];

    /// The mode that is asked for; without one `prefer`, and with the platform's roots `verify-full`.
    fn of(given: Option<&str>, root: Option<&str>) -> Result<Self, Refusal> {
        let is_system = root == Some(SYSTEM);
        let Some(given) = given else {
            return Ok(if is_system {
                Self::VerifyFull
            } else {
                Self::Prefer
            });
        };
        let found = Self::ALL.into_iter().find(|(_, name)| *name == given);
        let Some((mode, _)) = found else {
            let names = Self::ALL.map(|(_, name)| name).join(", ");
            let reason = format!("there is no sslmode `{given}`");
            return Err(Refusal::lasting(
                reason,
                Some(&format!("it is one of {names}")),
            ));
        };
        if is_system && mode != Self::VerifyFull {
            return Err(Refusal::lasting(
                format!("sslmode={given} is too weak for sslrootcert=system"),
                Some("anybody can have a certificate of a public CA: use sslmode=verify-full"),
            ));
        }
        Ok(mode)
    }
}

/// How one attempt to connect is made.
#[derive(Clone)]
pub(super) struct Dial {
    /// Where to, as whom.
    pub(super) config: Config,
    /// What encrypts; absent: nothing does.
    pub(super) tls: Option<MakeRustlsConnect>,
}

/// The TLS options of a URL.
pub(super) struct TlsOptions {
    mode: Mode,
    root: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    negotiates_directly: bool,
}

impl TlsOptions {
    /// Takes them out of a URL.
    pub(super) fn take(options: &mut Conninfo) -> Result<Self, Refusal> {
        refuse_what_is_missing(options)?;
        let root = options.take("sslrootcert");
        Ok(Self {
            mode: Mode::of(options.take("sslmode").as_deref(), root.as_deref())?,
            root,
            certificate: options.take("sslcert"),
            key: options.take("sslkey"),
            negotiates_directly: options.get("sslnegotiation") == Some("direct"),
        })
    }
}

/// How TLS is used with a target.
pub(super) struct Tls {
    mode: Mode,
    /// Absent for `disable`, and where nothing but sockets is named.
    connect: Option<MakeRustlsConnect>,
    shows_identity: bool,
}

impl Tls {
    /// Reads the files that the options name, unless there is no use for them.
    pub(super) fn new(options: &TlsOptions, only_sockets: bool) -> Result<Self, Refusal> {
        let mode = options.mode;
        if mode == Mode::Disable || only_sockets {
            return Ok(Self {
                mode,
                connect: None,
                shows_identity: false,
            });
        }
        let check = check(mode, options.root.as_deref())?;
        let identity = identity(options.certificate.as_deref(), options.key.as_deref())?;
        let shows_identity = identity.is_some();
        let mut config = tls::client_config(check, identity)?;
        if options.negotiates_directly {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(Self {
            mode,
            connect: Some(MakeRustlsConnect::new(config)),
            shows_identity,
        })
    }

    /// Whether a client certificate is shown to a server that asks for one.
    pub(super) fn shows_identity(&self) -> bool {
        self.shows_identity
    }

    /// How to go about connecting, one way after the other. A socket is on this host: as with libpq
    /// there is no TLS on it, whatever the mode.
    pub(super) fn dials(&self, config: &Config, is_socket: bool) -> Vec<Dial> {
        let plain = (SslMode::Disable, None);
        let demanded = (SslMode::Require, self.connect.clone());
        let ways = match self.mode {
            _ if is_socket => vec![plain],
            Mode::Disable => vec![plain],
            Mode::Allow => vec![plain, demanded],
            Mode::Prefer => vec![(SslMode::Prefer, self.connect.clone())],
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => vec![demanded],
        };
        let dial = |(mode, tls): (SslMode, Option<MakeRustlsConnect>)| {
            let mut config = config.clone();
            config.ssl_mode(mode);
            if tls.is_none() {
                config.ssl_negotiation(SslNegotiation::Postgres);
            }
            Dial { config, tls }
        };
        ways.into_iter().map(dial).collect()
    }
}

/// Options that make TLS stricter and that dbtune does not have are refused; those that ask for less
/// than it does anyway need nothing.
fn refuse_what_is_missing(options: &mut Conninfo) -> Result<(), Refusal> {
    for (option, without) in [
        (
            "sslpassword",
            "dbtune takes no passphrases: give a key without one",
        ),
        (
            "sslcrl",
            "dbtune reads no revocation lists: leave it out if you can do without",
        ),
        (
            "sslcrldir",
            "dbtune reads no revocation lists: leave it out if you can do without",
        ),
    ] {
        if options.get(option).is_some() {
            let reason = format!("the URL has {option}, which this version does not know");
            return Err(Refusal::lasting(reason, Some(without)));
        }
    }
    options.take("sslcompression");
    let harmless = [
        (
            "ssl_min_protocol_version",
            ["TLSv1", "TLSv1.1", "TLSv1.2"].as_slice(),
        ),
        ("ssl_max_protocol_version", ["TLSv1.3"].as_slice()),
        ("sslsni", ["1"].as_slice()),
        ("gssencmode", ["disable", "prefer"].as_slice()),
    ];
    for (option, values) in harmless {
        if options
            .get(option)
            .is_some_and(|value| values.contains(&value))
        {
            options.take(option);
        }
    }
    Ok(())
}

/// A root certificate that is there is used, even where the mode asks for none: as libpq has it.
fn check(mode: Mode, root: Option<&str>) -> Result<Check, Refusal> {
    let roots = match root {
        None => None,
        Some(SYSTEM) => Some(Roots::of_platform()?),
        Some(file) => Some(Roots::of_file(Path::new(file))?),
    };
    match (mode, roots) {
        (Mode::VerifyFull, Some(roots)) => Ok(Check::ChainAndName(roots)),
        (_, Some(roots)) => Ok(Check::Chain(roots)),
        (Mode::VerifyCa | Mode::VerifyFull, None) => Err(Refusal::lasting(
            "sslmode=verify-ca and verify-full need the CA of the server, and none is named",
            Some(
                "add sslrootcert=FILE to the URL, set PGSSLROOTCERT, or put it into \
                 ~/.postgresql/root.crt; sslrootcert=system takes the CAs of this system",
            ),
        )),
        (Mode::Disable | Mode::Allow | Mode::Prefer | Mode::Require, None) => Ok(Check::Nothing),
    }
}

fn identity(certificate: Option<&str>, key: Option<&str>) -> Result<Option<Identity>, Refusal> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let (certificate, key) = (Path::new(certificate), Path::new(key));
            Identity::of_files(certificate, key, KeyRule::AsLibpq).map(Some)
        }
        (Some(_), None) => Err(Refusal::lasting(
            "there is a client certificate (sslcert), and no key to it",
            Some("add sslkey=FILE to the URL, or set PGSSLKEY"),
        )),
        (None, Some(_)) => Err(Refusal::lasting(
            "there is a key (sslkey), and no client certificate to it",
            Some("add sslcert=FILE to the URL, or set PGSSLCERT"),
        )),
    }
}
