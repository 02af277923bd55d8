package source

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// What would be right where a time isn't.
var (
	errNoTime = errors.New("must be an RFC 3339 time such as 2026-03-01T10:00:00Z, or Unix time in seconds, ms, µs or ns")
	errNoZone = errors.New("must say its offset from UTC, as 2026-03-01T10:00:00Z or 2026-03-01T12:00:00+02:00 does")
	errBeyond = errors.New("must lie between the years 1970 and 2261")
)

// ParseTime reads a time as the systems of the world write it, and returns it in UTC:
//
//	2026-03-01T10:00:00.5Z, 2026-03-01t10:00:00z      RFC 3339, with any number of decimals; a leap second is the next one
//	2026-03-01T12:00:00+0200, 2026-03-01T12:00:00+02  offsets without a colon (Jira) or minutes
//	2026-03-01 12:00:00 +0200, 2026-03-01 10:00:00 UTC  with spaces (GitLab, FireHydrant)
//	1772359200, 1772359200.5, 1772359200000           Unix time from the year 2000 on, in seconds, ms, µs or ns by its size
//
// What systems write for "no time" is the zero time: nothing, 0, the start of 1970, the years 0 and 1 (also without an
// offset). An error says what would be right.
func ParseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	if strings.Trim(text, "0123456789.") == "" {
		return unixTime(text)
	}
	t, err := calendarTime(text)
	switch {
	case err != nil:
		return time.Time{}, err
	case t.Year() <= 1, t.Equal(time.Unix(0, 0)):
		return time.Time{}, nil
	case t.Year() < 1970 || t.Year() > 2261:
		return time.Time{}, errBeyond
	}
	return t, nil
}

// unixTime reads digits with at most one dot. The units can't be mistaken for each other: a number of one unit between the
// years 2000 and 2261 is no such number of another. Nor is a date without separators such as 20260301 such a number.
func unixTime(text string) (time.Time, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Contains(fraction, ".") {
		return time.Time{}, errNoTime
	}
	if n == 0 {
		return time.Time{}, nil
	}
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond, time.Nanosecond} {
		perSecond := int64(time.Second / unit)
		if t := time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC(); t.Year() >= 2000 && t.Year() <= 2261 {
			return t.Add(part(fraction, unit)), nil
		}
	}
	return time.Time{}, errNoTime
}

// part is a decimal fraction of a unit, cut to nanoseconds.
func part(fraction string, unit time.Duration) time.Duration {
	var sum time.Duration
	for _, c := range fraction {
		if unit /= 10; unit == 0 {
			break
		}
		sum += time.Duration(c-'0') * unit
	}
	return sum
}

// calendarTime reads a date, a time of day and an offset.
func calendarTime(text string) (time.Time, error) {
	const layout = "2006-01-02 15:04:05"
	if len(text) < len(layout) || !strings.ContainsRune("Tt ", rune(text[10])) {
		return time.Time{}, errNoTime
	}
	day, rest := text[:10]+" "+text[11:len(layout)], text[len(layout):]
	if isNoDate(day) {
		return time.Time{}, nil
	}
	leap := strings.HasSuffix(day, ":60")
	if leap {
		day = strings.TrimSuffix(day, "60") + "59"
	}
	t, err := time.Parse(layout, day)
	if err != nil {
		return time.Time{}, errNoTime
	}
	decimals, zone := cutDecimals(rest)
	offset, err := offsetOf(zone)
	if err != nil {
		return time.Time{}, err
	}
	t = t.Add(part(decimals, time.Second) - offset)
	if !leap {
		return t, nil
	}
	if t.Hour() != 23 || t.Minute() != 59 {
		return time.Time{}, errNoTime // a leap second ends a day of UTC
	}
	return t.Add(time.Second), nil
}

// isNoDate recognises the first instant of the years 0 and 1, whatever follows: of the date alone, since the year 0 of
// databases has no valid month.
func isNoDate(day string) bool {
	return day == "0001-01-01 00:00:00" || day == "0000-00-00 00:00:00" || day == "0000-01-01 00:00:00"
}

// cutDecimals splits off the decimals of a second, after a dot or a comma.
func cutDecimals(text string) (decimals, rest string) {
	if text == "" || (text[0] != '.' && text[0] != ',') {
		return "", text
	}
	n := 1
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	if n == 1 {
		return "", text
	}
	return text[1:n], text[n:]
}

// offsetOf reads Z, UTC, GMT, +02:00, +0200 or +02, after space or not.
func offsetOf(zone string) (time.Duration, error) {
	switch zone = strings.TrimPrefix(zone, " "); strings.ToUpper(zone) {
	case "":
		return 0, errNoZone
	case "Z", "UTC", "GMT":
		return 0, nil
	}
	for _, layout := range []string{"-07:00", "-0700", "-07"} {
		if len(zone) != len(layout) {
			continue
		}
		t, err := time.Parse(layout, zone)
		if err != nil {
			break
		}
		_, seconds := t.Zone()
		return time.Duration(seconds) * time.Second, nil
	}
	return 0, errNoTime
}
