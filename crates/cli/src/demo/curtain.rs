//! The end, which can come at any moment: every pause and every wait ends with it.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use conclave_node::StartError;

use crate::error::CliError;

/// How long anything may take that is bound to happen. A device waits up to half a minute for a key that it lacks.
const DEADLINE: Duration = Duration::from_secs(60);

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(25);

/// Why the play goes no further.
#[derive(Debug)]
pub enum Break {
    /// It was told to stop.
    Closed,
    /// Something went wrong.
    Failed(CliError),
}

impl From<CliError> for Break {
    fn from(error: CliError) -> Self {
        Self::Failed(error)
    }
}

impl From<StartError> for Break {
    fn from(error: StartError) -> Self {
        Self::Failed(error.into())
    }
}

/// Whether the play is to end.
#[derive(Default)]
pub struct Curtain {
    is_closed: Mutex<bool>,
    closing: Condvar,
}

impl Curtain {
    /// Ends every pause, now and later.
    pub fn close(&self) {
        *self
            .is_closed
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.closing.notify_all();
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// [`Break::Closed`] as soon as it closes.
    pub fn pause(&self, time: Duration) -> Result<(), Break> {
        let is_closed = self
            .is_closed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .closing
            .wait_timeout_while(is_closed, time, |is_closed| !*is_closed);
        let (is_closed, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if *is_closed {
            Err(Break::Closed)
        } else {
            Ok(())
        }
    }

    /// Looks until something is there.
    ///
    /// # Errors
    /// [`Break::Closed`], the error of a look, or [`CliError::Demo`] if it does not come.
    pub fn until<T>(
        &self,
        what: &str,
        mut look: impl FnMut() -> Result<Option<T>, CliError>,
    ) -> Result<T, Break> {
        let begin = Instant::now();
        loop {
            if let Some(found) = look()? {
                return Ok(found);
            }
            if begin.elapsed() > DEADLINE {
                return Err(CliError::Demo(format!("this did not happen: {what}")).into());
            }
            self.pause(LOOK)?;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_pause_ends_when_the_curtain_closes() {
        let curtain = std::sync::Arc::new(Curtain::default());
        curtain.pause(Duration::ZERO).unwrap();
        let waiting = {
            let curtain = std::sync::Arc::clone(&curtain);
            std::thread::spawn(move || curtain.pause(Duration::from_secs(3600)))
        };
        curtain.close();
        assert!(matches!(waiting.join().unwrap(), Err(Break::Closed)));
        let never: Result<(), Break> = curtain.until("never", || Ok(None));
        assert!(matches!(never, Err(Break::Closed)));
    }
}
