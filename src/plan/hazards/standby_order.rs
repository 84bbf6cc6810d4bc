//! Primary and standbys would come to a setting in the wrong order, or one of them would not come to
//! it at all.

use crate::plan::after::After;
use crate::plan::cluster::{self, Direction};
use crate::plan::need::Need;
use crate::plan::restart_order::restart_order;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::EngineKind;
use crate::snapshot::Snapshot;

use super::{Subject, blocking, warning};

/// A node of the cluster and what it will have.
type Node<'a> = (&'a After<'a>, Option<i64>);

/// What keeps the nodes of a cluster from coming to the setting one after another, and in which
/// order they do where nothing keeps them.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Hazard> {
    let snapshot = subject.target.snapshot;
    if subject.need == Need::Nothing {
        return Vec::new();
    }
    let is_sensitive = cluster::is_sensitive(snapshot.engine, subject.setting);
    match snapshot.engine {
        EngineKind::Redis if is_sensitive => [replica_unseen(subject), link_down(subject)]
            .into_iter()
            .flatten()
            .collect(),
        EngineKind::Redis => Vec::new(),
        EngineKind::Postgresql if is_sensitive => of_postgresql(subject),
        EngineKind::Postgresql => both_ways(subject).into_iter().collect(),
    }
}

fn of_postgresql(subject: &Subject<'_>) -> Vec<Hazard> {
    let rules = [
        both_ways,
        unlisted,
        overtakes,
        falls_behind,
        primary_unseen,
        paused,
    ];
    let found: Vec<Hazard> = rules.iter().filter_map(|rule| rule(subject)).collect();
    if found.is_empty() {
        return order(subject).into_iter().collect();
    }
    found
}

/// A primary is raised while standbys follow it, or one of its standbys, that are none of the targets.
fn unlisted(subject: &Subject<'_>) -> Option<Hazard> {
    let own = subject.target.snapshot;
    if cluster::is_follower(own) || direction(subject) != Some(Direction::Raise) {
        return None;
    }
    let nodes = nodes(subject);
    let seen = nodes.iter().copied().flat_map(cluster::followers);
    let seen: Vec<&str> = seen.collect();
    let listed = nodes
        .iter()
        .filter(|node| cluster::is_follower(node))
        .count();
    let has_others = has_unlisted(&seen, listed, ["standby", "standbys"])?;
    let message = format!(
        "the cluster of {} {has_others}; raise {} on every standby first, else they stop replaying or \
         stop altogether: name them in the targets file, or leave --target out",
        own.target, subject.setting,
    );
    Some(blocking(HazardKind::StandbyOrder, message))
}

/// What a cluster has, where more follow than are among the targets.
fn has_unlisted(seen: &[&str], listed: usize, [one, many]: [&str; 2]) -> Option<String> {
    let number = seen.len();
    (number > listed).then(|| {
        format!(
            "has {number} {} ({}), of which {listed} {} among the targets",
            if number == 1 { one } else { many },
            seen.join(", "),
            if listed == 1 { "is" } else { "are" },
        )
    })
}

/// A primary would have more than a standby that is a target.
fn overtakes(subject: &Subject<'_>) -> Option<Hazard> {
    if cluster::is_follower(subject.target.snapshot) {
        return None;
    }
    let own = own(subject)?;
    let (standby, theirs) = peers(subject)
        .filter(|(node, _)| follows(node))
        .find_map(|(node, theirs)| Some((node, theirs.filter(|theirs| *theirs < own)?)))?;
    Some(less(subject, standby.target.name(), theirs, own))
}

/// A standby would have less than its primary.
fn falls_behind(subject: &Subject<'_>) -> Option<Hazard> {
    if !cluster::is_follower(subject.target.snapshot) {
        return None;
    }
    let own = own(subject)?;
    let (_, theirs) = peers(subject).find(|(node, _)| !follows(node))?;
    let theirs = theirs.filter(|theirs| own < *theirs)?;
    Some(less(subject, subject.target.name(), own, theirs))
}

fn less(subject: &Subject<'_>, standby: &str, of_standby: i64, of_primary: i64) -> Hazard {
    let message = format!(
        "{standby} would have {} {of_standby} and its primary {of_primary}: a standby with less than \
         its primary stops replaying and does not start again; give it at least as much",
        subject.setting
    );
    blocking(HazardKind::StandbyOrder, message)
}

/// A standby is lowered, and nobody can see what its primary has.
fn primary_unseen(subject: &Subject<'_>) -> Option<Hazard> {
    let snapshot = subject.target.snapshot;
    let sees_primary = peers(subject).any(|(node, _)| !follows(node));
    let is_lowered = direction(subject) == Some(Direction::Lower);
    if !cluster::is_follower(snapshot) || sees_primary || !is_lowered {
        return None;
    }
    let facts = snapshot.facts.postgresql.as_ref();
    let upstream = facts.and_then(|facts| facts.upstream.as_deref());
    let place = upstream.map_or_else(String::new, |place| format!(" at {place}"));
    let message = format!(
        "{} is a standby and its primary{place} is not among the targets: with less {} than the \
         primary it would not start again; add the primary to the targets, which is then lowered \
         first",
        snapshot.target, subject.setting
    );
    Some(blocking(HazardKind::StandbyOrder, message))
}

