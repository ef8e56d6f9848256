//! Today and now, in UTC, the way an envelope writes them.

use std::time::{SystemTime, UNIX_EPOCH};

use tieline_model::time::{Date, Timestamp, Zone};

/// The date as CCYYMMDD and the time as HHMM.
pub(crate) fn now() -> (String, String) {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    stamp(seconds)
}

/// Now.
pub(crate) fn instant() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Today in UTC.
pub(crate) fn today() -> Date {
    Zone::utc().local(instant()).date()
}

fn stamp(seconds: u64) -> (String, String) {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days are counted from 1 March of the year 0, so that a leap day ends a year.
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (format!("{year:04}{month:02}{day:02}"), format!("{:02}{:02}", rest / 3_600, rest / 60 % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates() {
        for (seconds, date, time) in [
            (0, "19700101", "0000"),
            (951_827_696, "20000229", "1234"),
            (1_772_928_000, "20260308", "0000"),
            (4_107_542_399, "21000228", "2359"),
        ] {
            assert_eq!(stamp(seconds), (date.to_string(), time.to_string()));
        }
    }
}
