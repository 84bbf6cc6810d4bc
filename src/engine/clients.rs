//! Who uses a server right now.

/// Who uses a server right now, dbtune itself left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clients {
    /// How many connections there are; `None` where that is not told.
    pub connections: Option<u32>,
    /// How many of them are in a transaction; `None` where that is not told.
    pub in_transaction: Option<u32>,
    /// Whose they are, the most numerous first, as far as that can be seen.
    pub groups: Vec<ClientGroup>,
}

/// Connections of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientGroup {
    /// The database.
    pub database: String,
    /// The user.
    pub user: String,
    /// What the application calls itself; may be empty.
    pub application: String,
    /// How many.
    pub count: u32,
}
