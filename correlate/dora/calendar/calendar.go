// Package calendar answers: which day, ISO week, month or quarter does an instant lie in, by the clocks of a place?
//
// Periods follow one another without a gap: each ends where the next begins, whatever clocks do in between.
package calendar

import (
	"fmt"
	"time"
)

// Period is a length of the calendar.
type Period string

// The periods.
const (
	Day     Period = "day"
	Week    Period = "week" // ISO 8601: from Monday on
	Month   Period = "month"
	Quarter Period = "quarter"
)

// Periods lists every Period.
func Periods() []Period { return []Period{Day, Week, Month, Quarter} }

// Span is one period: From <= t < To, in the zone that was asked for.
type Span struct {
	Name     string // 2026-03-01, 2026-W09, 2026-03 or 2026-Q1
	From, To time.Time
}

// At is the span that an instant lies in.
func (p Period) At(t time.Time, zone *time.Location) Span {
	y, m, d := t.In(zone).Date()
	first := p.first(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
	s := p.span(first, zone)
	if !t.Before(s.To) { // clocks were put back over midnight, so that the last day comes twice
		return p.span(p.next(first, 1), zone)
	}
	return s
}

// Split is the spans that hold some of from <= t < to, oldest first, and at most so many of them.
func (p Period) Split(from, to time.Time, zone *time.Location, most int) (all []Span) {
	for s := p.At(from, zone); s.From.Before(to) && len(all) < most; s = p.At(s.To, zone) {
		all = append(all, s)
	}
	return all
}

// Back is where the span begins that lies so many before the one that holds an instant.
func (p Period) Back(t time.Time, n int, zone *time.Location) time.Time {
	y, m, d := p.At(t, zone).From.Date()
	return midnight(p.next(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), -n), zone)
}

// span is the one that begins on a date, which is told as its midnight in UTC.
func (p Period) span(first time.Time, zone *time.Location) Span {
	return Span{p.name(first), midnight(first, zone), midnight(p.next(first, 1), zone)}
}

// first is the first date of the period that a date lies in.
func (p Period) first(date time.Time) time.Time {
	y, m, d := date.Date()
	switch p {
	case Week:
		return date.AddDate(0, 0, -(int(date.Weekday())+6)%7)
	case Month:
		return date.AddDate(0, 0, 1-d)
	case Quarter:
		return time.Date(y, m-(m-1)%3, 1, 0, 0, 0, 0, time.UTC)
	}
	return date
}

// next is the first date of the period that lies so many after the one that begins on a date.
func (p Period) next(first time.Time, n int) time.Time {
	switch p {
	case Week:
		return first.AddDate(0, 0, 7*n)
	case Month:
		return first.AddDate(0, n, 0)
	case Quarter:
		return first.AddDate(0, 3*n, 0)
	}
	return first.AddDate(0, 0, n)
}

func (p Period) name(first time.Time) string {
	switch p {
	case Week:
		year, week := first.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case Month:
		return first.Format("2006-01")
	case Quarter:
		return fmt.Sprintf("%04d-Q%d", first.Year(), (first.Month()+2)/3)
	}
	return first.Format(time.DateOnly)
}

// midnight is the instant at which a date begins in a zone. The cases:
//
//  1. there is one midnight: that;
//  2. clocks are put back over it, so that there are two: the first;
//  3. clocks are put forward over it, so that there is none: the first instant after.
func midnight(date time.Time, zone *time.Location) time.Time {
	y, m, d := date.Date()
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	begin, end := t.ZoneBounds()
	switch {
	case t.Day() != d:
		return end
	case t.Hour() != 0 || t.Minute() != 0 || t.Second() != 0:
		return begin
	case begin.IsZero():
		return t
	}
	_, offset := t.Zone()
	_, before := begin.Add(-1).Zone()
	if first := t.Add(time.Duration(offset-before) * time.Second); first.Before(begin) && first.Day() == d {
		return first
	}
	return t
}
