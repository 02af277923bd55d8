package route

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are times of the day on some days of the week.
type Hours struct {
	// From and To are times such as 09:00; a To that isn't after From lies on the next day. Neither: the whole day.
	From string `mapstructure:"from"`
	To   string `mapstructure:"to"`
	// Days are those on which the hours begin, of mon, tue, wed, thu, fri, sat and sun; none: all.
	Days []string `mapstructure:"days"`
	// TimeZone is a name such as Europe/Berlin; "": UTC.
	TimeZone string `mapstructure:"time_zone"`
}

// window is Hours, read.
type window struct {
	from, to int // minutes of the day; to is the larger, on the next day if need be
	days     []time.Weekday
	zone     *time.Location
}

const dayMinutes = 24 * 60

func (h Hours) window() (w window, err error) {
	if w.zone, err = time.LoadLocation(h.TimeZone); err != nil {
		return w, fmt.Errorf("time_zone: %q isn't known here; use a name such as Europe/Berlin, with tzdata installed", h.TimeZone)
	}
	for i, day := range h.Days {
		d, ok := weekday(day)
		if !ok {
			return w, fmt.Errorf("days[%d]: %q is none of mon, tue, wed, thu, fri, sat, sun", i, day)
		}
		w.days = append(w.days, d)
	}
	if (h.From == "") != (h.To == "") {
		return w, fmt.Errorf("from: goes with to, such as from: \"09:00\" and to: \"18:00\"")
	}
	if w.from, err = minuteOf("from", h.From); err != nil {
		return w, err
	}
	if w.to, err = minuteOf("to", h.To); err != nil {
		return w, err
	}
	if w.to <= w.from {
		w.to += dayMinutes
	}
	return w, nil
}

func weekday(text string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String()[:3], text) {
			return d, true
		}
	}
	return 0, false
}

func minuteOf(key, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is no time such as \"09:00\"", key, text)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// include tells whether an instant lies within; nil includes every one. Hours that can't be read include none, and Validate
// says so.
func (h *Hours) include(at time.Time) bool {
	if h == nil {
		return true
	}
	w, err := h.window()
	if err != nil {
		return false
	}
	at = at.In(w.zone)
	minute := at.Hour()*60 + at.Minute()
	yesterday := (at.Weekday() + 6) % 7
	return w.begins(at.Weekday()) && minute >= w.from && minute < w.to ||
		w.begins(yesterday) && minute+dayMinutes >= w.from && minute+dayMinutes < w.to
}

func (w window) begins(d time.Weekday) bool { return len(w.days) == 0 || slices.Contains(w.days, d) }
