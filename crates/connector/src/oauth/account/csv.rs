//! Comma-separated values (RFC 4180) that a spreadsheet opens safely.

/// The characters with which a spreadsheet begins a formula, also in the full width that some take for the same.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// The mark by which spreadsheets know that a file is UTF-8.
pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Appends a record. Each cell is quoted. One that a spreadsheet would carry out as a formula begins with an apostrophe, and control
/// characters are left out: what people and clients call themselves is untrusted.
pub(crate) fn push_record(csv: &mut String, cells: &[&str]) {
    for (place, cell) in (0..).zip(cells) {
        if place > 0 {
            csv.push(',');
        }
        csv.push('"');
        // A spreadsheet ignores white space before a formula.
        let begins = |c: &char| !c.is_whitespace() && !c.is_control();
        if cell.chars().find(begins).is_some_and(|first| FORMULA.contains(&first)) {
            csv.push('\'');
        }
        for c in cell.chars().filter(|c| !c.is_control()) {
            if c == '"' {
                csv.push('"');
            }
            csv.push(c);
        }
        csv.push('"');
    }
    csv.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_quoted_and_none_is_a_formula() {
        for (cell, written) in [
            ("", "\"\""),
            ("Jane", "\"Jane\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "\"twolines\""),
            ("\u{d6}zlem", "\"\u{d6}zlem\""),
            ("=1+1", "\"'=1+1\""),
            ("+49 30", "\"'+49 30\""),
            ("-2+3", "\"'-2+3\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" =cmd|'/C calc'!A0", "\"' =cmd|'/C calc'!A0\""),
            ("\u{a0}=1", "\"'\u{a0}=1\""),
            ("\t=1", "\"'=1\""),
            ("\u{0}=1", "\"'=1\""),
            ("\u{ff1d}1", "\"'\u{ff1d}1\""),
            ("a=b", "\"a=b\""),
            ("\"=1\"", "\"\"\"=1\"\"\""),
        ] {
            let mut csv = String::new();
            push_record(&mut csv, &[cell]);
            assert_eq!(csv, format!("{written}\r\n"), "{cell:?}");
        }
        let mut csv = String::new();
        push_record(&mut csv, &["a", "", "b"]);
        push_record(&mut csv, &["c"]);
        assert_eq!(csv, "\"a\",\"\",\"b\"\r\n\"c\"\r\n");
    }
}
