package pull

import "github.com/shipwake/shipwake/correlate"

// What can become of requests and pages: the Result of Count{What: "pull", Source: <source>}.
const (
	resultPage      = "page"      // pages whose commit was acknowledged
	resultDelivery  = "delivery"  // deliveries in them, those that were there before included
	resultRequest   = "request"   // requests that were sent
	resultUnchanged = "unchanged" // of these, answered with 304 Not Modified
	resultBusy      = "busy"      // times the system wanted to be left alone
	resultFailed    = "failed"    // pages that could not be had, to be asked for again
	resultRetried   = "retried"   // attempts to commit a page that have to be repeated
	resultFenced    = "fenced"    // pages refused because another reader had moved the cursor
)

func results() []string {
	return []string{resultPage, resultDelivery, resultRequest, resultUnchanged, resultBusy, resultFailed, resultRetried, resultFenced}
}

// counter counts what happens to one source.
type counter struct {
	tally  *correlate.Tally
	source string
}

func (c counter) add(result string, n int64) {
	c.tally.Add(correlate.Count{What: "pull", Source: c.source, Result: result}, n)
}

// announce makes every counter exist, so that a rate over it is 0 and not absent.
func (c counter) announce() {
	for _, result := range results() {
		c.add(result, 0)
	}
}
