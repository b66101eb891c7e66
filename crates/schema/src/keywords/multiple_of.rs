//! The keyword `multipleOf` (Validation §6.2.1). It works on the decimal digits that a number is written with, so that 0.0075 is a
//! multiple of 0.0001.

use std::fmt;

use serde_json::Number;

use crate::instance::number::as_integer;

/// The value of `multipleOf`: a number greater than zero.
#[derive(Debug)]
pub(crate) struct Divisor {
    number: Number,
    decimal: Decimal,
}

impl Divisor {
    /// Returns nothing if the number is not greater than zero.
    pub(crate) fn new(number: Number) -> Option<Self> {
        let positive = number.as_f64().is_some_and(|float| float > 0.0);
        let decimal = Decimal::of(&number).filter(|_| positive)?;
        Some(Self { number, decimal })
    }

    /// Returns whether the number is a multiple, exactly.
    pub(crate) fn divides(&self, number: &Number) -> bool {
        Decimal::of(number).is_some_and(|dividend| dividend.is_multiple_of(&self.decimal).unwrap_or(false))
    }
}

impl fmt::Display for Divisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

/// The magnitude of a number exactly as it is written: `digits · 10^exponent`.
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
        // The shortest digits that mean this float, of which there are at most seventeen.
        let text = number.to_string();
        let text = text.trim_start_matches('-');
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let fraction = fraction.trim_end_matches('0');
        let exponent: i32 = exponent.parse().ok()?;
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { digits, exponent: exponent - i32::try_from(fraction.len()).ok()? })
    }

    /// Returns nothing if the divisor is zero.
    fn is_multiple_of(&self, divisor: &Self) -> Option<bool> {
        if self.digits == 0 {
            return Some(true);
        }
        let shift = self.exponent - divisor.exponent;
        if shift >= 0 {
            // (digits · 10^shift) mod divisor, reduced at each step so that it stays below 2^128.
            let modulus = u128::from(divisor.digits);
            let mut rest = u128::from(self.digits).checked_rem(modulus)?;
            for _ in 0..shift {
                rest = (rest * 10) % modulus;
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
            let divides = Divisor::new(number(divisor)).unwrap().divides(&number(value));
            assert_eq!(divides, is, "{value} / {divisor}");
        }
        for divisor in ["0", "-0.5", "0.0"] {
            assert!(Divisor::new(number(divisor)).is_none(), "{divisor}");
        }
    }

    proptest! {
        #[test]
        fn an_integer_times_a_divisor_is_its_multiple(factor in -1_000_000_i64..1_000_000, divisor in 1_i64..1_000_000) {
            prop_assert!(Divisor::new(Number::from(divisor)).unwrap().divides(&Number::from(factor * divisor)));
        }

        #[test]
        fn any_two_floats_can_be_divided(value in proptest::num::f64::NORMAL, divisor in proptest::num::f64::POSITIVE) {
            if let Some(divisor) = Number::from_f64(divisor).and_then(Divisor::new) {
                let _ = divisor.divides(&Number::from_f64(value).unwrap());
                prop_assert!(divisor.decimal.digits > 0);
            }
        }
    }
}
