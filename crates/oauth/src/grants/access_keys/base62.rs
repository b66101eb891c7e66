//! Numbers in base 62 with a fixed number of digits: letters and digits only, so that a double click selects a whole key and no
//! shell, form or URL changes it.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Number of digits of a number of 64 bits.
pub(super) const DIGITS_OF_U64: usize = 11;

/// Returns `number` in `width` digits, the most significant first. Digits that do not fit are left out.
pub(super) fn write(number: u64, width: usize) -> String {
    let mut rest = number;
    let mut digits: Vec<char> = (0..width)
        .map(|_| {
            let digit = usize::try_from(rest % 62).ok().and_then(|digit| DIGITS.get(digit)).copied();
            rest /= 62;
            char::from(digit.unwrap_or(b'0'))
        })
        .collect();
    digits.reverse();
    digits.into_iter().collect()
}

/// Returns the number that a text of digits has, or `None` for other characters and for more than 64 bits.
pub(super) fn read(text: &str) -> Option<u64> {
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        number.checked_mul(62)?.checked_add(u64::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_one_form_of_fixed_width() {
        for (number, width, text) in
            [(0, 3, "000"), (61, 3, "00z"), (62, 3, "010"), (u64::MAX, 11, "LygHa16AHYF"), (0xFFFF_FFFF, 6, "4gfFC3")]
        {
            assert_eq!(write(number, width), text, "{number}");
            assert_eq!(read(text), Some(number), "{text}");
        }
        assert_eq!(read("LygHa16AHYG"), None, "more than 64 bits");
        assert_eq!(read("zzzzzzzzzzz"), None);
        assert_eq!((read("-"), read("a b"), read("é")), (None, None, None));
    }

    proptest! {
        #[test]
        fn every_number_is_read_back(number: u64) {
            let text = write(number, DIGITS_OF_U64);
            prop_assert_eq!(text.len(), DIGITS_OF_U64);
            prop_assert_eq!(read(&text), Some(number));
        }
    }
}
