//! Numbers as JSON Schema means them: `1` and `1.0` are the same integer, and nothing is lost in a comparison
//! (JSON Schema Validation 2020-12 §6.1.1, §6.2). `multipleOf` works on the decimal digits a number is written with, so
//! that 0.0075 is a multiple of 0.0001, as its author means it.

use std::cmp::Ordering;

use serde_json::Number;

/// The number as an integer, where it is one that fits.
fn as_integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// Whether the number has no fraction.
pub(crate) fn is_integer(number: &Number) -> bool {
    as_integer(number).is_some() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
}

/// How two numbers stand to each other, exactly.
pub fn compare(left: &Number, right: &Number) -> Ordering {
    match (as_integer(left), as_integer(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(left), None) => integer_to_float(left, float(right)),
        (None, Some(right)) => integer_to_float(right, float(left)).reverse(),
        (None, None) => float(left).partial_cmp(&float(right)).unwrap_or(Ordering::Equal),
    }
}

/// A number that is neither `i64` nor `u64` is a finite float: `serde_json` has no other.
fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

fn integer_to_float(integer: i128, float: f64) -> Ordering {
    // The cast cuts the fraction off and saturates: both keep the order, and an integer here has at most 65 bits.
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is compared next")]
    let whole = float as i128;
    integer.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal))
}

/// Numbers that are equal have equal keys.
pub(crate) fn key(number: &Number) -> u64 {
    // Folding the 128 bits is enough: a key only sorts candidates that are compared afterwards.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "any mapping will do that is a function"
    )]
    let fold = |integer: i128| integer as u64;
    if let Some(integer) = as_integer(number) {
        return fold(integer);
    }
    let float = float(number);
    #[expect(clippy::cast_possible_truncation, reason = "only taken where nothing is cut off")]
    if float.fract() == 0.0 && float.abs() < 1e30 { fold(float as i128) } else { float.to_bits() }
}

/// A divisor of `multipleOf`: a positive number, digit by digit.
#[derive(Debug)]
pub(crate) struct Divisor(Decimal);

impl Divisor {
    /// Nothing if the number is not greater than zero.
    pub(crate) fn of(number: &Number) -> Option<Self> {
        let positive = number.as_f64().is_some_and(|float| float > 0.0);
        Decimal::of(number).filter(|_| positive).map(Self)
    }

    /// Whether the number is a whole multiple, exactly.
    pub(crate) fn divides(&self, number: &Number) -> bool {
        let Some(dividend) = Decimal::of(number) else { return false };
        dividend.is_multiple_of(&self.0).unwrap_or(false)
    }
}

/// `digits · 10^exponent`: the magnitude of a number, exactly as it is written.
#[derive(Debug)]
struct Decimal {
    digits: u64,
    exponent: i32,
}

impl Decimal {
    fn of(number: &Number) -> Option<Self> {
        if let Some(integer) = as_integer(number) {
            return Some(Self { digits: u64::try_from(integer.unsigned_abs()).ok()?, exponent: 0 });
        }
        // The shortest digits that mean this float: seventeen at most.
        let text = number.to_string();
        let text = text.trim_start_matches('-');
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let fraction = fraction.trim_end_matches('0');
        let mut digits: u64 = 0;
        for digit in whole.chars().chain(fraction.chars()) {
            digits = digits.checked_mul(10)?.checked_add(u64::from(digit.to_digit(10)?))?;
        }
        let exponent: i32 = exponent.parse().ok()?;
        Some(Self { digits, exponent: exponent.checked_sub(i32::try_from(fraction.len()).ok()?)? })
    }

