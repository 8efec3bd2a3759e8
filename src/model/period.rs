//! Lengths of time, as policies write them and messages name them.

use super::words::shortened;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Units from the longest: suffix, name, seconds.
const UNITS: [(char, &str, i64); 4] = [
    ('d', "day", 86_400),
    ('h', "hour", 3_600),
    ('m', "minute", 60),
    ('s', "second", 1),
];

/// A length of time: a whole number and a unit, such as `30d`, `12h`, `15m` or `45s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9]+[dhms]$"))]
pub struct Period {
    seconds: i64,
}

/// Why a text is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time: write a whole number and one unit, such as 30d, 12h, 15m or 45s")]
pub struct PeriodError(String);

impl Period {
    /// So many days.
    pub const fn days(days: u32) -> Self {
        Self {
            seconds: days as i64 * 86_400,
        }
    }

    /// So many minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self {
            seconds: minutes as i64 * 60,
        }
    }

    /// How long ago `then` was; zero when it is still to come.
    pub fn between(then: Timestamp, now: Timestamp) -> Self {
        Self {
            seconds: now.duration_since(then).as_secs().max(0),
        }
    }

    /// For messages, rounded down to the longest unit that fits: `45 days`, `1 hour`.
    pub fn in_words(self) -> String {
        let fits = |unit: &&(char, &str, i64)| self.seconds >= unit.2;
        let (_, name, length) = UNITS.iter().find(fits).unwrap_or(&UNITS[3]);
        match self.seconds / length {
            1 => format!("1 {name}"),
            number => format!("{number} {name}s"),
        }
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, PeriodError> {
        let parsed = UNITS.iter().find_map(|(suffix, _, length)| {
            let number = text.strip_suffix(*suffix)?;
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            number.parse::<i64>().ok().filter(|_| digits)?.checked_mul(*length)
        });
        parsed
            .map(|seconds| Self { seconds })
            .ok_or_else(|| PeriodError(shortened(&text)))
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

/// As policies write it, in the longest unit that is exact.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = |unit: &&(char, &str, i64)| self.seconds % unit.2 == 0;
        let (suffix, _, length) = UNITS.iter().find(exact).unwrap_or(&UNITS[3]);
        write!(f, "{}{suffix}", self.seconds / length)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_and_a_unit_is_read_and_written_again() {
        for (text, words) in [
            ("30d", "30 days"),
            ("1h", "1 hour"),
            ("90m", "1 hour"),
            ("15m", "15 minutes"),
            ("45s", "45 seconds"),
            ("0d", "0 seconds"),
        ] {
            let period: Period = serde_json::from_value(json!(text)).unwrap();
            assert_eq!(json!(period), text);
            assert_eq!(period.in_words(), words);
        }
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        for text in [
            "",
            "d",
            "30",
            "1.5h",
            "-1d",
            "+1d",
            " 1d",
            "1 d",
            "1D",
            "9223372036854775807d",
        ] {
            let error = serde_json::from_value::<Period>(json!(text)).unwrap_err();
            assert!(
                error.to_string().contains("such as 30d, 12h, 15m or 45s"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn what_is_to_come_was_no_time_ago() {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let then = "2026-05-02T00:00:00Z".parse().unwrap();
        assert_eq!(Period::between(then, now), Period::days(30));
        assert_eq!(Period::between(now, then), Period::minutes(0));
    }
}
