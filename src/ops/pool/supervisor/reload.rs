//! Takes up settings that have changed.

use std::time::Instant;

use super::{Pool, Size, Supervisor, watch};
use crate::ops::pool::plan::{Prepared, prepare_anew};

impl Supervisor<'_> {
    /// Reads bench and settings anew. What cannot be used changes nothing.
    pub(super) fn reload(&mut self) {
        match prepare_anew(self.context, self.options) {
            Ok(prepared) => self.take_up(prepared),
            Err(error) => self.warn(&format!("the old settings stay: {error:#}")),
        }
    }

    /// Gives pools their new sizes, limits and queues. Workers that run get those that concern them
    /// with the rolling restart; what is not needed any more leaves after its job.
    fn take_up(&mut self, prepared: Prepared) {
        self.rules.grace = prepared.grace;
        self.observer = watch(self.context, &prepared, self.sight.fault.take());
        self.ask_again();
        let mut leaving = Vec::new();
        let mut said = Vec::new();
        let now = Instant::now();
        let is_left = |pool: &&mut Pool| {
            pool.size != Size::NONE && !prepared.pools.iter().any(|fresh| fresh.name == pool.name)
        };
        for pool in self.pools.iter_mut().filter(is_left) {
            pool.size = Size::NONE;
            // Another pool may be to serve its queues: they leave last.
            self.retired.extend(pool.fit(now));
            said.push(format!("pool `{}`: no longer in the settings", pool.name));
        }
        for fresh in prepared.pools {
            let name = fresh.name.clone();
            let known = self.pools.iter_mut().find(|pool| pool.name == name);
            let pool = if let Some(pool) = known {
                if pool.size != fresh.size {
                    said.push(format!("pool `{name}`: {}, was {}", fresh.size, pool.size));
                }
                pool.take_over(fresh);
                pool
            } else {
                said.push(format!("pool `{name}`: new, {}", fresh.size));
                self.pools.push(fresh);
                // It was pushed a line ago.
                let Some(pool) = self.pools.last_mut() else { continue };
                pool
            };
            leaving.extend(pool.fit(now).into_iter().map(|pid| (pid, "fewer workers are wanted")));
        }
        self.look();
        for text in said {
            self.say(&text);
        }
        for (pid, why) in leaving {
            self.ask_to_leave(pid, why);
        }
    }
}