    /// Nothing where the numbers are too far apart to tell, which no two floats are.
    fn is_multiple_of(&self, divisor: &Self) -> Option<bool> {
        if self.digits == 0 {
            return Some(true);
        }
        let shift = self.exponent.checked_sub(divisor.exponent)?;
        if shift >= 0 {
            // (digits · 10^shift) mod divisor, reduced at each step so that it stays below 2^128.
            let modulus = u128::from(divisor.digits);
            let mut rest = u128::from(self.digits).checked_rem(modulus)?;
            for _ in 0..shift {
                rest = rest.checked_mul(10)?.checked_rem(modulus)?;
            }
            return Some(rest == 0);
        }
        let Some(scale) = 10_u128.checked_pow(shift.unsigned_abs()) else { return Some(false) };
        let Some(divisor) = u128::from(divisor.digits).checked_mul(scale) else { return Some(false) };
        Some(u128::from(self.digits).checked_rem(divisor)? == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_compare_exactly_whatever_their_form() {
        use Ordering::{Equal, Greater, Less};
        for (left, right, order) in [
            ("1", "1.0", Equal),
            ("0", "-0.0", Equal),
            ("-0.0", "0.0", Equal),
            ("-1", "-1.5", Greater),
            ("-2", "-1.5", Less),
            ("1", "1.5", Less),
            ("9007199254740993", "9007199254740992.0", Greater),
            ("18446744073709551615", "18446744073709551616", Less),
            ("18446744073709551615", "-1", Greater),
            ("-9223372036854775808", "-9223372036854775808.0", Equal),
            ("-9223372036854775809", "-9223372036854775808", Equal),
            ("1e300", "18446744073709551615", Greater),
            ("-1e300", "-9223372036854775808", Less),
            ("1e300", "1e301", Less),
        ] {
            assert_eq!(compare(&number(left), &number(right)), order, "{left} {right}");
            assert_eq!(compare(&number(right), &number(left)), order.reverse(), "{right} {left}");
            if order == Equal {
                assert_eq!(key(&number(left)), key(&number(right)), "{left} {right}");
            }
        }
    }

    #[test]
    fn an_integer_is_a_number_without_fraction() {
        for (text, is) in [("1", true), ("1.0", true), ("-3e2", true), ("1e300", true), ("1.5", false), ("1e-3", false)]
        {
            assert_eq!(is_integer(&number(text)), is, "{text}");
        }
    }

    #[test]
    fn multiples_are_those_of_the_written_decimals() {
        for (value, divisor, is) in [
            ("10", "2", true),
            ("7", "2", false),
            ("-6", "3", true),
            ("0", "0.3", true),
            ("0.0075", "0.0001", true),
            ("0.00751", "0.0001", false),
            ("4.5", "1.5", true),
            ("19.99", "0.01", true),
            ("0.3", "0.1", true),
            ("35", "1.5", false),
            ("12391239123", "1e-8", true),
            ("1e308", "0.123456789", false),
            ("1e308", "0.5", true),
            ("1e308", "1e-300", true),
            ("1e-300", "1e300", false),
            ("5e-324", "5e-324", true),
            ("18446744073709551615", "5", true),
            ("9007199254740993", "2", false),
        ] {
            let divisor_of = Divisor::of(&number(divisor)).unwrap();
            assert_eq!(divisor_of.divides(&number(value)), is, "{value} / {divisor}");
        }
        assert!(Divisor::of(&number("0")).is_none());
        assert!(Divisor::of(&number("-0.5")).is_none());
        assert!(Divisor::of(&number("0.0")).is_none());
    }

    proptest! {
        #[test]
        fn an_integer_times_a_divisor_is_its_multiple(factor in -1_000_000_i64..1_000_000, divisor in 1_i64..1_000_000) {
            let product = Number::from(factor.saturating_mul(divisor));
            prop_assert!(Divisor::of(&Number::from(divisor)).unwrap().divides(&product));
        }

        #[test]
        fn any_two_floats_can_be_divided(value in proptest::num::f64::NORMAL, divisor in proptest::num::f64::POSITIVE) {
            let value = Number::from_f64(value).unwrap();
            if let Some(divisor) = Number::from_f64(divisor).as_ref().and_then(Divisor::of) {
                let _ = divisor.divides(&value);
                prop_assert!(divisor.0.digits > 0);
            }
        }
    }
}
