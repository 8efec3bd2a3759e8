//! What is wrong at present, each thing said once.

use std::collections::BTreeMap;

use super::objects::ObjectError;

/// Where something can go wrong. What is wrong at one place replaces what was wrong there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    ReadSecret,
    Contents,
    WriteSecret,
    ReadConfiguration(usize),
    WriteConfiguration(usize),
}

/// What is wrong at present.
#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeMap<Place, Trouble>);

#[derive(Debug, PartialEq, Eq)]
struct Trouble {
    text: String,
    /// Whether it stays until somebody mends it.
    is_lasting: bool,
}

impl Troubles {
    /// Something is wrong that lasts until somebody mends it.
    pub(super) fn add(&mut self, place: Place, text: String) {
        self.set(place, Trouble { text, is_lasting: true });
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
                let is_lasting = matches!(error, ObjectError::Refused(_));
                let text = error.to_string();
                self.set(place, Trouble { text, is_lasting });
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

    fn set(&mut self, place: Place, trouble: Trouble) {
        if self.0.get(&place) == Some(&trouble) {
            return;
        }
        if trouble.is_lasting {
            tracing::error!(problem = trouble.text, "the certificate cannot be kept up");
        } else {
            tracing::warn!(problem = trouble.text, "trying again");
        }
        self.0.insert(place, trouble);
    }
}
