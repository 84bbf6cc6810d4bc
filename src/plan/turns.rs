//! In how many turns a plan is carried out, and in which order targets are restarted in each.
//!
//! A standby must never have less of certain settings than its primary had when it wrote the log
//! that the standby replays. So to raise one, standbys are restarted first; to lower one, the
//! primary is, and each standby only when it has replayed that. A plan that does both in one
//! cluster does it in two turns, with the restarts between them.

use std::collections::BTreeMap;

use crate::setting::EngineKind;
use crate::snapshot::Snapshot;

use super::cluster::{self, Direction};

/// Which way each cluster goes in the turn at hand, by the index of its first target.
#[derive(Debug, Default)]
pub(super) struct Turns<'a> {
    nodes: Vec<&'a Snapshot>,
    current: u32,
    directions: BTreeMap<usize, Direction>,
    /// The order of restarts of the turns that are over.
    orders: Vec<Vec<String>>,
}

impl<'a> Turns<'a> {
    /// Begins with what waits for a restart already.
    pub(super) fn new(nodes: Vec<&'a Snapshot>) -> Self {
        let mut turns = Self {
            nodes,
            ..Self::default()
        };
        for index in 0..turns.nodes.len() {
            let Some(node) = turns.nodes.get(index) else {
                continue;
            };
            let waiting = cluster::waiting(node)
                .map(|(_, direction)| direction)
                .next();
            if let (Some(direction), Some(key)) = (waiting, turns.cluster_of(index)) {
                turns.directions.entry(key).or_insert(direction);
            }
        }
        turns
    }

    /// The turn at hand, counted from 0.
    pub(super) fn current(&self) -> u32 {
        self.current
    }

    /// The turn in which a sensitive setting of a node goes this way. What goes the other way than
    /// the cluster does in the turn at hand begins the next.
    pub(super) fn of(&mut self, node: usize, direction: Direction) -> u32 {
        let Some(key) = self.cluster_of(node) else {
            return self.current;
        };
        match self.directions.get(&key) {
            Some(before) if *before != direction => self.next(),
            Some(_) | None => {}
        }
        self.directions.insert(key, direction);
        self.current
    }

    /// The names of all targets in the order in which they are to be restarted, for each turn.
    pub(super) fn orders(mut self) -> Vec<Vec<String>> {
        self.next();
        self.orders
    }

    fn next(&mut self) {
        let order = self.order();
        self.orders.push(order);
        self.current += 1;
        self.directions.clear();
    }

    /// The cluster of a PostgreSQL node, by the index of its first node; `None` for one that stands
    /// alone as far as anybody can see.
    fn cluster_of(&self, index: usize) -> Option<usize> {
        let node = self.nodes.get(index)?;
        if node.engine == EngineKind::Redis {
            return None;
        }
        let is_same = |other: &&Snapshot| cluster::is_same(node, other);
        let count = self.nodes.iter().filter(|other| is_same(other)).count();
        let is_alone = count < 2 && cluster::followers(node).is_empty();
        let is_alone = is_alone && !cluster::is_follower(node);
        if is_alone {
            return None;
        }
        self.nodes
            .iter()
            .position(|other| cluster::is_same(node, other))
    }

    /// Cluster after cluster, in the order of the targets; in each the primary last, or first where
    /// it lowers.
    fn order(&self) -> Vec<String> {
        let place = |index: usize| {
            let own = self.cluster_of(index);
            let lowers = own.and_then(|key| self.directions.get(&key)) == Some(&Direction::Lower);
            let (cluster, is_last) = cluster::place_of_restart(&self.nodes, self.nodes.get(index)?);
            Some((cluster, is_last != lowers))
        };
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|&index| place(index));
        let nodes = order.into_iter().filter_map(|index| self.nodes.get(index));
        nodes.map(|node| node.target.clone()).collect()
    }
}

/// Where a Redis stands in the order of writes: more is given to replicas before their masters, and
/// less to masters before their replicas, so that no replica is ever smaller than its master.
pub(super) fn place_of_write(node: &Snapshot, direction: Option<Direction>) -> u8 {
    let follows = cluster::is_follower(node);
    match (node.engine, direction) {
        (EngineKind::Postgresql, _) | (EngineKind::Redis, None) => 0,
        (EngineKind::Redis, Some(Direction::Raise)) => u8::from(!follows),
        (EngineKind::Redis, Some(Direction::Lower)) => 2 + u8::from(follows),
    }
}
