//! Numbers as JSON Schema compares them: `1` and `1.0` are the same integer, and no comparison loses precision
//! (Validation §6.1.1, §6.2).

use std::cmp::Ordering;

use serde_json::Number;

/// Returns the number as an integer, if it is written as one and fits.
pub(crate) fn as_integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// Returns whether the number has no fraction.
pub(crate) fn is_integer(number: &Number) -> bool {
    as_integer(number).is_some() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
}

/// Compares two numbers exactly, whether they are integers or floats.
#[must_use]
pub fn compare(left: &Number, right: &Number) -> Ordering {
    match (as_integer(left), as_integer(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(left), None) => compare_to_float(left, float(right)),
        (None, Some(right)) => compare_to_float(right, float(left)).reverse(),
        (None, None) => float(left).partial_cmp(&float(right)).unwrap_or(Ordering::Equal),
    }
}

/// A number that is neither `i64` nor `u64` is a finite float: `serde_json` has no other.
fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

fn compare_to_float(integer: i128, float: f64) -> Ordering {
    // The cast truncates and saturates. Both keep the order, because an integer here has at most 65 bits.
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is compared next")]
    let whole = float as i128;
    integer.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal))
}

/// Returns a number to hash. Numbers that are equal have equal keys.
pub(crate) fn hash_key(number: &Number) -> i128 {
    as_integer(number).unwrap_or_else(|| {
        let float = float(number);
        #[expect(clippy::cast_possible_truncation, reason = "only numbers without fraction are cast")]
        if float.fract() == 0.0 { float as i128 } else { i128::from(float.to_bits()) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
                assert_eq!(hash_key(&number(left)), hash_key(&number(right)), "{left} {right}");
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
}
