//! Who the servers run as.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::SandboxError;

/// An unprivileged user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: &'static str,
    /// Its number.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
}

impl Account {
    /// The user that servers run as when root starts them: `postgres` where there is one, else
    /// `nobody`.
    pub fn unprivileged() -> Result<Self, SandboxError> {
        ["postgres", "nobody"]
            .into_iter()
            .find_map(Self::named)
            .ok_or(SandboxError::NoAccount)
    }

    /// Looks a user up as the system does, wherever it keeps its users.
    fn named(name: &'static str) -> Option<Self> {
        let number = |which| {
            let output = Command::new("id").args([which, name]).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        Some(Self {
            name,
            uid: number("-u")?,
            gid: number("-g")?,
        })
    }

    /// Lets the command run as this user, in its group and in no other.
    pub fn drop_to(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Whether this user may enter the folder, by the mode that everybody sees.
    pub fn may_enter(folder: &Path) -> bool {
        use std::os::unix::fs::PermissionsExt as _;
        folder.ancestors().all(|ancestor| {
            ancestor.as_os_str().is_empty()
                || ancestor
                    .metadata()
                    .is_ok_and(|found| found.permissions().mode() & 0o001 != 0)
        })
    }
}
