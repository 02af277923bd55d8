package sinks

import (
	"context"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/quality"
)

// accuracyPage is how many changes are read at once, and mostAccuracyPages how often: of more the newest count.
const (
	accuracyPage      = 1000
	mostAccuracyPages = 100
)

// Accuracy is what people say of the verdicts on the changes that a query selects, whatever verdict and limit it asks for.
func Accuracy(ctx context.Context, r Reader, q ChangeQuery) (quality.Accuracy, error) {
	q.Verdict, q.Limit, q.Before = correlate.Regressed, accuracyPage, ""
	var tally quality.AccuracyTally
	for range mostAccuracyPages {
		found, err := r.Changes(ctx, q)
		if err != nil {
			return quality.Accuracy{}, err
		}
		for i := range found {
			tally.Change(&found[i])
		}
		if len(found) < accuracyPage {
			break
		}
		q.Before = found[len(found)-1].ID
	}
	return tally.Accuracy(), nil
}
