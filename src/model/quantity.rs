//! Quantities of Kubernetes resources, exact and ordered by value.
//!
//! Sizes and counts are written as `10Gi`, `500m`, `1e3` or a bare number. [`Quantity::parse`] accepts what Go's
//! `resource.ParseQuantity` accepts, its oddities included (`Gi` alone is zero, a digit below 1n rounds up to 1n,
//! binary suffixes end at 2^63-1); `tests/quantity_vectors.rs` holds it to the Go library's answers.

use super::words::shortened;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde_json::Value;

/// Decimal digits that a mantissa keeps: the most that an `i128` can hold without exception.
const MAX_DIGITS: usize = 38;
/// The finest unit: one billionth.
const NANO: i64 = -9;
/// What Go caps quantities with a binary suffix at, 2^63-1.
const MAX_BINARY: i128 = i64::MAX as i128;

/// An amount such as `10Gi`: an exact number and the unit that it was written in.
///
/// Equality and order look at the number alone: `1Gi` equals `1024Mi`.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    /// Without trailing zeros, of at most [`MAX_DIGITS`] digits.
    mantissa: i128,
    /// The number is `mantissa * 10^power`; 0 for zero.
    power: i64,
    unit: Unit,
}

/// The suffix that a quantity is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// No suffix: a bare number, of bytes where a size is meant.
    None,
    /// `n`, billionths.
    Nano,
    /// `u`, millionths.
    Micro,
    /// `m`, thousandths; often meant to be `M` or `Mi`.
    Milli,
    /// `k`, 10^3.
    Kilo,
    /// `M`, 10^6.
    Mega,
    /// `G`, 10^9.
    Giga,
    /// `T`, 10^12.
    Tera,
    /// `P`, 10^15.
    Peta,
    /// `E`, 10^18.
    Exa,
    /// `Ki`, 2^10.
    Kibi,
    /// `Mi`, 2^20.
    Mebi,
    /// `Gi`, 2^30.
    Gibi,
    /// `Ti`, 2^40.
    Tebi,
    /// `Pi`, 2^50.
    Pebi,
    /// `Ei`, 2^60.
    Exbi,
    /// A decimal exponent: `e3`, `E-2`.
    Exponent,
}

/// Suffixes of powers of ten, from the finest; those of the whole numbers from `k` on.
const DECIMAL: [(Unit, &str, i64); 10] = [
    (Unit::Nano, "n", -9),
    (Unit::Micro, "u", -6),
    (Unit::Milli, "m", -3),
    (Unit::None, "", 0),
    (Unit::Kilo, "k", 3),
    (Unit::Mega, "M", 6),
    (Unit::Giga, "G", 9),
    (Unit::Tera, "T", 12),
    (Unit::Peta, "P", 15),
    (Unit::Exa, "E", 18),
];

/// Suffixes of powers of two.
const BINARY: [(Unit, &str, u32); 6] = [
    (Unit::Kibi, "Ki", 10),
    (Unit::Mebi, "Mi", 20),
    (Unit::Gibi, "Gi", 30),
    (Unit::Tebi, "Ti", 40),
    (Unit::Pebi, "Pi", 50),
    (Unit::Exbi, "Ei", 60),
];

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// The text does not look like a number with a suffix.
    #[error("`{0}` is not a quantity: write a number and a unit, such as 10Gi or 500M, without spaces")]
    Format(String),
    /// There is a suffix and no number before it.
    #[error("`{0}` is not a quantity: there is no number before the unit")]
    NoNumber(String),
    /// The suffix is none that Kubernetes knows.
    #[error(
        "`{text}` is not a quantity: `{suffix}` is not a unit; use Ki, Mi, Gi, Ti, Pi, Ei (powers of 1024), \
         m, k, M, G, T, P, E (powers of 1000) or an exponent such as e3"
    )]
    Suffix {
        /// The quantity as it is written, shortened if it is long.
        text: String,
        /// Its suffix, shortened if it is long.
        suffix: String,
    },
}

/// What a suffix multiplies a number by.
#[derive(Debug, Clone, Copy)]
enum Scale {
    Ten(i64),
    Two(u32),
}

