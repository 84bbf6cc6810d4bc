//! Profiles and targets files: what is read, what is a mistake, what is shown.

mod load;
mod mistakes;
mod servers;
mod show;
mod targets;
mod yaml;
