//! The rules for dependencies, held against what cargo says it builds.

use std::process::Command;

use serde_json::Value;

/// Licences under which a dependency may come in.
const LICENCES: [&str; 10] = [
    "0BSD",
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "Unicode-3.0",
    "Zlib",
];

/// Crates that may not: a second TLS stack or one with a C library, a second provider of its
/// cryptography, roots that age with the program, an abandoned reader of PEM, unsound or abandoned kin of
/// `yaml_serde`, and an error type that is nobody's.
const BANNED: [&str; 11] = [
    "openssl",
    "openssl-sys",
    "native-tls",
    "aws-lc-rs",
    "aws-lc-sys",
    "webpki-roots",
    "rustls-pemfile",
    "serde_yaml",
    "serde_yml",
    "libyml",
    "anyhow",
];

/// The platform that this is built on: what others need is not on this machine's disk.
fn platform() -> String {
    let output = Command::new(env!("CARGO")).arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut hosts = text.lines().filter_map(|line| line.strip_prefix("host: "));
    hosts.next().unwrap().to_owned()
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args("metadata --format-version 1 --locked --offline --filter-platform".split(' '))
        .arg(platform())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let resolved = metadata["resolve"]["nodes"].as_array().unwrap();
    let is_built = |package: &Value| resolved.iter().any(|node| node["id"] == package["id"]);
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .filter(|package| is_built(package))
        .cloned()
        .collect()
}

/// Whether an expression such as `(MIT OR Apache-2.0) AND Unicode-3.0` can be met.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], "");
    expression
        .split(" AND ")
        .all(|all| all.split(" OR ").any(|one| LICENCES.contains(&one.trim())))
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let refused: Vec<String> = packages()
        .iter()
        .filter(|package| !is_allowed(package["license"].as_str().unwrap_or("none")))
        .map(|package| format!("{} {}", package["name"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(!is_allowed("GPL-3.0-only"));
    assert!(!is_allowed("MIT AND GPL-3.0-only"));
}

#[test]
fn no_banned_crate_comes_in_and_all_come_from_the_registry() {
    let packages = packages();
    assert!(packages.len() > 50, "only {} packages", packages.len());
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        assert!(!BANNED.contains(&name), "{name} is banned");
        let source = package["source"].as_str();
        let is_ours = name == env!("CARGO_PKG_NAME");
        assert!(
            is_ours || source.is_some_and(|source| source.starts_with("registry+")),
            "{name}"
        );
    }
}

/// One TLS for both engines, and one cryptography behind it.
#[test]
fn both_engines_share_one_tls_with_ring_behind_it() {
    let packages = packages();
    for name in ["rustls", "ring", "tokio-rustls", "rustls-webpki"] {
        let found = packages.iter().filter(|package| package["name"] == name);
        assert_eq!(found.count(), 1, "{name}");
    }
    assert_eq!(features_of("rustls"), ["ring", "std", "tls12"]);
    assert!(!features_of("redis").contains(&"tls-rustls-insecure".to_owned()));
}

/// The features with which a crate is built.
fn features_of(name: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args("tree --locked --offline --edges normal --prefix none --format".split(' '))
        .args(["{p}|{f}", "--target", &platform()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text
        .lines()
        .filter(|line| line.starts_with(&format!("{name} v")));
    let (_, features) = lines.next().unwrap().split_once('|').unwrap();
    let mut features: Vec<String> = features
        .trim_end_matches(" (*)")
        .split(',')
        .map(str::to_owned)
        .collect();
    features.sort();
    features
}
