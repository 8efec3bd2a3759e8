//! The pace of what is asked of the API server again and again.

use std::time::{Duration, Instant};

/// A watch that fails says so again within a minute, and one that works again may have nothing to say: after this time it is
/// taken to work.
pub(crate) const SILENCE: Duration = Duration::from_secs(180);

/// The pauses between writes: none before the first, then longer ones while they follow each other closely, because
/// they fail or because somebody undoes them.
#[derive(Debug)]
pub(crate) struct Pace {
    pause: Duration,
    last: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            pause: Self::SHORTEST,
            last: None,
        }
    }
}

impl Pace {
    const SHORTEST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(30);

    /// Whether writes follow each other so closely that somebody must be undoing them, or that they fail.
    pub(crate) fn is_contended(&self, now: Instant) -> bool {
        let recent = self.last.is_some_and(|last| now.duration_since(last) < 4 * self.pause);
        recent && self.pause >= 8 * Self::SHORTEST
    }

    /// Whether a write may start now; if so, it counts.
    pub(crate) fn starts(&mut self, now: Instant) -> bool {
        let since = self.last.map(|last| now.duration_since(last));
        if since.is_some_and(|since| since < self.pause) {
            return false;
        }
        self.pause = match since {
            Some(since) if since < 4 * self.pause => (2 * self.pause).min(Self::LONGEST),
            _ => Self::SHORTEST,
        };
        self.last = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_that_are_undone_again_and_again_slow_down_and_a_rare_one_is_prompt() {
        let mut pace = Pace::default();
        let (start, mut starts) = (Instant::now(), Vec::new());
        for second in 0..150 {
            if pace.starts(start + Duration::from_secs(second)) {
                starts.push(second);
            }
        }
        assert_eq!(starts, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
        assert!(pace.is_contended(start + Duration::from_secs(150)));
        assert!(!pace.is_contended(start + Duration::from_secs(600)));

        let later = start + Duration::from_secs(600);
        assert!(pace.starts(later));
        assert!(!pace.starts(later + Duration::from_millis(500)));
        assert!(pace.starts(later + Duration::from_secs(10)));
        assert!(pace.starts(later + Duration::from_secs(20)));
    }
}
