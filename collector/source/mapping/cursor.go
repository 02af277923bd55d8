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

// turn goes on to the next page, and tells whether there is one. Stale says that a page had nothing that this round is for.
func (c *cursor) turn(next string, stale bool, p *Pull) (more bool) {
	c.Pages++
	switch {
	case next == "" || stale && !p.Ascending:
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
