//! What is wrong at present, each thing said once.

use std::collections::BTreeMap;
use std::time::Instant;

use super::objects::ObjectError;
use crate::pace::SILENCE;

/// Where something can go wrong. What is wrong at one place replaces what was wrong there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    WatchSecret,
    Contents,
    WriteSecret,
    WatchConfiguration(usize),
    /// Reading the Secret again before a configuration is written.
    CheckSecret(usize),
    WriteConfiguration(usize),
    /// Somebody else writes the same configuration.
    Contention(usize),
}

/// What is wrong at present.
#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeMap<Place, Trouble>);

#[derive(Debug)]
struct Trouble {
    text: String,
    /// Whether it stays until somebody mends it.
    is_lasting: bool,
    /// When it was last met with.
    met: Instant,
}

impl Troubles {
    /// Something is wrong that lasts until somebody mends it.
    pub(super) fn add(&mut self, place: Place, text: String) {
        self.set(place, text, true);
    }

    /// Takes how a request to the API server came out; a conflict says nothing, the next look will see what it was.
    pub(super) fn take<T>(&mut self, place: Place, outcome: Result<T, ObjectError>) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.clear(place);
                Some(value)
            }
            Err(ObjectError::Conflict) => None,
            Err(error) => {
                self.set(place, error.to_string(), matches!(error, ObjectError::Refused(_)));
                None
            }
        }
    }

    /// Nothing is wrong there.
    pub(super) fn clear(&mut self, place: Place) {
        if let Some(trouble) = self.0.remove(&place) {
            tracing::info!(was = trouble.text, "a problem with the certificate is over");
        }
    }

    /// All that lasts, as one text.
    pub(super) fn lasting(&self) -> Option<String> {
        let texts: Vec<&str> = self
            .0
            .values()
            .filter(|trouble| trouble.is_lasting)
            .map(|trouble| trouble.text.as_str())
            .collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// Forgets the watches' failures that have not come again for long.
    pub(super) fn forget(&mut self, now: Instant) {
        let is_old = |(place, trouble): (&Place, &Trouble)| {
            let is_watch = matches!(place, Place::WatchSecret | Place::WatchConfiguration(_));
            (is_watch && now.duration_since(trouble.met) > SILENCE).then_some(*place)
        };
        let old: Vec<Place> = self.0.iter().filter_map(is_old).collect();
        for place in old {
            self.clear(place);
        }
    }

    fn set(&mut self, place: Place, text: String, is_lasting: bool) {
        let met = Instant::now();
        if let Some(known) = self.0.get_mut(&place).filter(|known| known.text == text) {
            known.met = met;
            return;
        }
        if is_lasting {
            tracing::error!(problem = text, "the certificate cannot be kept up");
        } else {
            tracing::warn!(problem = text, "trying again");
        }
        let trouble = Trouble { text, is_lasting, met };
        self.0.insert(place, trouble);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_lasts_counts_until_it_is_over_and_a_silent_watch_is_taken_to_work() {
        let mut troubles = Troubles::default();
        let refused = |text: &str| Err::<(), _>(ObjectError::Refused(text.to_owned()));
        assert_eq!(troubles.take(Place::WatchSecret, refused("no watch")), None);
        assert_eq!(troubles.take(Place::WriteSecret, refused("no update")), None);
        let failed = Err::<(), _>(ObjectError::Failed("no answer".to_owned()));
        troubles.take(Place::WatchConfiguration(0), failed);
        assert_eq!(troubles.lasting().as_deref(), Some("no watch; no update"));

        troubles.forget(Instant::now());
        assert_eq!(troubles.lasting().as_deref(), Some("no watch; no update"));
        troubles.forget(Instant::now() + SILENCE + Duration::from_secs(1));
        assert_eq!(troubles.lasting().as_deref(), Some("no update"));

        troubles.take(Place::WriteSecret, Err::<(), _>(ObjectError::Conflict));
        assert_eq!(troubles.lasting().as_deref(), Some("no update"));
        assert_eq!(troubles.take(Place::WriteSecret, Ok(7)), Some(7));
        assert_eq!(troubles.lasting(), None);
    }
}
