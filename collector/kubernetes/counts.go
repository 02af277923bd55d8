package kubernetes

import "github.com/shipwake/shipwake/correlate"

// What can become of what is seen: the Result of Count{What: "kubernetes", Source: <name>}.
const (
	resultReport  = "report"  // deliveries whose commit was acknowledged
	resultRestart = "restart" // new revisions that are no more than a restart
	resultList    = "list"    // times that all workloads of a kind were listed
	resultWatch   = "watch"   // watches that were begun
	resultGone    = "gone"    // times the server had forgotten where a watch stood
	resultFailed  = "failed"  // requests and events that failed, to be tried again
	resultRetried = "retried" // attempts to commit that have to be repeated
	resultFenced  = "fenced"  // commits refused because another receiver had moved the cursor
)

func results() []string {
	return []string{resultReport, resultRestart, resultList, resultWatch, resultGone, resultFailed, resultRetried, resultFenced}
}

// counter counts what happens in one cluster.
type counter struct {
	tally *correlate.Tally
	name  string
}

func (c counter) add(result string, n int64) {
	c.tally.Add(correlate.Count{What: "kubernetes", Source: c.name, Result: result}, n)
}

// announce makes every counter exist, so that a rate over it is 0 and not absent.
func (c counter) announce() {
	for _, result := range results() {
		c.add(result, 0)
	}
}
