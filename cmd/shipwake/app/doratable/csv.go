package doratable

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/internal/figures"
)

// CSV writes every number of every group, and of the whole as the last; and, of a series, the same for each period, oldest
// first. The period is empty in what covers the whole window. An empty field is no data.
func CSV(out io.Writer, r dora.Report) error {
	w := csv.NewWriter(out)
	if err := w.Write(header()); err != nil {
		return err
	}
	write := func(period string, from, to time.Time, all []dora.Numbers) error {
		for _, n := range all {
			if err := w.Write(record(r, period, from, to, n)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := write("", r.From, r.To, rowsOf(r.Groups, &r.Total)); err != nil {
		return err
	}
	for _, p := range r.Periods {
		if err := write(p.Name, p.From, p.To, rowsOf(p.Groups, p.Total)); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// rowsOf are groups and, last, the whole.
func rowsOf(groups []dora.Numbers, total *dora.Numbers) []dora.Numbers {
	all := dora.Numbers{Group: figures.Whole}
	if total != nil {
		all = *total
		all.Group = figures.Whole
	}
	return append(slices.Clone(groups), all)
}

func header() []string {
	all := []string{
		"group", "from", "to", "policy", "policy_version", "period", "deployments", "deployments_per_day", "redeployments", "deploy_failed", "pending",
		"inconclusive", "unjudged", "open_failures", "unattributed_incidents", "rollbacks_per_day",
	}
	for _, s := range shares {
		for _, part := range []string{"rate", "numerator", "denominator", "low", "high"} {
			all = append(all, s.name+"_"+part)
		}
	}
	for _, s := range spans {
		for _, part := range []string{"median_seconds", "p90_seconds", "mean_seconds", "n"} {
			all = append(all, s.name+"_"+part)
		}
	}
	return all
}

var shares = []struct {
	name string
	of   func(dora.Numbers) *dora.Ratio
}{
	{"change_fail", func(n dora.Numbers) *dora.Ratio { return n.ChangeFailRate }},
	{"rework", func(n dora.Numbers) *dora.Ratio { return n.ReworkRate }},
	{"success", func(n dora.Numbers) *dora.Ratio { return n.SuccessRate }},
	{"failed_rollout", func(n dora.Numbers) *dora.Ratio { return n.FailedRolloutRate }},
	{"rollback", func(n dora.Numbers) *dora.Ratio { return n.RollbackRate }},
	{"defect_escape", func(n dora.Numbers) *dora.Ratio { return n.DefectEscapeRate }},
}

var spans = []struct {
	name string
	of   func(dora.Numbers) *dora.Duration
}{
	{"lead_time", func(n dora.Numbers) *dora.Duration { return n.LeadTime }},
	{"recovery", func(n dora.Numbers) *dora.Duration { return n.Recovery }},
	{"detection_delay", func(n dora.Numbers) *dora.Duration { return n.DetectionDelay }},
	{"detection_to_recovery", func(n dora.Numbers) *dora.Duration { return n.DetectionRecovery }},
	{"incident_time_to_restore", func(n dora.Numbers) *dora.Duration { return n.IncidentRecovery }},
	{"queue_time", func(n dora.Numbers) *dora.Duration { return n.QueueTime }},
}

func record(r dora.Report, period string, from, to time.Time, n dora.Numbers) []string {
	all := []string{
		inert(n.Group), from.Format(time.RFC3339), to.Format(time.RFC3339), string(r.Policy), strconv.Itoa(r.PolicyVersion), period,
		strconv.Itoa(n.Deployments), number(n.DeploymentsPerDay),
	}
	for _, count := range []int{n.Redeployments, n.DeployFailed, n.Pending, n.Inconclusive, n.Unjudged, n.OpenFailures, n.Unattributed} {
		all = append(all, strconv.Itoa(count))
	}
	all = append(all, number(n.RollbacksPerDay))
	for _, s := range shares {
		all = append(all, ratioFields(s.of(n))...)
	}
	for _, s := range spans {
		all = append(all, durationFields(s.of(n))...)
	}
	return all
}

// inert keeps a name that somebody sent from being taken for a formula by a spreadsheet.
func inert(name string) string {
	if name != "" && (name[0] == '=' || name[0] == '+' || name[0] == '-' || name[0] == '@') {
		return fmt.Sprint("'", name)
	}
	return name
}

func ratioFields(r *dora.Ratio) []string {
	if r == nil {
		return make([]string, 5)
	}
	fields := []string{number(&r.Value), strconv.Itoa(r.Numerator), strconv.Itoa(r.Denominator), "", ""}
	if r.Interval != [2]float64{} {
		fields[3], fields[4] = number(&r.Interval[0]), number(&r.Interval[1])
	}
	return fields
}

func durationFields(d *dora.Duration) []string {
	if d == nil {
		return make([]string, 4)
	}
	return []string{number(&d.Median), number(&d.P90), number(&d.Mean), strconv.Itoa(d.N)}
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
