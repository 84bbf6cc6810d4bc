//! A server, and plans for it.

use std::path::Path;

use dbtune::sandbox::PostgresqlBin;

use crate::support::{Postgres, Project, Ran, Target as _, TargetEntry};

/// A project with one server.
pub(super) struct Desk {
    pub(super) postgres: Postgres,
    project: Project,
}

impl Desk {
    /// Around a server that runs.
    pub(super) fn of(postgres: Postgres) -> Self {
        let project = Project::new().targets(&[&postgres]);
        Self { postgres, project }
    }

    /// Of the newest version on this machine.
    pub(super) fn open() -> Self {
        Self::of(Postgres::start())
    }

    /// Connected as another role.
    pub(super) fn of_role(postgres: Postgres, role: &str) -> Self {
        let entry = TargetEntry {
            url: postgres.url_of(role, "postgres"),
            ..postgres.entry()
        };
        let project = Project::new().targets(&[&entry]);
        Self { postgres, project }
    }

    /// Connected by the socket in a folder.
    pub(super) fn by_socket(postgres: Postgres, folder: &str) -> Self {
        let place = format!("?host={folder}&port={}", postgres.port());
        let over_tcp = format!("@127.0.0.1:{}", postgres.port());
        let (before, rest) = postgres.url().split_once(&over_tcp).map(owned).unwrap();
        let (path, _) = rest.split_once('?').unwrap_or((&rest, ""));
        let entry = TargetEntry {
            url: format!("{before}@{path}{place}"),
            ..postgres.entry()
        };
        let project = Project::new().targets(&[&entry]);
        Self { postgres, project }
    }

    /// Writes these settings, one a line, as the profile `p`.
    fn profile(&self, settings: &str) {
        let settings = settings.replace('\n', "\n      ");
        let text =
            format!("profile: p\nphases:\n  - phase: 1\n    postgresql:\n      {settings}\n");
        self.write_profile(&text);
    }

    /// Writes the profile `p`.
    pub(super) fn write_profile(&self, text: &str) {
        let path = self.project.path("tuning-profiles/p.yaml");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// `dbtune` with the profile.
    pub(super) fn dbtune(&self, arguments: &str) -> Ran {
        self.project
            .dbtune(&format!("{arguments} --profile p"))
            .run()
    }

    /// Asserts that these settings are refused with this kind of hazard and this word: the plan
    /// shows it and does not fail, apply refuses, nothing is written, and the server runs on.
    #[track_caller]
    pub(super) fn refuses(&self, settings: &str, kind: &str, word: &str) {
        self.profile(settings);
        let before = self.state();
        let plan = self.dbtune("plan --format json");
        plan.exits(0);
        let messages = messages(&plan, kind);
        assert!(
            messages.iter().any(|message| message.contains(word)),
            "{settings}: {messages:#?} lack {word:?}"
        );
        let apply = self.dbtune("apply --yes --restart --format json");
        apply.exits(6);
        assert_eq!(apply.json()["error"]["kind"], kind, "{apply}");
        assert_eq!(self.state(), before);
    }

    /// Asserts that these settings have no hazard of this kind.
    #[track_caller]
    pub(super) fn lets_pass(&self, settings: &str, kind: &str) {
        self.profile(settings);
        let plan = self.dbtune("plan --format json");
        plan.exits(0);
        assert_eq!(messages(&plan, kind), [""; 0], "{settings}");
    }

    /// The messages of this kind of hazard in a plan of these settings.
    pub(super) fn told(&self, settings: &str, kind: &str) -> Vec<String> {
        self.profile(settings);
        let plan = self.dbtune("plan --format json");
        plan.exits(0);
        messages(&plan, kind)
    }

    /// Asserts that the plan of the profile that is there has a hazard of this kind with this word.
    #[track_caller]
    pub(super) fn says(&self, kind: &str, word: &str) {
        let plan = self.dbtune("plan --format json");
        plan.exits(0);
        let messages = messages(&plan, kind);
        assert!(
            messages.iter().any(|message| message.contains(word)),
            "{messages:#?} lack {word:?}"
        );
    }

    /// What is stored, and which life of the server this is.
    fn state(&self) -> (String, String) {
        let started = self
            .postgres
            .value("SELECT pg_postmaster_start_time()::text");
        (self.postgres.auto_conf(), started)
    }
}

/// The versions to ask: the oldest, 15 and the newest.
pub(super) fn every_version() -> Vec<PostgresqlBin> {
    Postgres::every_bin()
}

fn owned((one, other): (&str, &str)) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

/// The messages of one kind of hazard in a plan, each once.
fn messages(plan: &Ran, kind: &str) -> Vec<String> {
    let plan = plan.json();
    let changes = plan["changes"].as_array().unwrap();
    let hazards = changes
        .iter()
        .flat_map(|change| change["hazards"].as_array().unwrap());
    let mut messages: Vec<String> = hazards
        .filter(|hazard| hazard["kind"] == kind)
        .map(|hazard| hazard["message"].as_str().unwrap().to_owned())
        .collect();
    messages.sort();
    messages.dedup();
    messages
}

/// Gives a file to the user that the server runs as.
pub(super) fn give_to_the_owner_of(folder: &Path, file: &Path) {
    use std::os::unix::fs::{MetadataExt as _, chown};

    let owner = std::fs::metadata(folder).unwrap();
    // Only root has somebody else to give it to.
    if owner.uid() != std::fs::metadata(file).unwrap().uid() {
        chown(file, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
}
