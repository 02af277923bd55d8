package ledgertest

import (
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// epoch is the time of most samples.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Entry is a sample delivery of one finished deployment whose id is the delivery's, as version 1 of a parser reads it.
func Entry(source, id string) correlate.Entry {
	return correlate.Entry{
		Raw: correlate.Raw{
			Source: source, ID: id, ReceivedAt: epoch.Add(time.Minute), Body: fmt.Appendf(nil, `{"id":%q}`, id),
			Header: map[string]string{"Content-Type": "application/json", "X-Github-Event": "deployment_status"},
		},
		Projection: correlate.Projection{Digest: "1", Facts: []correlate.Fact{{Change: &correlate.Change{
			ID: id, Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded, Service: "checkout",
			Environment: correlate.DefaultEnvironment, Version: "1.4.2", StartedAt: epoch, FinishedAt: epoch.Add(time.Second),
			Commits: []correlate.Commit{{SHA: "8c1f", AuthoredAt: epoch.Add(-time.Hour)}},
			Labels:  map[string]string{"region": "eu"}, Source: source,
		}}}},
	}
}

func record(id string, finished time.Time) correlate.ChangeRecord {
	return correlate.ChangeRecord{
		Change: correlate.Change{
			ID: id, Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded, Service: "checkout",
			Environment: correlate.DefaultEnvironment, Version: "1.4.2", StartedAt: finished.Add(-time.Minute), FinishedAt: finished,
		},
		Phase: correlate.PhaseClosed, WindowStart: finished, WindowEnd: finished.Add(time.Minute),
	}
}

func verdict(change string, revision int, outcome correlate.Outcome) correlate.Verdict {
	onset := epoch.Add(time.Second)
	return correlate.Verdict{
		ChangeID: change, Service: "checkout", Environment: correlate.DefaultEnvironment, Outcome: outcome,
		Reason: correlate.ReasonErrorRatio, Revision: revision, DecidedAt: epoch.Add(2 * time.Minute), OnsetAt: &onset,
		Blame: 0.875, Evidence: []correlate.Evidence{{Signal: "error_ratio", Baseline: 0.001, Observed: 0.25, N: 800}},
	}
}

func incident(id string, opened, resolved time.Time) correlate.IncidentRecord {
	return correlate.IncidentRecord{Incident: correlate.Incident{
		ID: id, Service: "checkout", Environment: correlate.DefaultEnvironment, OpenedAt: opened, ResolvedAt: resolved,
	}}
}

func regression(id string, onset time.Time, suspects ...string) correlate.Regression {
	r := correlate.Regression{
		ID: id, Service: "checkout", Environment: correlate.DefaultEnvironment, Signal: "error_ratio", OnsetAt: onset,
		DecidedAt: onset.Add(time.Minute),
	}
	for _, s := range suspects {
		r.Suspects = append(r.Suspects, correlate.Suspect{ChangeID: s, Probability: 0.5, Terms: map[string]float64{"lag": 1.5}})
	}
	return r
}

func cell(service string, start int64) correlate.Measurement {
	return correlate.Measurement{
		Key: correlate.Key{
			Service: service, Environment: correlate.DefaultEnvironment, Kind: correlate.Traffic, Origin: correlate.OriginSpan,
		},
		Cell: correlate.Cell{Start: start, Requests: 7, Errors: 1, Latency: correlate.Histogram{{Index: 80, Count: 7}}},
	}
}

func changeEffects(records ...correlate.ChangeRecord) []correlate.Effect {
	var all []correlate.Effect
	for i := range records {
		all = append(all, correlate.Effect{Change: &records[i]})
	}
	return all
}
