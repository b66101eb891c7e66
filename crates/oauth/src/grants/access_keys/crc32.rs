//! The checksum of access keys: CRC-32 as in zip, gzip and PNG, which every scanner's language has.

/// The polynomial of IEEE 802.3, with its bits reversed.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// Returns the CRC-32 of `bytes`. It finds typing errors and invented keys, and proves nothing.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |register, byte| {
        (0..8).fold(register ^ u32::from(*byte), |register, _| {
            if register & 1 == 1 { (register >> 1) ^ POLYNOMIAL } else { register >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_checksum_is_that_of_zip_and_png() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926, "the check value of the catalogue of CRCs");
        assert_eq!(crc32(b""), 0);
    }
}
