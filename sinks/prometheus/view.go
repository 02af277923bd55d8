package prometheus

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shipwake/shipwake/sinks"
)

// view is what one scrape shows of the daemon as a whole.
type view struct {
	status   sinks.Status
	dora     doraStatus
	observed int // changes under observation
	// regressions are the newest that haven't recovered, one for each place and signal.
	regressions []ongoing
}

// exemplarID cuts an id so that the labels of an exemplar stay within the 128 characters that OpenMetrics allows.
func exemplarID(id string) string {
	const most = prometheus.ExemplarMaxRunes - len("change_id")
	if runes := []rune(id); len(runes) > most {
		return string(runes[:most])
	}
	return id
}

// clean makes a label value of text from outside: valid UTF-8 of bounded length.
func clean(s string) string {
	if len(s) > maxLabel {
		s = s[:maxLabel]
	}
	return strings.ToValidUTF8(s, "")
}
