package follow

import (
	"encoding/json"
	"slices"
	"time"
)

const (
	// mostWaiting bounds how many changes wait for an answer. When all of them wait for commits that aren't known, that which was
	// asked for most often has its last try.
	mostWaiting = 500
	// mostTries is how often a commit is asked for that isn't known: for about four hours.
	mostTries = 9
)

// cursor is how far the history of records was read, and which changes wait, in the order in which they came.
type cursor struct {
	Mark    int64     `json:"mark"`
	Waiting []waiting `json:"waiting,omitempty"`
}

// waiting is a change that is to be asked for, from a time on in Unix seconds.
type waiting struct {
	ID    string `json:"id"`
	Due   int64  `json:"due"`
	Tries int    `json:"tries,omitempty"`
}

// readCursor takes what can't be read for the beginning.
func readCursor(text []byte) (c cursor) {
	if json.Unmarshal(text, &c) != nil {
		return cursor{}
	}
	return c
}

// add lets a change wait that doesn't.
func (c *cursor) add(id string, now time.Time) {
	if slices.ContainsFunc(c.Waiting, func(w waiting) bool { return w.ID == id }) {
		return
	}
	c.Waiting = append(c.Waiting, waiting{ID: id, Due: now.Unix()})
}

// room is how many more may wait.
func (c *cursor) room() int { return mostWaiting - len(c.Waiting) }

// makeRoom lets the last try of one come, when all that may wait do and none is due.
func (c *cursor) makeRoom(now time.Time) {
	if c.room() > 0 || c.due(now) != nil {
		return
	}
	most := 0
	for i, w := range c.Waiting {
		if w.Tries > c.Waiting[most].Tries {
			most = i
		}
	}
	c.Waiting[most].Due, c.Waiting[most].Tries = now.Unix(), mostTries-1
}

// due is the first whose time has come, nil without any.
func (c *cursor) due(now time.Time) *waiting {
	i := slices.IndexFunc(c.Waiting, func(w waiting) bool { return w.Due <= now.Unix() })
	if i < 0 {
		return nil
	}
	return &c.Waiting[i]
}

// later puts one off for longer each time.
func (c *cursor) later(w *waiting, now time.Time) {
	w.Due = now.Add(time.Minute << w.Tries).Unix()
	w.Tries++
}

func (c *cursor) remove(id string) {
	c.Waiting = slices.DeleteFunc(c.Waiting, func(w waiting) bool { return w.ID == id })
}
