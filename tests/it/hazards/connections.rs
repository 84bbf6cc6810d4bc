//! Fewer connections than are open.

use super::desk::Desk;
use crate::support::Postgres;

#[test]
fn fewer_connections_than_clients_have_open_are_refused_on_a_live_server() {
    let desk = Desk::of(Postgres::start());
    let open: Vec<_> = (0..14).map(|_| desk.postgres.client()).collect();
    desk.refuses(
        "max_connections: 15",
        "connection_budget",
        "12 would be let in",
    );
    drop(open);
    desk.lets_pass("max_connections: 20", "connection_budget");
}
