package importer

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/correlate/words"
)

const (
	mostListed  = 20 // records that are wrong, on the terminal
	mostReasons = 50 // why records say nothing
)

// Counts are what became of records.
type Counts struct {
	Records  int64            `json:"records"`
	Facts    int64            `json:"facts"`    // sent
	Messages int64            `json:"messages"` // sent, as they came
	Parcels  int64            `json:"parcels"`
	Known    int64            `json:"known"` // parcels that the daemon had
	Ignored  map[string]int64 `json:"ignored,omitempty"`
	Wrong    int64            `json:"wrong"`
}

// Report gathers what became of records. It may be called by several goroutines.
type Report struct {
	// All is where each record that is wrong is written, a line for each; nil for nowhere.
	All io.Writer

	mu     sync.Mutex
	counts Counts
	listed []string
	failed error // of writing to All
}

func (r *Report) begin(from state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts = from.Counts
	if r.counts.Ignored == nil {
		r.counts.Ignored = map[string]int64{}
	}
}

// Counts are what is counted by now.
func (r *Report) Counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counts
	c.Ignored = maps.Clone(c.Ignored)
	return c
}

func (r *Report) read() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Records++
}

func (r *Report) sent(p Parcel, receipt Receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Parcels++
	r.counts.Facts += int64(p.Facts)
	if receipt.Known {
		r.counts.Known++
	}
	switch {
	case p.Message == nil:
	case receipt.Silent != "":
		r.ignore(receipt.Silent)
	default:
		r.counts.Messages++
	}
	if receipt.Why != "" {
		r.list(&history.Wrong{At: p.At, Want: "the daemon keeps it in quarantine: " + receipt.Why})
	}
}

func (r *Report) ignored(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ignore(why)
}

func (r *Report) ignore(why string) {
	if _, known := r.counts.Ignored[why]; !known && len(r.counts.Ignored) >= mostReasons {
		why = "other reasons"
	}
	r.counts.Ignored[why]++
}

func (r *Report) wrong(w *history.Wrong) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list(w)
}

func (r *Report) list(w *history.Wrong) {
	r.counts.Wrong++
	if len(r.listed) < mostListed {
		r.listed = append(r.listed, w.Error())
	}
	if r.All != nil && r.failed == nil {
		_, r.failed = fmt.Fprintln(r.All, w.Error())
	}
}

// Skipped tells whether any record was wrong.
func (r *Report) Skipped() bool { return r.Counts().Wrong > 0 }

// Print says what became of the records. The error is one of writing the report.
func (r *Report) Print(out io.Writer) error {
	c := r.Counts()
	fmt.Fprintf(out, "%s records: %s facts", words.Count(c.Records), words.Count(c.Facts))
	if c.Messages > 0 {
		fmt.Fprintf(out, " and %s messages", words.Count(c.Messages))
	}
	fmt.Fprintf(out, " sent in %s deliveries, of which the daemon knew %s; %s skipped\n", words.Count(c.Parcels), words.Count(c.Known), words.Count(c.Wrong))
	reasons := slices.SortedFunc(maps.Keys(c.Ignored), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.Ignored[b], c.Ignored[a]), cmp.Compare(a, b))
	})
	for _, why := range reasons {
		fmt.Fprintf(out, "  %s say nothing of a change or an incident: %s\n", words.Count(c.Ignored[why]), why)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.listed {
		fmt.Fprintln(out, "  skipped:", line)
	}
	if more := c.Wrong - int64(len(r.listed)); more > 0 {
		fmt.Fprintf(out, "  skipped: %s more; --report FILE has each\n", words.Count(more))
	}
	return r.failed
}
