package kubernetes

import "github.com/shipwake/shipwake/collector/following"

func result(name string) following.Result { return following.Result{What: "kubernetes", Result: name} }

// What can become of what is seen.
var (
	resultReport  = result("report")  // deliveries whose commit was acknowledged
	resultRestart = result("restart") // new revisions that are no more than a restart
	resultList    = result("list")    // times that all workloads of a kind were listed
	resultWatch   = result("watch")   // watches that were begun
	resultGone    = result("gone")    // times the server had forgotten where a watch stood
	resultFailed  = result("failed")  // requests and events that failed, to be tried again
	resultRetried = result("retried") // attempts to commit that have to be repeated
	resultFenced  = result("fenced")  // commits refused because another receiver had moved the cursor
)

func results() []following.Result {
	return []following.Result{resultReport, resultRestart, resultList, resultWatch, resultGone, resultFailed, resultRetried, resultFenced}
}
