//! How long a review may take: the API server says so in `?timeout=`.

use std::time::Duration;

use super::Limits;

/// Part of the time that is left for the answer's way back to the API server: a tenth, at most 200 ms.
const WAY_BACK_DIVISOR: u32 = 10;
const MAX_WAY_BACK: Duration = Duration::from_millis(200);

/// How long the review of a request with this query may take.
pub(super) fn review_time(query: Option<&str>, limits: &Limits) -> Duration {
    let asked = query
        .unwrap_or_default()
        .split('&')
        .find_map(|pair| pair.strip_prefix("timeout="))
        .and_then(parse_duration)
        .filter(|timeout| !timeout.is_zero())
        .unwrap_or(limits.default_timeout)
        .min(limits.max_timeout);
    asked.saturating_sub((asked / WAY_BACK_DIVISOR).min(MAX_WAY_BACK))
}

/// A duration as Go writes it: numbers with a unit each, `1m30s`, `1.5s`, `500ms`. None if it is not one, is negative
/// or too long to be one.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    loop {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let seconds = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        total = total.checked_add(part)?;
        if tail.is_empty() {
            return Some(total);
        }
        rest = tail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations() {
        for (text, expected) in [
            ("10s", Some(10_000)),
            ("1m30s", Some(90_000)),
            ("500ms", Some(500)),
            ("1.5s", Some(1500)),
            ("1h", Some(3_600_000)),
            ("2000000ns", Some(2)),
            ("1000us", Some(1)),
            ("1000µs", Some(1)),
            ("0s", Some(0)),
            ("", None),
            ("10", None),
            ("s", None),
            ("-1s", None),
            ("1x", None),
            ("1.2.3s", None),
            ("10s ", None),
            ("NaNs", None),
            ("99999999999999999999999999h", None),
        ] {
            assert_eq!(parse_duration(text), expected.map(Duration::from_millis), "{text}");
        }
        let endless = format!("{}h", "9".repeat(400));
        assert_eq!(parse_duration(&endless), None);
    }

    #[test]
    fn the_answer_leaves_before_the_api_server_gives_up() {
        let limits = Limits::default();
        for (query, expected) in [
            (None, 9_800),
            (Some("timeout=10s"), 9_800),
            (Some("a=b&timeout=500ms"), 450),
            (Some("timeout=soon"), 9_800),
            (Some("timeout=0s"), 9_800),
            (Some("timeout=1h"), 29_800),
            (Some("xtimeout=1s"), 9_800),
        ] {
            assert_eq!(
                review_time(query, &limits),
                Duration::from_millis(expected),
                "{query:?}"
            );
        }
    }
}
