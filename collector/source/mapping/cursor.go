package mapping

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"
)

// cursor is where a stream stands.
type cursor struct {
	// Floor is the instant from which on everything is wanted. An earlier one begins again from there.
	Floor time.Time `json:"floor"`
	// From is the instant from which on this round asks.
	From time.Time `json:"from"`
	// Top is when the newest item changed that was met.
	Top time.Time `json:"top"`
	// Page is the page to ask for next; "" the first. Pages is how many were asked for from From on.
	Page  string `json:"page,omitempty"`
	Pages int    `json:"pages,omitempty"`
	// Refused is how often in a row a page was refused, so that the round began again.
	Refused int `json:"refused,omitempty"`
	// Seen are deliveries that the next round will meet again.
	Seen []seen `json:"seen,omitempty"`
}

// seen is a delivery by a hash of its id.
type seen struct {
	Hash string `json:"h"`
	At   int64  `json:"t"` // Unix time
}

const (
	maxSeen = 2000
	// maxPages bounds the pages that are asked for from one instant on.
	maxPages = 1000
	// maxRefused bounds how often a round begins again in silence.
	maxRefused = 3
)

// readCursor is a cursor, with since as its floor; one that can't be read is none.
func readCursor(text []byte, since time.Time) cursor {
	var c cursor
	if json.Unmarshal(text, &c) != nil {
		c = cursor{}
	}
	since = since.UTC().Truncate(time.Second)
	if c.Floor.IsZero() || since.Before(c.Floor) {
		c.Floor, c.From, c.Page, c.Pages = since, since, "", 0
	}
	return c
}

func hashOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// knows tells whether a delivery was seen.
func (c *cursor) knows(hash string) bool {
	return slices.ContainsFunc(c.Seen, func(s seen) bool { return s.Hash == hash })
}

// saw notes an item's deliveries. One that is dated after now doesn't move the cursor: clocks differ, and others will follow.
func (c *cursor) saw(at, now time.Time, hashes []string) {
	if at.After(c.Top) && !at.After(now) {
		c.Top = at.UTC()
	}
	for _, hash := range hashes {
		c.Seen = append(c.Seen, seen{hash, at.Unix()})
	}
}

// refused begins the round again, since a page can't be had any more, and tells whether that may help: a token of a page
// expires.
func (c *cursor) refused() bool {
	if c.Page == "" || c.Refused == maxRefused {
		return false
	}
	c.Page, c.Pages = "", 0
	c.Refused++
	return true
}

// turn goes on to the next page, and tells whether there is one. Stale says that the last item of the page is older than what this round is for.
func (c *cursor) turn(next string, stale bool, now time.Time, p *Pull) (more bool) {
	c.Pages++
	if c.Page != "" {
		c.Refused = 0
	}
	last := next == "" || stale && !p.Ascending
	switch {
	case last && p.Window > 0 && c.From.Add(p.Window).Before(now):
		c.From, c.Page, c.Pages, more = c.From.Add(p.Window), "", 0, true
	case last:
		c.Page, c.Pages = "", 0
		if c.From = c.Top.Add(-p.overlap()).Truncate(time.Second); c.From.Before(c.Floor) {
			c.From = c.Floor
		}
	case p.Ascending && c.Top.Add(-p.step()).After(c.From):
		c.From, c.Page, c.Pages, more = c.Top.Add(-p.step()), "", 0, true
	default:
		c.Page, more = next, true
	}
	c.forget(p.overlap())
	return more
}

// forget drops what no round will meet again, and what is too much.
func (c *cursor) forget(overlap time.Duration) {
	oldest := c.Top.Add(-overlap - 2*time.Second).Unix()
	c.Seen = slices.DeleteFunc(c.Seen, func(s seen) bool { return s.At < oldest })
	slices.SortFunc(c.Seen, func(a, b seen) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Hash, b.Hash)) })
	c.Seen = c.Seen[max(0, len(c.Seen)-maxSeen):]
}