impl Quantity {
    /// Reads a quantity as the API server does.
    ///
    /// A number finer than 1n is rounded away from zero to the next 1n, a number with a binary suffix is capped at
    /// 2^63-1. Of a number with more than 38 significant digits (beyond 10^29 then) the first 37 are exact and the rest
    /// is rounded away from zero.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let format_error = || QuantityError::Format(shortened(text));
        if text.is_empty() {
            return Err(format_error());
        }
        let (negative, unsigned) = match text.as_bytes()[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, rest) = split_digits(unsigned);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => split_digits(rest),
            None => ("", rest),
        };
        if !has_suffix_form(suffix) {
            return Err(format_error());
        }
        let (unit, scale) = interpret(suffix).ok_or_else(|| QuantityError::Suffix {
            text: shortened(text),
            suffix: shortened(suffix),
        })?;
        if whole.is_empty() && fraction.is_empty() && !zero_without_digits(scale) {
            return Err(QuantityError::NoNumber(shortened(text)));
        }

        let mut digits: Vec<u8> = whole
            .bytes()
            .chain(fraction.bytes())
            .map(|digit| digit - b'0')
            .collect();
        let mut power = -i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        match scale {
            Scale::Ten(exponent) => power = power.saturating_add(exponent),
            Scale::Two(exponent) => multiply(&mut digits, 1 << exponent),
        }
        let (mut mantissa, mut power) = normalize(&digits, power);
        if matches!(scale, Scale::Two(_)) && magnitude_cmp(mantissa, power, MAX_BINARY, 0) == Ordering::Greater {
            (mantissa, power) = (MAX_BINARY, 0);
        }
        Ok(Self {
            mantissa: if negative { -mantissa } else { mantissa },
            power,
            unit,
        })
    }

    /// Reads a quantity from a manifest's JSON, where it is a string or a number; None for null, which is as if absent.
    pub fn from_json(value: &Value) -> Option<Result<Self, QuantityError>> {
        match value {
            Value::Null => None,
            Value::String(text) => Some(Self::parse(text.trim())),
            other => Some(Self::parse(&other.to_string())),
        }
    }

    /// A whole number without a unit.
    pub fn from_bytes(bytes: i64) -> Self {
        let (mantissa, power) = strip_zeros(bytes.into(), 0);
        Self {
            mantissa,
            power,
            unit: Unit::None,
        }
    }

    /// The amount as a whole number (bytes, where it is a size), rounded away from zero as Go's `Value` documents; None
    /// if an `i128` cannot hold it.
    pub fn bytes(&self) -> Option<i128> {
        if self.power >= 0 {
            let factor = 10_i128.checked_pow(u32::try_from(self.power).ok()?)?;
            return self.mantissa.checked_mul(factor);
        }
        // Nothing is finer than 1n, so that the divisor fits.
        let divisor = 10_i128.checked_pow(u32::try_from(-self.power).ok()?)?;
        let rest = self.mantissa % divisor;
        Some(self.mantissa / divisor + rest.signum())
    }

    /// The unit that the quantity is written in.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Whether the quantity is written in thousandths, as `10m` is.
    pub fn is_milli(&self) -> bool {
        self.unit == Unit::Milli
    }

    /// Whether the amount is zero.
    pub fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    /// Whether the amount is below zero.
    pub fn is_negative(&self) -> bool {
        self.mantissa < 0
    }

    /// The amount times `factor`, such as the number of replicas; None beyond 38 significant digits.
    #[must_use]
    pub fn checked_mul(&self, factor: u32) -> Option<Self> {
        let (mantissa, power) = strip_zeros(self.mantissa.checked_mul(factor.into())?, self.power);
        (digit_count(mantissa.unsigned_abs()) <= MAX_DIGITS).then_some(Self {
            mantissa,
            power,
            ..*self
        })
    }

    /// The amount in units of `divisor * 10^power` with at most two decimals, if that is exact.
    fn in_unit(&self, divisor: i128, power: i64) -> Option<String> {
        let hundredths = self.mantissa.unsigned_abs().checked_mul(100)?;
        let shift = self.power - power;
        let ten_to = |exponent: i64| 10_u128.checked_pow(u32::try_from(exponent).ok()?);
        let (dividend, divisor) = if shift >= 0 {
            (hundredths.checked_mul(ten_to(shift)?)?, divisor.unsigned_abs())
        } else {
            (hundredths, divisor.unsigned_abs().checked_mul(ten_to(-shift)?)?)
        };
        if dividend % divisor != 0 || dividend / divisor < 100 {
            return None;
        }
        let hundredths = dividend / divisor;
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let number = format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100);
        Some(number.trim_end_matches('0').trim_end_matches('.').to_owned())
    }
}

/// For people: the exact number in the unit that makes it shortest, with at most two decimals; binary units before
/// decimal ones (`10Gi`, `1.5Ti`, `1G`, `10m`). Reads back as an equal quantity.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mantissa == 0 {
            return f.write_str("0");
        }
        // Go caps what is read with a binary suffix, so that nothing larger may be written with one.
        let may_be_binary = self.bytes().is_some_and(|bytes| bytes.abs() <= MAX_BINARY);
        let binary = BINARY.iter().rev().filter(|_| may_be_binary);
        let binary = binary.filter_map(|(_, suffix, exponent)| Some((self.in_unit(1 << exponent, 0)?, *suffix)));
        let decimal = DECIMAL.iter().rev();
        let decimal = decimal.filter_map(|(_, suffix, power)| Some((self.in_unit(1, *power)?, *suffix)));
        match binary.chain(decimal).min_by_key(|(number, _)| number.len()) {
            Some((number, suffix)) => write!(f, "{number}{suffix}"),
            None if self.power == 0 => write!(f, "{}", self.mantissa),
            None => write!(f, "{}e{}", self.mantissa, self.power),
        }
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.mantissa.signum().cmp(&other.mantissa.signum());
        signs.then_with(|| {
            let magnitudes = magnitude_cmp(self.mantissa.abs(), self.power, other.mantissa.abs(), other.power);
            if self.is_negative() {
                magnitudes.reverse()
            } else {
                magnitudes
            }
        })
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        (self.mantissa, self.power) == (other.mantissa, other.power)
    }
}

