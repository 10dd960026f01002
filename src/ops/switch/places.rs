//! Holds the places where switches stand: what stands there cannot change before it is let go.
//!
//! A new sort of place is one more arm of [`hold`] and its [`Held`].

use super::rows;
use crate::bench::{Bench, ConfigEdit, ConfigName, Waiting};
use crate::codec::Json;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::SwitchPlace;

/// A place that nobody else changes while it is held.
pub trait Held {
    /// What stands there; `None` for nothing.
    fn now(&self) -> Option<String>;

    /// Puts something there, or takes away what stands there; durable when it returns.
    ///
    /// Errors: the place is then as it was.
    fn put(&mut self, value: Option<&str>) -> Result<()>;
}

/// Holds a place.
///
/// Errors: those of the place; `TryAgain` where somebody else holds it for too long; `Data` for a
/// place that this version does not know.
pub fn hold<'c>(
    context: &'c Context,
    place: &SwitchPlace,
    waiting: Waiting<'_>,
) -> Result<Box<dyn Held + 'c>> {
    match place {
        SwitchPlace::ConfigKey { file, key } => {
            let edit = bench_of(context)?.edit_config(&config_name(file)?, waiting)?;
            Ok(Box::new(HeldKey { edit, key: key.clone() }))
        }
        SwitchPlace::Singles { .. } | SwitchPlace::Column { .. } => rows::hold(context, place),
    }
}

/// What stands in a place, without holding it: for a plan.
pub fn look(context: &Context, place: &SwitchPlace) -> Result<Option<String>> {
    match place {
        SwitchPlace::ConfigKey { file, key } => {
            let value = bench_of(context)?.peek_config(&config_name(file)?, key)?;
            Ok(value.map(|value| value.dump()))
        }
        SwitchPlace::Singles { .. } | SwitchPlace::Column { .. } => rows::look(context, place),
    }
}

/// The bench, without which there is no switch.
pub fn bench_of(context: &Context) -> Result<&Bench> {
    context.target()?.bench.as_ref().ok_or_else(|| {
        Failure::new(Kind::Usage, "this needs a bench: plain RQ has no sites")
            .hint("change into the bench, or name it: --bench DIR")
            .into()
    })
}

fn config_name(file: &str) -> Result<ConfigName> {
    ConfigName::of_path(file).ok_or_else(|| {
        Failure::new(Kind::Data, format!("`{file}` is no configuration file of a bench")).into()
    })
}

/// A key of a configuration file, under Frappe's lock.
struct HeldKey {
    edit: ConfigEdit,
    key: String,
}

impl Held for HeldKey {
    fn now(&self) -> Option<String> {
        self.edit.get(&self.key).map(Json::dump)
    }

    fn put(&mut self, value: Option<&str>) -> Result<()> {
        let value = value.map(|text| Json::parse(text.as_bytes())).transpose();
        let value = value.map_err(|error| {
            let message = format!("cannot set `{}`: its value is no JSON", self.key);
            Failure::new(Kind::Data, message).because(error)
        })?;
        self.edit.set(&self.key, value.as_ref())
    }
}
