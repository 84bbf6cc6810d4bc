//! A folder, and the process that ends what was started in it and removes it.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::{Account, SandboxError};

/// The longest path of a folder that leaves room for the name of a socket (a path of 103 bytes is
/// what every system takes).
const LONGEST_FOLDER: usize = 70;

const PROCESSES: &str = include_str!("scripts/processes.sh");
const KEEPER: &str = include_str!("scripts/keeper.sh");

/// The scripts that lie in each folder.
const SCRIPTS: [(&str, &str); 5] = [
    ("processes.sh", PROCESSES),
    ("gate.sh", include_str!("scripts/gate.sh")),
    ("supervise.sh", include_str!("scripts/supervise.sh")),
    ("server.sh", include_str!("scripts/server.sh")),
    ("terminate.sh", include_str!("scripts/terminate.sh")),
];

/// A private folder whose contents, running or lying, do not outlive this process.
///
/// The work is done by a shell at the other end of a pipe, which nothing else holds: the pipe ends
/// with this value or with this process, even one that is killed. Whatever is started goes through
/// a gate that writes down who it is before it runs, and that the shell closes first: there is no
/// moment at which a process could slip away.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    account: Option<Account>,
    pipe: Option<ChildStdin>,
    process: Child,
}

impl Keeper {
    /// Makes a folder below the first of `parents` that suits, and watches over it. As root, what
    /// is called a server is run as somebody else.
    pub fn start(parents: &[&Path]) -> Result<Self, SandboxError> {
        let folder = make_folder(parents)?;
        let mut process = Command::new("/bin/sh")
            .args(["-c", &format!("{PROCESSES}{KEEPER}")])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(SandboxError::run("/bin/sh"))?;
        let pipe = process.stdin.take();
        let folder = folder.keep();
        // From here on an error takes the folder with it, as anything does.
        let mut keeper = Self {
            folder,
            account: None,
            pipe,
            process,
        };
        keeper.account = account_for(&keeper.folder)?;
        lay_out(&keeper.folder, keeper.account.as_ref())
            .map_err(SandboxError::file("create", &keeper.folder))?;
        Ok(keeper)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whom the servers run as, where that is not who we are.
    pub fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// Makes a folder of that name which only the servers (and root) can enter.
    pub fn server_folder(&self, name: &str) -> Result<PathBuf, SandboxError> {
        let path = self.folder.join(name);
        make_private(&path, self.account.as_ref()).map_err(SandboxError::file("create", &path))?;
        Ok(path)
    }

    /// Writes a file for the servers, which only they (and root) can read.
    pub fn server_file(&self, path: &Path, text: &str) -> Result<(), SandboxError> {
        write_private(path, text)
            .and_then(|()| give(path, self.account.as_ref()))
            .map_err(SandboxError::file("write", path))
    }

    /// Writes a file into the folder, which only we can read.
    pub fn own_file(&self, name: &str, text: &str) -> Result<PathBuf, SandboxError> {
        let path = self.folder.join(name);
        write_private(&path, text).map_err(SandboxError::file("write", &path))?;
        Ok(path)
    }

    /// A script of this folder, as an argument vector.
    pub fn script(&self, script: &str) -> [PathBuf; 2] {
        ["/bin/sh".into(), self.folder.join("scripts").join(script)]
    }

    /// A command for a program of the servers: run as they are, away from the terminal, not to be
    /// outlived. `name` is what it is registered as.
    pub fn server_command(&self, name: &str, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.gated(&format!("servers/{name}"), program);
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .process_group(0);
        if let Some(account) = &self.account {
            account.drop_to(&mut command);
        }
        command
    }

    /// A command for a program of the user: run as we are, where we are, and told to end when we
    /// are gone. There can be one.
    pub fn user_command(&self, program: impl AsRef<OsStr>) -> Command {
        self.gated("command", program)
    }

    fn gated(&self, registered_as: &str, program: impl AsRef<OsStr>) -> Command {
        let [shell, gate] = self.script("gate.sh");
        let mut command = Command::new(shell);
        command
            .arg(gate)
            .arg(self.folder.join("gate").join(registered_as))
            .arg(program);
        command
    }

    /// Ends everything, removes the folder, and waits until that is done.
    pub fn close(mut self) -> Result<(), SandboxError> {
        if self.end() {
            Ok(())
        } else {
            Err(SandboxError::Leftover {
                folder: self.folder.clone(),
            })
        }
    }

    fn end(&mut self) -> bool {
        drop(self.pipe.take());
        self.process.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

/// Makes the folder below the first parent whose path is short enough and, as root, open enough.
fn make_folder(parents: &[&Path]) -> Result<tempfile::TempDir, SandboxError> {
    let mut refusals = Vec::new();
    for parent in parents {
        match folder_below(parent) {
            Ok(folder) => return Ok(folder),
            Err(refusal) => refusals.push(format!("{}: {refusal}", parent.display())),
        }
    }
    Err(SandboxError::NoFolder {
        reason: refusals.join("; "),
        user: Account::unprivileged()
            .map_or("the servers", |account| account.name)
            .to_owned(),
    })
}

fn folder_below(parent: &Path) -> Result<tempfile::TempDir, String> {
    let parent = parent.canonicalize().map_err(|error| error.to_string())?;
    let folder = tempfile::Builder::new()
        .prefix("dbtune-")
        .tempdir_in(&parent)
        .map_err(|error| error.to_string())?;
    if folder.path().as_os_str().len() > LONGEST_FOLDER {
        return Err("its path is too long for the name of a socket".to_owned());
    }
    let is_root = folder.path().metadata().is_ok_and(|found| found.uid() == 0);
    if is_root && !Account::may_enter(&parent) {
        return Err("only root may enter it".to_owned());
    }
    Ok(folder)
}

/// Who servers run as: what we make belongs to us, so the folder tells who we are.
fn account_for(folder: &Path) -> Result<Option<Account>, SandboxError> {
    let found = folder
        .metadata()
        .map_err(SandboxError::file("read", folder))?;
    (found.uid() == 0).then(Account::unprivileged).transpose()
}

fn lay_out(folder: &Path, account: Option<&Account>) -> io::Result<()> {
    let open = if account.is_some() { 0o711 } else { 0o700 };
    let gate = folder.join("gate");
    fs::create_dir(&gate)?;
    make_private(&gate.join("servers"), account)?;
    fs::set_permissions(&gate, Permissions::from_mode(open))?;
    let scripts = folder.join("scripts");
    fs::create_dir(&scripts)?;
    fs::set_permissions(&scripts, Permissions::from_mode(open))?;
    for (name, text) in SCRIPTS {
        let path = scripts.join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, Permissions::from_mode(0o644))?;
    }
    fs::set_permissions(folder, Permissions::from_mode(open))
}

fn make_private(path: &Path, account: Option<&Account>) -> io::Result<()> {
    fs::create_dir(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))?;
    give(path, account)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

fn give(path: &Path, account: Option<&Account>) -> io::Result<()> {
    match account {
        Some(account) => chown(path, Some(account.uid), Some(account.gid)),
        None => Ok(()),
    }
}
