package rows

import (
	"strconv"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/correlate/words"
)

// Column is one column of a list. Its name is the head of it in a table, and in CSV the same with underscores.
type Column[T any] struct {
	Name string
	// Short is what a cell of a terminal says, nil when that is Long. Long is what it says where there is room, Raw what a program
	// reads, nil when that is Long; "" is not known.
	Short, Long, Raw func(T) string

	wide, middle, right, blank bool
	least                      int
	style                      func(T) screen.Style
}

// Text is a column of words.
func Text[T any](name string, of func(T) string) Column[T] {
	return Column[T]{Name: name, Long: func(r T) string { return words.Or(of(r)) }, Raw: of}
}

// Said is a column that people read otherwise than programs do.
func Said[T any](name string, said, raw func(T) string) Column[T] {
	return Column[T]{Name: name, Long: func(r T) string { return words.Or(said(r)) }, Raw: raw}
}

// Number is a column of numbers in their own unit; one that isn't known is nil.
func Number[T any](name string, of func(T) *float64, said func(float64) string) Column[T] {
	return Column[T]{
		Name: name, right: true,
		Long: func(r T) string {
			if v := of(r); v != nil {
				return said(*v)
			}
			return words.None
		},
		Raw: func(r T) string {
			if v := of(r); v != nil {
				return strconv.FormatFloat(*v, 'f', -1, 64)
			}
			return ""
		},
	}
}

// Count is a column of whole numbers.
func Count[T any](name string, of func(T) int64) Column[T] {
	return Column[T]{
		Name: name, right: true,
		Long: func(r T) string { return words.Count(of(r)) },
		Raw:  func(r T) string { return strconv.FormatInt(of(r), 10) },
	}
}

// Time is a column of instants: on a terminal how long ago that is, elsewhere the instant in UTC.
func Time[T any](name string, now time.Time, of func(T) time.Time) Column[T] {
	said := func(format func(time.Time) string) func(T) string {
		return func(r T) string {
			if t := of(r); !t.IsZero() {
				return format(t)
			}
			return words.None
		}
	}
	return Column[T]{
		Name:  name,
		Short: said(func(t time.Time) string { return Ago(now, t) }),
		Long:  said(words.Instant),
		Raw: func(r T) string {
			if t := of(r); !t.IsZero() {
				return t.UTC().Format(time.RFC3339Nano)
			}
			return ""
		},
	}
}

// Ago is how long ago a time is, in its largest unit or the two largest; of what is to come, in how long.
func Ago(now, t time.Time) string {
	d := now.Sub(t)
	if d < 0 {
		return "in " + brief(-d)
	}
	return brief(d) + " ago"
}

// brief is a duration in one unit, or in two while the second matters.
func brief(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes())) + "m"
	case d < 2*day:
		return strconv.Itoa(int(d.Hours())) + "h"
	}
	return strconv.Itoa(int(d/day)) + "d"
}

// InWide leaves a column out of the narrow table.
func (c Column[T]) InWide() Column[T] {
	c.wide = true
	return c
}

// Middle has a cell that is too long cut in the middle: the end of an id tells it from others.
func (c Column[T]) Middle() Column[T] {
	c.middle = true
	return c
}

// AtLeast has so many characters left of a cell when there is little room.
func (c Column[T]) AtLeast(columns int) Column[T] {
	c.least = columns
	return c
}

// Styled has cells stand out, where the screen has colours.
func (c Column[T]) Styled(style func(T) screen.Style) Column[T] {
	c.style = style
	return c
}

// Unknown says something else than None where a number or a time isn't known.
func (c Column[T]) Unknown(said func(T) string) Column[T] {
	raw := c.Raw
	or := func(known func(T) string) func(T) string {
		return func(r T) string {
			if raw(r) == "" {
				return said(r)
			}
			return known(r)
		}
	}
	c.Long = or(c.Long)
	if c.Short != nil {
		c.Short = or(c.Short)
	}
	return c
}

// Blank leaves a cell empty that has nothing to say, instead of a sign for that.
func (c Column[T]) Blank() Column[T] {
	c.blank = true
	return c
}
