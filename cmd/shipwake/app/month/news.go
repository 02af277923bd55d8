package month

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// newsName is the sink by which it is heard that something was decided.
const newsName = "news"

// news hears that changes, verdicts, incidents or regressions were told.
type news struct{ told bool }

func (n *news) factory() sinks.Factory {
	return sinks.Kind[struct{}]{Name: newsName, Open: func(sinks.Reader, struct{}) (sinks.Sink, error) { return n, nil }}.Factory()
}

func (n *news) Name() string { return newsName }
func (n *news) Close() error { return nil }

// Publish implements sinks.Publisher.
func (n *news) Publish(effects []correlate.Effect) {
	for _, e := range effects {
		if e.Change != nil || e.Verdict != nil || e.Incident != nil || e.Regression != nil {
			n.told = true
		}
	}
}

// heard says whether anything was told since it was asked last.
func (n *news) heard() bool {
	told := n.told
	n.told = false
	return told
}
