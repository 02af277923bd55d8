package sqlite

import "time"

// micros is a time as a column holds it. fromMicros(micros(t)) is t cut to the microsecond, in UTC.
func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// newest is the latest of the times given, nil ones left out.
func newest(first time.Time, more ...*time.Time) time.Time {
	for _, t := range more {
		if t != nil && t.After(first) {
			first = *t
		}
	}
	return first
}