impl Eq for Quantity {}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.mantissa, self.power).hash(state);
    }
}

/// Compares two numbers that are not negative.
fn magnitude_cmp(left: i128, left_power: i64, right: i128, right_power: i64) -> Ordering {
    if left == 0 || right == 0 {
        return left.cmp(&right);
    }
    let order = |mantissa: i128, power: i64| {
        i64::try_from(digit_count(mantissa.unsigned_abs()))
            .unwrap_or(i64::MAX)
            .saturating_add(power)
    };
    order(left, left_power).cmp(&order(right, right_power)).then_with(|| {
        // With equal orders of magnitude the one with the larger power has as many digits less.
        let align = |mantissa: i128, by: i64| {
            u32::try_from(by)
                .ok()
                .and_then(|by| mantissa.checked_mul(10_i128.checked_pow(by)?))
                .unwrap_or(i128::MAX)
        };
        if left_power >= right_power {
            align(left, left_power - right_power).cmp(&right)
        } else {
            left.cmp(&align(right, right_power - left_power))
        }
    })
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Letters, a sign and digits, each of which may be missing.
fn has_suffix_form(suffix: &str) -> bool {
    let rest = suffix.trim_start_matches(|c: char| "eEinumkKMGTP".contains(c));
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    rest.bytes().all(|byte| byte.is_ascii_digit())
}

fn interpret(suffix: &str) -> Option<(Unit, Scale)> {
    if let Some(&(unit, _, power)) = DECIMAL.iter().find(|(_, name, _)| *name == suffix) {
        return Some((unit, Scale::Ten(power)));
    }
    if let Some(&(unit, _, exponent)) = BINARY.iter().find(|(_, name, _)| *name == suffix) {
        return Some((unit, Scale::Two(exponent)));
    }
    let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    // Go keeps the low 32 bits of an exponent.
    #[allow(clippy::cast_possible_truncation)]
    let exponent = exponent as i32;
    Some((Unit::Exponent, Scale::Ten(exponent.into())))
}

/// Go takes a suffix or a dot without any digit for zero where it need not fall back to big numbers.
fn zero_without_digits(scale: Scale) -> bool {
    match scale {
        Scale::Ten(power) => power >= NANO,
        Scale::Two(exponent) => exponent < 50,
    }
}

/// Multiplies a number of decimal digits, the first the most significant.
fn multiply(digits: &mut Vec<u8>, factor: u64) {
    let mut carry: u128 = 0;
    for digit in digits.iter_mut().rev() {
        carry += u128::from(*digit) * u128::from(factor);
        *digit = last_digit(carry);
        carry /= 10;
    }
    let mut leading = Vec::new();
    while carry > 0 {
        leading.push(last_digit(carry));
        carry /= 10;
    }
    digits.splice(0..0, leading.into_iter().rev());
}

fn last_digit(number: u128) -> u8 {
    u8::try_from(number % 10).unwrap_or(0)
}

/// Mantissa and power of `digits * 10^power`, rounded up to [`NANO`] and to [`MAX_DIGITS`] digits.
fn normalize(digits: &[u8], power: i64) -> (i128, i64) {
    let leading = digits.iter().take_while(|&&digit| digit == 0).count();
    let trailing = digits[leading..].iter().rev().take_while(|&&digit| digit == 0).count();
    let digits = &digits[leading..digits.len() - trailing];
    if digits.is_empty() {
        return (0, 0);
    }
    let power = power.saturating_add(i64::try_from(trailing).unwrap_or(i64::MAX));
    let too_fine = usize::try_from(NANO.saturating_sub(power)).unwrap_or(0);
    // One digit less than fits, for rounding up may add one.
    let too_many = if digits.len() > MAX_DIGITS {
        digits.len() - (MAX_DIGITS - 1)
    } else {
        0
    };
    let dropped = too_fine.max(too_many);
    let (kept, rest) = digits.split_at(digits.len().saturating_sub(dropped));
    let mantissa = kept
        .iter()
        .fold(0, |mantissa: i128, &digit| mantissa * 10 + i128::from(digit));
    let mantissa = mantissa + i128::from(rest.iter().any(|&digit| digit != 0));
    strip_zeros(
        mantissa,
        power.saturating_add(i64::try_from(dropped).unwrap_or(i64::MAX)),
    )
}

fn strip_zeros(mut mantissa: i128, mut power: i64) -> (i128, i64) {
    if mantissa == 0 {
        return (0, 0);
    }
    while mantissa % 10 == 0 {
        mantissa /= 10;
        power += 1;
    }
    (mantissa, power)
}

fn digit_count(number: u128) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}
