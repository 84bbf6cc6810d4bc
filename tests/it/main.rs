//! What `dbtune` does on real servers. One crate, so that the helpers are compiled once; every test
//! owns the servers that it uses.

#[cfg(test)]
mod apply;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod rollback;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod saved_plan;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod support;
#[cfg(test)]
mod support_holds;
