package following

import "github.com/shipwake/shipwake/correlate"

// Result is what may become of something. What says what is counted: all results of it have one unit.
type Result struct{ What, Result string }

// Of is the counter of a result.
func (r Result) Of(source string) correlate.Count {
	return correlate.Count{What: r.What, Source: source, Result: r.Result}
}

// Counter counts what comes of one source.
type Counter struct {
	Tally  *correlate.Tally
	Source string
}

// Add counts n more.
func (c Counter) Add(r Result, n int64) { c.Tally.Add(r.Of(c.Source), n) }

// Announce makes counters exist, so that a rate over them is 0 and not absent.
func (c Counter) Announce(all ...Result) {
	for _, r := range all {
		c.Add(r, 0)
	}
}
