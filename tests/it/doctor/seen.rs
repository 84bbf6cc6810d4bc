//! What came of a `dbtune doctor`, with shorter words for what the tests ask of it.

use serde_json::Value;

use crate::support::{Project, Ran};

/// The answer of one examination.
pub(super) struct Found {
    pub(super) ran: Ran,
    document: Value,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) target: String,
    pub(super) check: String,
    pub(super) verdict: String,
    pub(super) message: String,
    pub(super) remedy: String,
}

/// Examines the targets of a project.
pub(super) fn examine(project: &Project, arguments: &str) -> Found {
    let ran = project
        .dbtune(&format!("doctor --format json {arguments}"))
        .run();
    let document = ran.json();
    Found { ran, document }
}

impl Found {
    /// Every finding, in order.
    pub(super) fn all(&self) -> Vec<Finding> {
        let findings = self.document["findings"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        findings
            .iter()
            .map(|finding| Finding {
                target: text(&finding["target"]),
                check: text(&finding["check"]),
                verdict: text(&finding["verdict"]),
                message: text(&finding["message"]),
                remedy: text(&finding["remedy"]),
            })
            .collect()
    }

    /// The findings that are not ok.
    pub(super) fn wrong(&self) -> Vec<Finding> {
        let wrong = |finding: &Finding| finding.verdict != "ok";
        self.all().into_iter().filter(wrong).collect()
    }

    /// The findings of one check of a target that have this verdict.
    pub(super) fn of(&self, target: &str, check: &str, verdict: &str) -> Vec<Finding> {
        let all = self.all().into_iter();
        all.filter(|finding| {
            finding.target == target && finding.check == check && finding.verdict == verdict
        })
        .collect()
    }

    /// The one finding of that kind.
    #[track_caller]
    pub(super) fn only(&self, target: &str, check: &str, verdict: &str) -> Finding {
        let found = self.of(target, check, verdict);
        assert_eq!(found.len(), 1, "{found:#?}\n{}", self.ran);
        found[0].clone()
    }

    /// What is to be typed in `psql` or `redis-cli`, in order.
    pub(super) fn statements(&self) -> Vec<String> {
        let wrong = self.wrong().into_iter().map(|finding| finding.remedy);
        wrong
            .filter(|remedy| {
                ["GRANT ", "CREATE ", "ACL "]
                    .iter()
                    .any(|word| remedy.starts_with(word))
            })
            .collect()
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(super) fn exits(&self, code: i32) -> &Self {
        self.ran.exits(code);
        self
    }
}
