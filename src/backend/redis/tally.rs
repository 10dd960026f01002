//! Counts ids by site, a million of them in a tenth of a second.
//!
//! Ids of one site tend to follow each other, and a bench has few sites, so the sites seen last are
//! compared first; only an id of another one is taken apart.

use std::collections::BTreeMap;

use crate::model::id::site_of_id;

/// Sites that are compared before an id is taken apart.
const RECENT: usize = 4;

/// Sites that are told apart. A bench has some hundreds; more only a hostile writer makes.
const MOST_SITES: usize = 10_000;

/// What sites beyond [`MOST_SITES`] are counted under; no site may be called so.
pub const OTHER_SITES: &str = "(other sites)";

/// How many ids carry which site. Sites are numbered in the order in which they were first seen.
#[derive(Debug, Default)]
pub struct SiteTally {
    names: Vec<String>,
    counts: Vec<u64>,
    numbers: BTreeMap<String, usize>,
    recent: [usize; RECENT],
}

impl SiteTally {
    /// Counts one id: gives its site's number and what stands behind the separator, or `None`
    /// where the id carries no site.
    ///
    /// Every number below was given out by [`Self::number_of`], so indexing cannot fail.
    pub fn add<'i>(&mut self, id: &'i [u8]) -> Option<(usize, &'i [u8])> {
        for place in 0..RECENT {
            let number = self.recent[place];
            if let Some(rest) = self.names.get(number).and_then(|name| behind_site(id, name)) {
                self.counts[number] += 1;
                // The one seen last comes first: a run of one site costs one comparison.
                self.recent.swap(0, place);
                return Some((number, rest));
            }
        }
        let site = site_of_id(id)?;
        let number = self.number_of(site);
        self.counts[number] += 1;
        self.recent.rotate_right(1);
        self.recent[0] = number;
        Some((number, id.get(site.len() + 2..).unwrap_or_default()))
    }

    /// Adds `count` jobs of a site that is known otherwise than by an id.
    pub fn add_site(&mut self, site: &str, count: u64) -> usize {
        let number = self.number_of(site);
        self.counts[number] += count;
        number
    }

    /// The number of a site, a new one where it was not seen before.
    pub fn number_of(&mut self, site: &str) -> usize {
        if let Some(number) = self.numbers.get(site) {
            return *number;
        }
        if self.names.len() >= MOST_SITES && site != OTHER_SITES {
            return self.number_of(OTHER_SITES);
        }
        let number = self.names.len();
        self.names.push(site.to_owned());
        self.counts.push(0);
        self.numbers.insert(site.to_owned(), number);
        number
    }

    /// The name behind a number.
    pub fn name(&self, number: usize) -> Option<&str> {
        self.names.get(number).map(String::as_str)
    }

    /// How many ids carry `site`; `None` where none was seen.
    pub fn get(&self, site: &str) -> Option<&u64> {
        self.numbers.get(site).and_then(|number| self.counts.get(*number))
    }

    /// The sites, in alphabetical order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.numbers.keys()
    }

    /// The sites and their counts, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.numbers.iter().map(|(site, number)| (site.as_str(), self.counts[*number]))
    }
}

/// What stands behind the separator in an id of this site. A site's name holds no separator, so
/// the first one in the id is the one behind the name.
fn behind_site<'i>(id: &'i [u8], site: &str) -> Option<&'i [u8]> {
    match id.strip_prefix(site.as_bytes())? {
        [b':', b':', rest @ ..] | [b'|', b'|', rest @ ..] => Some(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn site_tally_agrees_with_the_slow_way() {
        let ids: [&[u8]; 9] = [
            b"erp::a",
            b"erp.example||b",
            b"erp||scheduled_job||x",
            b"0b1c",
            b"erp:x",
            b"a::1",
            b"b::1",
            b"c::1",
            b"erp.example::b",
        ];
        let mut tally = SiteTally::default();
        for _ in 0..3 {
            for id in ids {
                let counted = tally.add(id).map(|(number, rest)| (number, rest.to_vec()));
                let site = counted.as_ref().and_then(|(number, _)| tally.name(*number));
                assert_eq!(site, site_of_id(id));
                let rest = site_of_id(id).map(|site| id[site.len() + 2..].to_vec());
                assert_eq!(counted.map(|(_, rest)| rest), rest);
            }
        }
        let counts: Vec<_> = tally.iter().collect();
        assert_eq!(counts, [("a", 3), ("b", 3), ("c", 3), ("erp", 6), ("erp.example", 6)]);
    }

    #[test]
    fn site_tally_of_endless_sites_stays_bounded() {
        let mut tally = SiteTally::default();
        for n in 0..MOST_SITES + 5 {
            tally.add(format!("site{n}::x").as_bytes());
        }
        assert_eq!(tally.get(OTHER_SITES), Some(&5));
        assert_eq!(tally.keys().count(), MOST_SITES + 1);
    }
}
