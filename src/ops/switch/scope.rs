//! Which sites a switch is turned for, and the operator's word for it.

use super::places::bench_of;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::ops::change::How;
use crate::target::names_every_site;

/// The sites that were named, in order.
///
/// A flag names them. On a terminal a variable or the bench's default site will do, as somebody is
/// there to say no. Errors: `Refused` where neither holds, `NotFound` for an unknown site.
pub fn named_sites(context: &Context, limit: Option<u64>) -> Result<Vec<String>> {
    let bench = bench_of(context)?;
    let by_flag = !context.global.site.is_empty();
    let mut sites = match context.sites()? {
        _ if !by_flag && !context.ui.can_ask() => return Err(unnamed().into()),
        Some(sites) => sites,
        None if names_every_site(&context.global)? => {
            bench.sites().names().map(str::to_owned).collect()
        }
        None => vec![bench.default_site().ok_or_else(unnamed)?.0],
    };
    if sites.is_empty() {
        let why = format!("`{}` has no sites", bench.root().display());
        return Err(Failure::new(Kind::NotFound, why).into());
    }
    sites.sort_unstable();
    if let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) {
        sites.truncate(limit);
    }
    Ok(sites)
}

fn unnamed() -> Failure {
    Failure::new(Kind::Refused, "will not choose sites by itself: no flag says which are meant")
        .hint("name them: --site NAME, more than once, or --site all")
}

/// Asks on a terminal whether `what` is to be done; elsewhere the flag that named the sites will
/// do. Errors: `Refused` where the answer is no.
pub fn confirm(context: &mut Context, what: &str, sites: &[&str], how: &How) -> Result<()> {
    if how.yes || !context.ui.can_ask() {
        return Ok(());
    }
    let named = match sites {
        [one] => format!("of {one}"),
        several => {
            let first: Vec<&str> = several.iter().take(6).copied().collect();
            let more = if several.len() > first.len() { ", …" } else { "" };
            context.ui.status(&format!("sites: {}{more}", first.join(", ")));
            format!("of {}", human::counted(several.len() as u64, "site"))
        }
    };
    let answer = context.ui.ask(&format!("{what} {named}? [y/N]"))?;
    if matches!(answer.as_str(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(Kind::Refused, format!("did not {what} {named}: not confirmed")).into())
}
