//! What a job calls and for which site, as a list shows it.

use crate::backend::redis::read::StoredJob;
use crate::codec::frappe::headline_of_description;
use crate::codec::payload::Decoder;
use crate::secrets::Secrets;

/// A job's method and site, without secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) method: Option<String>,
    pub(super) site: Option<String>,
}

/// Reads what jobs call, one after the other.
#[derive(Default)]
pub(super) struct Headlines {
    decoder: Decoder,
    secrets: Secrets,
}

impl Headlines {
    pub(super) fn new(secrets: Secrets) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// By the payload, else by the description; the site by the id where the id carries it.
    pub(super) fn of(&mut self, stored: &StoredJob) -> Called {
        let description = || headline_of_description(stored.job.description.as_deref()?);
        let headline = stored.data.as_deref().and_then(|data| self.decoder.headline(data));
        let headline = headline.or_else(description);
        let shown = |text: &str| self.secrets.text(text).into_owned();
        let site = stored.job.id.site().or(headline.as_ref().and_then(|h| h.site.as_deref()));
        Called { site: site.map(shown), method: headline.as_ref().map(|h| shown(&h.method)) }
    }

    /// A text without the secrets in it.
    pub(super) fn shown(&self, text: &str) -> String {
        self.secrets.text(text).into_owned()
    }
}
