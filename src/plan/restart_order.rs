//! In which order servers that wait for a restart may be restarted.

use crate::setting::EngineKind;
use crate::snapshot::{Observed, Snapshot};

use super::cluster::{self, SENSITIVE};

/// In which order servers may be restarted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestartOrder {
    /// The names of the servers, one after another.
    pub order: Vec<String>,
    /// Those for which there is no moment at which a restart would be safe.
    pub stuck: Vec<String>,
}

/// What a node has of each of the sensitive settings.
type Levels = [Option<i64>; SENSITIVE.len()];

/// A server, what it runs with, and what it would have after a restart.
struct Node<'a> {
    snapshot: &'a Snapshot,
    runs: Levels,
    then: Levels,
}

/// The order in which these servers may be restarted; `all` are all servers that are known, those
/// named in `waiting` are to be restarted.
///
/// A node may be restarted when no standby of its cluster then has less than its primary runs with
/// at that moment. One after another the first node that may is taken, cluster after cluster,
/// standbys before their primary: that raises standbys first and lowers the primary first, whatever
/// is mixed, and comes to the order that the plan has shown. (What a standby still has to replay is
/// another matter: it is waited for.)
pub fn restart_order(all: &[&Snapshot], waiting: &[String]) -> RestartOrder {
    let mut nodes: Vec<Node<'_>> = all.iter().map(|snapshot| Node::of(snapshot)).collect();
    let mut left: Vec<usize> = (0..nodes.len())
        .filter(|&index| {
            let name = nodes.get(index).map(|node| &node.snapshot.target);
            name.is_some_and(|name| waiting.contains(name))
        })
        .collect();
    left.sort_by_key(|&index| {
        let node = all.get(index)?;
        Some(cluster::place_of_restart(all, node))
    });
    let mut found = RestartOrder::default();
    while let Some(position) = left.iter().position(|&index| is_safe(&nodes, index)) {
        let index = left.remove(position);
        if let Some(node) = nodes.get_mut(index) {
            node.runs = node.then;
            found.order.push(node.snapshot.target.clone());
        }
    }
    let stuck = left.into_iter().filter_map(|index| nodes.get(index));
    found.stuck = stuck.map(|node| node.snapshot.target.clone()).collect();
    found
}

fn is_safe(nodes: &[Node<'_>], index: usize) -> bool {
    let Some(node) = nodes.get(index) else {
        return false;
    };
    let mut others = nodes.iter().filter(|other| {
        other.snapshot.target != node.snapshot.target
            && cluster::is_same(node.snapshot, other.snapshot)
    });
    if cluster::is_follower(node.snapshot) {
        others.all(|other| cluster::is_follower(other.snapshot) || reaches(node.then, other.runs))
    } else {
        others.all(|other| !cluster::is_follower(other.snapshot) || reaches(other.runs, node.then))
    }
}

/// Whether a standby with these levels can replay what a primary with those writes.
fn reaches(standby: Levels, primary: Levels) -> bool {
    standby
        .iter()
        .zip(primary)
        .all(|(standby, primary)| match (standby, primary) {
            (Some(standby), Some(primary)) => *standby >= primary,
            (None, _) | (_, None) => true,
        })
}

impl<'a> Node<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let levels = |raw: fn(&Observed) -> &str| {
            SENSITIVE.map(|name| match snapshot.engine {
                EngineKind::Redis => None,
                EngineKind::Postgresql => {
                    let observed = snapshot.setting(&name.into())?;
                    let value = observed.domain.parse(raw(observed)).ok()?;
                    value.as_integer()
                }
            })
        };
        Self {
            snapshot,
            runs: levels(|observed| &observed.running),
            then: levels(Observed::after_restart),
        }
    }
}
