//! What can go wrong with servers of our own.

use std::io;
use std::path::PathBuf;

/// What can go wrong with a sandbox. Every text is free of secrets, and whatever the error, nothing
/// of the sandbox is left but what [`SandboxError::Leftover`] names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A server program is not on this machine.
    #[error("no {program} found on this machine (looked in {looked_in}); {install}")]
    NotInstalled {
        /// The program.
        program: &'static str,
        /// Where it was looked for.
        looked_in: String,
        /// What to type to have it.
        install: &'static str,
    },
    /// The folder that the user named holds no PostgreSQL.
    #[error("{} is no bin folder of PostgreSQL: {reason}", folder.display())]
    NotABinFolder {
        /// The folder.
        folder: PathBuf,
        /// What it lacks.
        reason: String,
    },
    /// There is no folder that the servers could use.
    #[error(
        "no folder for the sandbox: {reason}; set TMPDIR to a folder with a short path that {user} may enter"
    )]
    NoFolder {
        /// What is wrong with each that was tried.
        reason: String,
        /// The account that the servers run as.
        user: String,
    },
    /// This is root, and there is nobody that the servers could run as.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody"
    )]
    NoAccount,
    /// A file or folder of the sandbox could not be made or read.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was tried: `write`, `create`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A program could not be run.
    #[error("cannot run {program}")]
    Run {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// `initdb` failed.
    #[error("initdb made no PostgreSQL cluster:\n{output}")]
    Initdb {
        /// What it said.
        output: String,
    },
    /// A server did not start, stop or restart.
    #[error("{verb} failed: {output}")]
    Server {
        /// What was asked of which server: `start of postgresql`.
        verb: String,
        /// What was wrong, with the end of the server's log.
        output: String,
    },
    /// The command to run in the sandbox does not exist.
    #[error("{program}: command not found")]
    CommandNotFound {
        /// The command.
        program: String,
    },
    /// Not everything could be taken down.
    #[error("the sandbox could not be removed whole; look at {}", folder.display())]
    Leftover {
        /// What is still there.
        folder: PathBuf,
    },
    /// What was to be printed could not be.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

impl SandboxError {
    /// Makes an error about a file, to be given to `map_err`.
    pub(crate) fn file(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }

    /// Whether a server found that somebody else listens on its port.
    pub(crate) fn is_about_a_taken_port(&self) -> bool {
        matches!(self, Self::Server { output, .. } if output.contains("Address already in use"))
    }

    /// Makes an error about a program, to be given to `map_err`.
    pub(crate) fn run(program: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |source| Self::Run { program, source }
    }
}