/// A lowering waits until every standby has replayed it, and one of them replays nothing.
fn paused(subject: &Subject<'_>) -> Option<Hazard> {
    if direction(subject) != Some(Direction::Lower) {
        return None;
    }
    let standby = nodes(subject).into_iter().find(|node| {
        let facts = node.facts.postgresql.as_ref();
        facts.is_some_and(|facts| facts.replay_paused)
    })?;
    let message = format!(
        "replay on {} is paused, and it may only be restarted with less {} once it has replayed what \
         the primary wrote; resume replay first: SELECT pg_wal_replay_resume()",
        standby.target, subject.setting
    );
    Some(blocking(HazardKind::StandbyOrder, message))
}

/// Files of a cluster hold a raise and a lowering already: no order of restarts is right for both.
fn both_ways(subject: &Subject<'_>) -> Option<Hazard> {
    if !subject.needs_restart() {
        return None;
    }
    let waiting: Vec<&After<'_>> = cluster_of(subject)
        .filter(|node| !node.waiting().is_empty())
        .collect();
    let names: Vec<String> = waiting
        .iter()
        .map(|node| node.target.name().to_owned())
        .collect();
    if names.is_empty() || restart_order(&nodes(subject), &names).stuck.is_empty() {
        return None;
    }
    let listing = waiting.iter().flat_map(|node| {
        let waiting = node.waiting().iter();
        waiting.map(|(name, way)| format!("{name} on {} to be {}", node.target.name(), way.done()))
    });
    let message = format!(
        "what waits for a restart already ({}) fits no order of restarts: a raise wants standbys \
         restarted first, a lowering the primary; take one of them back (ALTER SYSTEM), restart, and \
         plan again",
        listing.collect::<Vec<_>>().join(", ")
    );
    Some(blocking(HazardKind::StandbyOrder, message))
}

/// The order in which the nodes are restarted.
fn order(subject: &Subject<'_>) -> Option<Hazard> {
    let direction = direction(subject)?;
    peers(subject).next()?;
    let how = match direction {
        Direction::Raise => "standbys are restarted first, then the primary",
        Direction::Lower => {
            "the primary is restarted first, then each standby when it has replayed that"
        }
    };
    let message = format!("{} is sensitive on standbys: {how}", subject.setting);
    Some(warning(HazardKind::StandbyOrder, message))
}

/// A master has replicas that are none of the targets: they keep their own limit.
fn replica_unseen(subject: &Subject<'_>) -> Option<Hazard> {
    let snapshot = subject.target.snapshot;
    let seen = cluster::followers(snapshot);
    let listed = peers(subject).filter(|(node, _)| follows(node)).count();
    if cluster::is_follower(snapshot) {
        return None;
    }
    let has_others = has_unlisted(&seen, listed, ["replica", "replicas"])?;
    let message = format!(
        "{} {has_others}; a replica keeps its own maxmemory and would go by it after a failover: name \
         them in the targets file",
        snapshot.target,
    );
    Some(warning(HazardKind::StandbyOrder, message))
}

/// A replica that has lost its master: what it holds is not what the master holds.
fn link_down(subject: &Subject<'_>) -> Option<Hazard> {
    let snapshot = subject.target.snapshot;
    let facts = snapshot.facts.redis.as_ref()?;
    if facts.link_is_up != Some(false) {
        return None;
    }
    let message = format!(
        "{} is a replica of {} and not connected to it; it is changed all the same",
        snapshot.target,
        facts.upstream.as_deref().unwrap_or("a master"),
    );
    Some(warning(HazardKind::StandbyOrder, message))
}

/// The nodes of the cluster among the targets, the one at hand included.
fn cluster_of<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a After<'a>> {
    let own = subject.target.snapshot;
    let nodes = subject.occasion.afters.iter();
    nodes.filter(move |node| cluster::is_same(own, node.target.snapshot))
}

/// What was read of them.
fn nodes<'a>(subject: &Subject<'a>) -> Vec<&'a Snapshot> {
    let nodes = cluster_of(subject);
    nodes.map(|node| node.target.snapshot).collect()
}

/// The other nodes of the cluster among the targets, with what they will have.
fn peers<'a>(subject: &Subject<'a>) -> impl Iterator<Item = Node<'a>> {
    let own = subject.target.name();
    let setting = subject.setting.as_str();
    let others = cluster_of(subject).filter(move |node| node.target.name() != own);
    others.map(move |node| (node, node.integer(setting)))
}

fn follows(node: &After<'_>) -> bool {
    cluster::is_follower(node.target.snapshot)
}

/// What the target at hand will have.
fn own(subject: &Subject<'_>) -> Option<i64> {
    subject.after().integer(subject.setting.as_str())
}

fn direction(subject: &Subject<'_>) -> Option<Direction> {
    let to = subject.after().raw(subject.setting.as_str())?;
    cluster::direction(subject.observed, &subject.observed.running, to)
}
