//! Times in words. The pages have no script that could ask for the reader's time zone, so days are those of UTC.

use maud::{Markup, html};

use mcp_connector_base::timestamp::Timestamp;

const DAY: u64 = 24 * 60 * 60;
const MONTHS: [(&str, u64); 12] = [
    ("January", 31),
    ("February", 28),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
];
/// The last day that is shown, 31 December 9999, in days since 1970.
const LAST_DAY: u64 = 2_932_896;

/// Returns the day: `21 November 2026`.
pub(crate) fn day(at: Timestamp) -> Markup {
    let (year, (number, name), day) = civil(at);
    html! { time datetime=(format!("{year}-{number:02}-{day:02}")) { (day) " " (name) " " (year) } }
}

/// Returns how long ago a time is: `3 hours ago`. The element's title has the time to the minute.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    let (year, (month, name), day) = civil(at);
    let of_day = at.as_seconds() % DAY;
    let clock = format!("{:02}:{:02}", of_day / 3600, of_day % 3600 / 60);
    html! {
        time datetime=(format!("{year}-{month:02}-{day:02}T{clock}Z")) title={ (day) " " (name) " " (year) ", " (clock) " UTC" } {
            (words_ago(at, now))
        }
    }
}

/// Returns a time as ISO 8601 writes it, in UTC: `2026-11-21T10:51:00Z`.
pub(crate) fn iso(at: Timestamp) -> String {
    let (year, (month, _), day) = civil(at);
    let of_day = at.as_seconds() % DAY;
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", of_day / 3600, of_day % 3600 / 60, of_day % 60)
}

/// Returns how long ago a time is, without markup.
pub(crate) fn words_ago(at: Timestamp, now: Timestamp) -> String {
    words(now.seconds_since(at))
}

fn words(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..DAY => (seconds / 3600, "hour"),
        _ => (seconds / DAY, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// Returns year, month (its number and its name) and day in the Gregorian calendar.
fn civil(at: Timestamp) -> (u64, (usize, &'static str), u64) {
    let mut days = (at.as_seconds() / DAY).min(LAST_DAY);
    let mut year: u64 = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        let Some(rest) = days.checked_sub(length) else { break };
        days = rest;
        year += 1;
    }
    for (number, (name, length)) in (1..).zip(MONTHS) {
        let length = if number == 2 && is_leap(year) { 29 } else { length };
        let Some(rest) = days.checked_sub(length) else { return (year, (number, name), days + 1) };
        days = rest;
    }
    // Not reached: the months of a year have all its days.
    (year, (12, "December"), 31)
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01\">1 January 1970<"),
            (DAY - 1, "1970-01-01\">1 January 1970<"),
            (951_782_400, "2000-02-29\">29 February 2000<"),
            (951_868_800, "2000-03-01\">1 March 2000<"),
            (1_709_164_800, "2024-02-29\">29 February 2024<"),
            (1_798_761_599, "2026-12-31\">31 December 2026<"),
            (1_798_761_600, "2027-01-01\">1 January 2027<"),
            (4_107_542_400, "2100-03-01\">1 March 2100<"),
            (253_402_300_799, "9999-12-31\">31 December 9999<"),
            (u64::MAX, "9999-12-31\">31 December 9999<"),
        ] {
            let markup = day(Timestamp::from_seconds(seconds)).into_string();
            assert!(markup.contains(text), "{seconds}: {markup}");
        }
    }

    #[test]
    fn a_time_in_a_file_is_that_of_iso_8601() {
        assert_eq!(iso(Timestamp::from_seconds(951_868_799)), "2000-02-29T23:59:59Z");
        assert_eq!(iso(Timestamp::from_seconds(1_795_258_260)), "2026-11-21T10:51:00Z");
    }

    #[test]
    fn a_while_is_said_in_the_largest_unit_that_fits() {
        for (seconds, text) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (3600, "1 hour ago"),
            (2 * 3600, "2 hours ago"),
            (DAY, "1 day ago"),
            (40 * DAY + 5, "40 days ago"),
        ] {
            assert_eq!(words(seconds), text);
        }
        let at = Timestamp::from_seconds(1_795_258_260);
        let markup = ago(at, at.plus(7200)).into_string();
        let whole = "<time datetime=\"2026-11-21T10:51Z\" title=\"21 November 2026, 10:51 UTC\">2 hours ago</time>";
        assert_eq!(markup, whole);
        assert!(ago(at.plus(9), at).into_string().contains(">just now<"), "a clock that is ahead");
    }
}
