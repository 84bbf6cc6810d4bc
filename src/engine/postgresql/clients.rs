//! Who is connected to a PostgreSQL.

use super::Postgres;
use super::rows::{self, Row};
use crate::engine::{ClientGroup, Clients, EngineError};

/// The connections by database, user and application. Of those that this role may not look at, it is
/// not told what they do.
const CLIENTS: &str = "\
SELECT COALESCE(datname, '') AS database, COALESCE(usename, '') AS user_name, \
COALESCE(application_name, '') AS application, count(*) AS number, \
count(xact_start) AS in_transaction, \
bool_or(query IS NOT DISTINCT FROM '<insufficient privilege>') AS hidden \
FROM pg_catalog.pg_stat_activity \
WHERE COALESCE(backend_type, 'client backend') = 'client backend' AND datid IS NOT NULL \
AND pid <> pg_catalog.pg_backend_pid() AND application_name NOT LIKE 'dbtune%' \
GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3";

impl Postgres {
    pub(super) fn read_clients(&mut self) -> Result<Clients, EngineError> {
        const SHOWN: &str = "a look at its connections";
        let answer = self.ask(CLIENTS, SHOWN)?;
        read(&rows::rows(&answer)).map_err(|reason| self.unexpected(SHOWN, reason))
    }
}

fn read(rows: &[Row<'_>]) -> Result<Clients, String> {
    let mut clients = Clients {
        connections: Some(0),
        in_transaction: Some(0),
        groups: Vec::new(),
    };
    let add = |sum: Option<u32>, more: u32| sum.map(|sum| sum.saturating_add(more));
    for row in rows {
        let count = rows::number(row.required("number")?)?;
        let busy = rows::number(row.required("in_transaction")?)?;
        clients.connections = add(clients.connections, count);
        clients.in_transaction = add(clients.in_transaction, busy);
        if row.flag("hidden")? {
            clients.in_transaction = None;
        }
        clients.groups.push(ClientGroup {
            database: row.required("database")?.to_owned(),
            user: row.required("user_name")?.to_owned(),
            application: row.required("application")?.to_owned(),
            count,
        });
    }
    Ok(clients)
}
