package github

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// mostSeen bounds the deployments that are remembered one by one; the oldest give way.
const mostSeen = 200

// cursor is how far a repository has been read.
type cursor struct {
	// Since is how far back everything was read, and Top the newest deployment that was.
	Since time.Time `json:"since,omitzero"`
	Top   int64     `json:"top,omitempty"`
	// Updated is the newest time at which a deployment was seen to change.
	Updated time.Time `json:"updated,omitzero"`
	// Seen are deployments that will be looked at again, oldest first: those that had not come to an end, and those that
	// changed in the second of Updated, in which they may have changed once more.
	Seen []seen `json:"seen,omitempty"`

	// Of the round that is under way: where to read on, what becomes of the above when it is over, and which open
	// deployments are still to be looked at.
	Page    int       `json:"page,omitempty"` // pages read
	Listed  bool      `json:"listed,omitempty"`
	Floor   time.Time `json:"floor,omitzero"`
	NewTop  int64     `json:"new_top,omitempty"`
	NewTime time.Time `json:"new_time,omitzero"`
	Again   []int64   `json:"again,omitempty"`
}

// seen is what is known of a deployment.
type seen struct {
	ID int64 `json:"id"`
	// Status is its newest, Changed when the API said that it changed last, in Unix seconds.
	Status  int64 `json:"status,omitempty"`
	Changed int64 `json:"changed,omitempty"`
	Ended   bool  `json:"ended,omitempty"`
}

// readCursor begins anew with a text that it can't read: what is found again is known by its id.
func readCursor(text []byte) cursor {
	var c cursor
	if json.Unmarshal(text, &c) != nil {
		return cursor{}
	}
	return c
}

func (c cursor) text() ([]byte, error) { return json.Marshal(c) }

// from begins a round, unless one is under way. One that is to go further back than all before it goes all the way down.
func (c cursor) from(since time.Time) cursor {
	if c.Page > 0 || c.Listed {
		return c
	}
	c.Floor, c.NewTop, c.NewTime, c.Again = since, c.Top, c.Updated, c.open()
	if c.Since.IsZero() || since.Before(c.Since) {
		c.Top, c.Updated = 0, time.Time{}
	} else {
		c.Floor = c.Since
	}
	return c
}

// advance ends the round when there is nothing left to do in it, and tells whether there is.
func (c *cursor) advance() (more bool) {
	if !c.Listed || len(c.Again) > 0 {
		return true
	}
	c.Since, c.Top, c.Updated = c.Floor, c.NewTop, c.NewTime
	c.Seen = slices.DeleteFunc(c.Seen, func(s seen) bool { return s.Ended && s.Changed < c.Updated.Unix() })
	c.Page, c.Listed, c.Floor, c.NewTop, c.NewTime, c.Again = 0, false, time.Time{}, 0, time.Time{}, nil
	return false
}

// turn takes note of a page. How new its changes are counts of the first one only, which was read at one instant: what
// changes while the others are read is newer.
func (c *cursor) turn(page []deployment, last bool) {
	c.Page++
	c.Listed = last
	for _, d := range page {
		if d.id <= c.Top || d.created.Before(c.Floor) {
			c.Listed = true // what follows is known, or too old
		}
		if c.Page == 1 && d.updated.After(c.NewTime) {
			c.NewTime = d.updated
		}
	}
}

// saw takes note of a deployment that was looked at.
func (c *cursor) saw(now seen) {
	c.NewTop = max(c.NewTop, now.ID)
	c.Again = slices.DeleteFunc(c.Again, func(id int64) bool { return id == now.ID })
	at, known := c.find(now.ID)
	if known {
		c.Seen[at] = now
		return
	}
	c.Seen = slices.Insert(c.Seen, at, now)
	if len(c.Seen) > mostSeen {
		c.Seen = slices.Delete(c.Seen, 0, len(c.Seen)-mostSeen)
	}
}

// gone takes note that a deployment was deleted.
func (c *cursor) gone(id int64) {
	c.Again = slices.DeleteFunc(c.Again, func(other int64) bool { return other == id })
	if at, known := c.find(id); known {
		c.Seen = slices.Delete(c.Seen, at, at+1)
	}
}

// newest is the newest status that is known of a deployment, 0 for none.
func (c *cursor) newest(id int64) int64 {
	if at, known := c.find(id); known {
		return c.Seen[at].Status
	}
	return 0
}

// isNew tells whether a deployment was never looked at.
func (c *cursor) isNew(id int64) bool {
	_, known := c.find(id)
	return !known && id > c.Top
}

// concerns tells whether a deployment is new, may have changed or is open.
func (c *cursor) concerns(id int64, updated time.Time) bool {
	at, known := c.find(id)
	return id > c.Top || !updated.Before(c.Updated) || (known && !c.Seen[at].Ended)
}

// open are the deployments that had not come to an end.
func (c *cursor) open() []int64 {
	var ids []int64
	for _, s := range c.Seen {
		if !s.Ended {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func (c *cursor) find(id int64) (at int, known bool) {
	return slices.BinarySearchFunc(c.Seen, id, func(s seen, id int64) int { return cmp.Compare(s.ID, id) })
}
