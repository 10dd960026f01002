//! The environment variables that a bench's meaning depends on, taken once.

use std::collections::BTreeMap;
use std::fmt;

use crate::env;

const NAMES: [&str; 13] = [
    env::JOBCTL_BENCH,
    env::HOME,
    env::FRAPPE_REDIS_QUEUE,
    env::FRAPPE_REDIS_CACHE,
    env::FRAPPE_DB_TYPE,
    env::FRAPPE_DB_HOST,
    env::FRAPPE_DB_PORT,
    env::FRAPPE_DB_SOCKET,
    env::FRAPPE_DB_NAME,
    env::FRAPPE_DB_USER,
    env::FRAPPE_DB_PASSWORD,
    env::FRAPPE_BENCH_ROOT,
    env::RQ_ADMIN_PASSWORD,
];

/// A copy of the variables that Frappe reads. Those of a service may differ from the shell's.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Takes the variables of this process.
    pub fn of_this_process() -> Self {
        Self(NAMES.iter().filter_map(|&name| Some((name.to_owned(), env::read(name)?))).collect())
    }

    /// Makes an environment of these variables alone.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self(variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The value of a variable, the empty one included.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a variable that says something: Python's `or` passes over an empty one.
    pub fn get_filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

/// Names only: some values are passwords.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
