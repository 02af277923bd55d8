package correlate

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Raw is a delivery as its sender sent it. Deliveries are the log: they are kept as they came, and what is read from
// them can be read again.
type Raw struct {
	Source string // the name under which the source is configured, e.g. "github"
	ID     string // the same id from the same source is the same delivery
	// ReceivedAt is in UTC.
	ReceivedAt time.Time
	// Header holds the headers without which the body can't be read (Content-Type, the name of the event), by canonical
	// name; nil when there are none. It never holds a credential.
	Header map[string]string
	Body   []byte
}

// Event is the sender's own name of the event (X-Github-Event, Ce-Type), "" where no header tells it.
func (r Raw) Event() string {
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		lower := strings.ToLower(name)
		if strings.HasSuffix(lower, "-event") || strings.HasSuffix(lower, "-type") && lower != "content-type" {
			return r.Header[name]
		}
	}
	return ""
}

// Projection is what one version of a parser and of the naming rules reads from a delivery: facts, or a problem. A
// delivery with a problem is in quarantine.
type Projection struct {
	// Digest names the parser's version and the naming rules. A delivery whose digest is no longer the current one is
	// read again.
	Digest  string
	Facts   []Fact
	Problem string    // why there are no facts; "" when there are, or when the delivery is known to say nothing
	Due     time.Time // when to read it again all the same: a fact in it is dated in the future; zero otherwise
}

// MaxAhead is how far after its receipt a fact may be dated, since clocks differ.
const MaxAhead = 5 * time.Minute

// Entry is a delivery in the log with what was read from it.
type Entry struct {
	Raw
	Projection
}

// Move moves the cursor of a stream in the same transaction as the deliveries that were read from it: the ledger must
// hold Expect, and holds Next afterwards. What a cursor means is known to its reader alone (an offset, a page token, a
// resource version); none, nil or empty, is the beginning.
type Move struct {
	Stream       string // e.g. "kafka/deploys/3"
	Expect, Next []byte
}

// Held is a delivery whose current projection has a Problem: in quarantine. It is read again when its source's version or
// the naming rules are others, and at Due; once it can be mapped, its facts are applied as if they had been read when it
// was received.
type Held struct {
	Number      int64 // its place in the ledger
	Source, ID  string
	Event       string // the sender's own name of the event, where a header tells it
	ContentType string
	ReceivedAt  time.Time
	Bytes       int64
	Problem     string
	Digest      string    // of the projection; "" for one read before digests were kept
	Due         time.Time // when its time has come, if it is dated in the future; zero otherwise
}
