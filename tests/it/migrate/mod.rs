//! `dbtune migrate`, on real servers.

mod accept;
mod blocked;
mod deploy;
mod files;
mod full_disk;
mod half_done;
mod held;
mod history;
mod jobs;
mod killed;
mod matrix;
mod medianest;
mod partitions;
mod pooler;
mod reindex;
mod secrets;
mod session;
mod transactions;
