package source

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// Text is a string of bounded length.
func (v JSON) Text() string {
	if !v.Exists() {
		return ""
	}
	if !v.IsString() {
		v.Fail("must be a string")
		return ""
	}
	s := unquote(v.raw)
	if len(s) > maxText {
		v.Fail(fmt.Sprintf("must not be longer than %d bytes", maxText))
		return ""
	}
	return s
}

// Prose is a string for people, cut where it gets too long.
func (v JSON) Prose() string {
	if v.Exists() && !v.IsString() {
		v.Fail("must be a string")
		return ""
	}
	return v.AnyText()
}

// Document is a string of any length, which holds a document in some encoding.
func (v JSON) Document() string {
	if !v.IsString() {
		v.Fail("must be a string")
		return ""
	}
	return unquote(v.raw)
}

// AnyText is a string, cut where it gets too long, and "" for every other type: for fields that users fill freely.
func (v JSON) AnyText() string {
	if !v.IsString() {
		return ""
	}
	return Clip(unquote(v.raw), maxText)
}

// Number is an integer as its digits; ids come as numbers and as strings, and both are accepted.
func (v JSON) Number() string {
	if v.IsString() || !v.Exists() {
		return v.Text()
	}
	if _, err := strconv.ParseInt(string(v.raw), 10, 64); err != nil {
		v.Fail("must be an integer or a string")
		return ""
	}
	return string(v.raw)
}

// Count is a whole number that isn't less than 0; absent is 0.
func (v JSON) Count() int {
	if !v.Exists() {
		return 0
	}
	n, err := strconv.ParseUint(string(v.raw), 10, 31)
	if err != nil {
		v.Fail("must be a whole number from 0 to 2147483647")
	}
	return int(n)
}

// True tells whether the value is true; absent is not.
func (v JSON) True() bool {
	switch {
	case !v.Exists():
		return false
	case string(v.raw) == "true":
		return true
	case string(v.raw) != "false":
		v.Fail("must be true or false")
	}
	return false
}

// Time is a time in any form that ParseTime reads, as a string or a number, in UTC. The zero time is unknown: absent, or
// what systems write for "no time", false among it.
func (v JSON) Time() time.Time {
	var text string
	switch {
	case !v.Exists() || string(v.raw) == "false":
		return time.Time{}
	case v.IsString():
		text = v.Text()
	default:
		text = string(v.raw)
	}
	if v.IsObject() || v.IsArray() || text == "" && v.IsString() {
		v.Fail(errNoTime.Error())
		return time.Time{}
	}
	t, err := ParseTime(text)
	if err != nil {
		v.Fail(err.Error())
	}
	return t
}

// FirstText is the first of some members that is a string and not empty, as AnyText.
func (v JSON) FirstText(keys ...string) string {
	for _, k := range keys {
		if text := v.Get(k).AnyText(); text != "" {
			return text
		}
	}
	return ""
}

// Required refuses what isn't an object.
func (v JSON) Required() JSON {
	if !v.IsObject() {
		v.Fail("required: an object")
	}
	return v
}

// RequiredText is a string that isn't empty, or an integer as its digits.
func (v JSON) RequiredText() string {
	text := v.Number()
	if text == "" {
		v.Fail("required: a string or an integer")
	}
	return text
}

// RequiredTime is a time, as Time, that must be known.
func (v JSON) RequiredTime() time.Time {
	t := v.Time()
	if t.IsZero() {
		v.Fail("required: a time such as 2026-03-01T10:00:00Z")
	}
	return t
}

// Texts is an array of strings.
func (v JSON) Texts() []string {
	var all []string
	for _, item := range v.Items() {
		if !item.IsString() {
			item.Fail("must be a string")
		}
		all = append(all, item.Text())
	}
	return all
}

// Labels is an object of strings.
func (v JSON) Labels() map[string]string {
	if !v.Exists() {
		return nil
	}
	if !v.IsObject() {
		v.Fail("must be an object of strings")
		return nil
	}
	var all map[string]string
	for k, raw := range members(v.raw) {
		if all == nil {
			all = map[string]string{}
		}
		key := unquote(k)
		item := JSON{doc: v.doc, raw: raw}
		if !item.IsString() {
			item.Fail("must be a string")
			return nil
		}
		if all[key] = item.Text(); len(all) > 1000 {
			v.Fail("must not hold more than 1000 members")
			return nil
		}
	}
	return all
}

// Clip cuts text from outside to at most n bytes, at a rune's boundary.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
