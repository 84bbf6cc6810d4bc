//! What `dbtune` does on real servers. One crate, so that the helpers are compiled once; every test
//! owns the servers that it uses.

#[cfg(test)]
mod apply;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod cut_twice;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod hazards;
#[cfg(test)]
mod lint;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod not_recorded;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod random_cuts;
#[cfg(test)]
mod redis_doors;
#[cfg(test)]
mod redis_files;
#[cfg(test)]
mod redis_hazards;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod rollback;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod saved_plan;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod sql;
#[cfg(test)]
mod standbys;
#[cfg(test)]
mod support;
#[cfg(test)]
mod support_holds;
#[cfg(test)]
mod versions;
