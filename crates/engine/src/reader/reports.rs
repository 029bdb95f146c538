//! Reports that wait for this person.

use conclave_core::id::ServerId;
use conclave_core::view::ViewError;

use super::Reader;
use crate::model::{QuoteView, ReportView, Seen};
use crate::{reports, timeline};

impl Reader<'_> {
    /// The reports of a server that wait here, oldest first.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn reports(&self, server: ServerId) -> Result<Vec<ReportView>, ViewError> {
        let Some(room) = self.room(&server) else {
            return Ok(Vec::new());
        };
        let waiting = reports::all(self.view, server)?.into_iter();
        let views = waiting.map(|(number, report)| {
            let quote = report.quote.map(|quote| {
                let place = timeline::locate(self.view, &quote.message)?;
                let seen = match place {
                    None => Seen::Missing,
                    Some(place) if place.author != report.about => Seen::Differs,
                    Some(_) if timeline::text(self.view, &quote.message)? == quote.text => {
                        Seen::Same
                    }
                    Some(_) => Seen::Differs,
                };
                Ok(QuoteView {
                    channel: quote.channel,
                    message: quote.message,
                    text: quote.text,
                    seen,
                })
            });
            Ok(ReportView {
                number,
                from: (report.from, room.name_of(&report.from)),
                about: (report.about, room.name_of(&report.about)),
                time: report.time,
                reason: report.reason,
                quote: quote.transpose()?,
            })
        });
        views.collect()
    }
}
