//! A journal that ends in the middle of a record: after a crash, or because the file was damaged.

use super::ledger::Ledger;
use crate::journal::Summary;

/// What such a journal lacks.
pub(super) struct Torn {
    images: u64,
    planned: u64,
}

/// What the operator is told of it.
pub(super) struct Told {
    pub(super) text: String,
    /// Whether jobs that were changed may not be in the journal.
    pub(super) lost: bool,
}

impl Torn {
    /// Looks whether a journal is one; `None` for a whole one.
    pub(super) fn of(summary: &Summary) -> Option<Self> {
        let torn = summary.is_damaged();
        torn.then_some(Self { images: summary.images, planned: summary.header.planned })
    }

    /// What is to be said of it.
    ///
    /// Images are on disk before their jobs are changed. After a crash the receipts are all there,
    /// so where they name nothing beyond the journal, nothing is missing from it. Without any
    /// receipt the operation may have ended, and the file been cut since.
    pub(super) fn told(&self, ledger: &Ledger) -> Told {
        let Self { images, planned } = *self;
        let lost = images < planned && (ledger.beyond > 0 || ledger.receipts == 0);
        let mut text = format!(
            "the journal ends in the middle of a record: {images} jobs of {planned} planned are in it"
        );
        if lost {
            text.push_str("; what was done to the others cannot be undone");
        }
        Told { text, lost }
    }
}
