//! The same for registries, where an id is taken by its name.

use super::super::keys::Key;
use super::super::read::Store;
use super::{Attached, Script, Taken, digits, keys_of};
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::queue::Registry;

static REMOVE: Script = Script::new(include_str!("../scripts/remove_from_registry.lua"));

impl Store {
    /// Takes ids out of a registry, with what belongs to them; `None` leaves an id.
    ///
    /// Cost: one round trip; of the server's time 10 µs per id, so a few hundred at a time.
    pub fn remove_from_registry(
        &mut self,
        registry: Registry,
        queue: &QueueName,
        receipts: &Key,
        jobs: &[(&JobId, Option<Attached>)],
    ) -> Result<Vec<Taken>> {
        let going = || jobs.iter().filter_map(|(id, attached)| Some((id, attached.as_ref()?)));
        let mut taken = vec![Taken::Left; jobs.len()];
        if going().next().is_none() {
            return Ok(taken);
        }
        let mut keys = vec![self.keys().registry(registry, queue), receipts.clone()];
        keys.extend(going().flat_map(|(_, attached)| keys_of(attached)).cloned());
        let mut arguments: Vec<Vec<u8>> =
            vec![going().flat_map(|(_, attached)| digits(attached)).collect()];
        arguments.extend(going().flat_map(|(id, attached)| {
            [id.as_bytes().to_vec(), attached.receipt.clone(), attached.fingerprint.clone()]
        }));
        let attempt = "remove jobs from the registry";
        let codes: Vec<u8> = REMOVE.run(self, attempt, &keys, &arguments)?;
        let slots = taken.iter_mut().zip(jobs).filter(|(_, (_, attached))| attached.is_some());
        for ((slot, _), code) in slots.zip(codes) {
            *slot = Taken::of(code);
        }
        Ok(taken)
    }
}
