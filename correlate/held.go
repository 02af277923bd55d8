package correlate

import "time"

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
