//! The lock that keeps two runs of dbtune away from one server, without writing a key.
//!
//! A run names its connection, and then it looks whether another connection has that name too. Of
//! two that see each other both give way, and never do both go on. Where the user may neither name a
//! connection nor list them, nothing can be known and the lock counts as taken.

use redis::{RedisResult, Value};

use super::Redis;
use crate::engine::{EngineError, Lock};

/// The name of the connection that has the lock.
const NAME: &str = "dbtune-apply";

const TAKING: &str = "CLIENT SETNAME and CLIENT LIST";

impl Redis {
    pub(super) fn take_lock(&mut self) -> Result<Lock, EngineError> {
        if self.locked {
            return Ok(Lock::Taken);
        }
        let mut commands = redis::pipe();
        commands.cmd("CLIENT").arg("SETNAME").arg(NAME);
        commands.cmd("CLIENT").arg("ID");
        commands.cmd("CLIENT").arg("LIST");
        let answers = self.call_all(&mut commands, TAKING)?;
        self.locked = true;
        let text = |index: usize| answers.get(index).and_then(readable);
        match (text(1), text(2)) {
            (Some(own), Some(clients)) => match other_holder(&clients, &own) {
                None => Ok(Lock::Taken),
                Some(holder) => {
                    self.release_lock()?;
                    Ok(Lock::HeldBy(holder))
                }
            },
            // The user may not see the connections: nobody can say that somebody else has it.
            _ => Ok(Lock::Taken),
        }
    }

    pub(super) fn release_lock(&mut self) -> Result<(), EngineError> {
        if !self.locked {
            return Ok(());
        }
        self.locked = false;
        let mut command = redis::cmd("CLIENT");
        command.arg("SETNAME").arg("");
        match self.call(&command, "CLIENT SETNAME") {
            // Refused now is refused before: the name was never taken.
            Ok(_) | Err(EngineError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn readable(answer: &RedisResult<Value>) -> Option<String> {
    let value = answer.as_ref().ok()?;
    redis::from_redis_value_ref(value).ok()
}

/// Another connection of that name, by `CLIENT LIST`.
fn other_holder(clients: &str, own: &str) -> Option<String> {
    clients.lines().find_map(|line| {
        let field = |name: &str| {
            line.split(' ')
                .filter_map(|field| field.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        let id = field("id")?;
        (field("name") == Some(NAME) && id != own).then(|| {
            format!(
                "client {id}, user {}, from {}, connected for {} s",
                field("user").unwrap_or("default"),
                field("addr").unwrap_or("an unknown address"),
                field("age").unwrap_or("?"),
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENTS: &str = "id=3 addr=10.0.0.1:1 laddr=x name=web age=9 user=app\n\
        id=4 addr=10.0.0.5:5000 laddr=x name=dbtune-apply age=12 user=admin\n";

    #[test]
    fn ones_own_connection_is_not_another_holder() {
        assert_eq!(other_holder(CLIENTS, "4"), None);
    }

    #[test]
    fn another_connection_of_that_name_is_described() {
        assert_eq!(
            other_holder(CLIENTS, "7").unwrap(),
            "client 4, user admin, from 10.0.0.5:5000, connected for 12 s"
        );
    }
}
