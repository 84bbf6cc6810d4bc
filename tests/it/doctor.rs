//! What the doctor finds on real servers.

mod findings;
mod grants;
mod seen;
