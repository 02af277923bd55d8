package app

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/words"
)

// doraCommand asks for the DORA numbers.
type doraCommand struct {
	asking
	output, since, by, asOf    string
	policy                     string
	service, environment, team string
}

func newDORA() *cobra.Command {
	d := &doraCommand{}
	cmd := &cobra.Command{
		Use:   "dora",
		Short: "Print the DORA numbers",
		Long: `Asks the running daemon for the DORA numbers of a stretch of time up to now.

A ratio always comes with what it was counted from. "–" means that there is no data, which is not zero.

With --policy they are counted as another tool counts: devlake, middleware, ratio (incidents per deployment, as Pelorus,
Faros and GitLab do), or fourkeys. The numbers always name the policy that counted them, with its version.

With --as-of the numbers are those that the same question got at that time. "shipwake dora restatements" says which
numbers became others after they were published, and why.

The exit code is 0 when there is an answer, 3 when the daemon knows nothing of a service, an environment or a team that
was asked for (it says which it knows), and 1 otherwise.`,
		Example: `  shipwake dora --since 30d --by team
  shipwake dora --since 90d --service checkout --output json
  shipwake dora --since 90d --policy devlake
  shipwake dora --since 30d --as-of 2026-03-03T09:00:00Z`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	cmd.AddCommand(newRestatements())
	flags := cmd.Flags()
	flags.StringVar(&d.asOf, "as-of", "", "count over what was known at this `time`, e.g. 2026-03-03T09:00:00Z")
	flags.StringVar(&d.since, "since", "30d", "how far back, e.g. 7d or 36h")
	flags.StringVar(&d.by, "by", "", "split by service, team or environment")
	flags.StringVar(&d.policy, "policy", "", "count by this `policy`: shipwake, devlake, middleware, ratio or fourkeys (default: shipwake)")
	flags.StringVar(&d.service, "service", "", "only this `service`")
	flags.StringVar(&d.environment, "environment", "", "only this `environment` (default: the daemon's, production)")
	flags.StringVar(&d.team, "team", "", "only this `team`")
	d.addFlags(flags)
	flags.StringVar(&d.output, "output", "table", "`format`: table, json or csv")
	return cmd
}

func (d *doraCommand) run(ctx context.Context, out io.Writer) error {
	printers := map[string]func(io.Writer, dora.Report) error{"table": doraTable, "json": doraJSON[dora.Report], "csv": doraCSV}
	write, ok := printers[d.output]
	if !ok {
		return fmt.Errorf("--output %s: want table, json or csv", d.output)
	}
	daemon, err := d.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	query := url.Values{"since": {d.since}}
	setGiven(query, map[string]string{
		"by": d.by, "service": d.service, "environment": d.environment, "team": d.team, "as_of": d.asOf, "policy": d.policy,
	})
	report, err := daemon.DORA(ctx, query)
	if err != nil {
		return unknownName(err)
	}
	if d.asOf != "" && d.output == "table" {
		fmt.Fprintf(out, "as known at %s\n", words.Instant(report.AsOf))
	}
	return write(out, report)
}

// setGiven adds the parameters that have a value.
func setGiven(query url.Values, parameters map[string]string) {
	for key, value := range parameters {
		if value != "" {
			query.Set(key, value)
		}
	}
}

func doraJSON[T any](out io.Writer, r T) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// rowsOf are the groups of a report and, last, the whole.
func rowsOf(r dora.Report) []dora.Numbers {
	total := r.Total
	total.Group = "all"
	return append(slices.Clone(r.Groups), total)
}

// doraTable prints one line for each group, or for each number when there are no groups.
func doraTable(out io.Writer, r dora.Report) error {
	fmt.Fprintf(out, "%s … %s, policy %s\n\n", words.Instant(r.From), words.Instant(r.To), r.Policy.Title())
	write := doraGroups
	if r.By == "" {
		write = doraTotal
	}
	if err := write(out, r); err != nil {
		return err
	}
	if len(r.OtherEnvironments) > 0 {
		fmt.Fprintf(out, "\nThis is %s. Not counted is what was rolled out in: %s (see --environment, and --by environment)\n",
			r.Environment, strings.Join(r.OtherEnvironments, ", "))
	}
	if r.Total.Unattributed == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "\nincidents held against no change: %d (shipwake incidents says why)\n", r.Total.Unattributed)
	return err
}

func doraTotal(out io.Writer, r dora.Report) error {
	n := r.Total
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"deployments", strconv.Itoa(n.Deployments)},
		{"per day", words.Rate(n.DeploymentsPerDay)},
		{"change fail rate", words.Ratio(n.ChangeFailRate)},
		{words.RecoveryOf(r.Policy), words.Recovery(r.Policy, n.Recovery)},
		{"lead time (median)", words.Median(n.LeadTime)},
		{"rework rate", words.Ratio(n.ReworkRate)},
		{"change success rate", words.Ratio(n.SuccessRate)},
		{"failed rollouts", words.Ratio(n.FailedRolloutRate)},
		{"rollbacks", words.Ratio(n.RollbackRate)},
		{"detection delay (median)", words.Median(n.DetectionDelay)},
		{"detection to recovery (median)", words.Median(n.DetectionRecovery)},
		{"incidents, opened to resolved (median)", words.Median(n.IncidentRecovery)},
		{"found by people first", words.Ratio(n.DefectEscapeRate)},
		{"approved to begun (median)", words.Median(n.QueueTime)},
		{"open failures", strconv.Itoa(n.OpenFailures)},
		{"pending verdicts", strconv.Itoa(n.Pending)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", row[0], row[1])
	}
	return w.Flush()
}

func doraGroups(out io.Writer, r dora.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\tdeployments\tper day\tchange fail rate\t%s\tlead time (median)\trework rate\topen\tpending\n",
		cmp.Or(strings.ToUpper(string(r.By)), "GROUP"), words.RecoveryOf(r.Policy))
	for _, n := range rowsOf(r) {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%d\t%d\n", words.Or(n.Group), n.Deployments, words.Rate(n.DeploymentsPerDay),
			words.Ratio(n.ChangeFailRate), words.Recovery(r.Policy, n.Recovery), words.Median(n.LeadTime), words.Ratio(n.ReworkRate), n.OpenFailures, n.Pending)
	}
	return w.Flush()
}

// doraCSV writes every number of every group; an empty field is no data.
func doraCSV(out io.Writer, r dora.Report) error {
	w := csv.NewWriter(out)
	records := [][]string{{
		"group", "from", "to", "policy", "policy_version", "deployments", "deployments_per_day", "redeployments", "deploy_failed",
		"change_fail_rate", "change_fail_numerator", "change_fail_denominator", "pending", "inconclusive",
		"recovery_median_seconds", "recovery_p90_seconds", "recovery_mean_seconds", "recovery_n", "open_failures",
		"lead_time_median_seconds", "lead_time_p90_seconds", "lead_time_mean_seconds", "lead_time_n",
		"rework_rate", "rework_numerator", "rework_denominator",
		"success_rate", "success_numerator", "success_denominator",
		"failed_rollout_rate", "failed_rollout_numerator", "failed_rollout_denominator",
		"rollback_rate", "rollback_numerator", "rollback_denominator", "rollbacks_per_day",
		"detection_delay_median_seconds", "detection_delay_p90_seconds", "detection_delay_mean_seconds", "detection_delay_n",
		"detection_to_recovery_median_seconds", "detection_to_recovery_p90_seconds", "detection_to_recovery_mean_seconds", "detection_to_recovery_n",
		"incident_time_to_restore_median_seconds", "incident_time_to_restore_p90_seconds", "incident_time_to_restore_mean_seconds", "incident_time_to_restore_n",
		"defect_escape_rate", "defect_escape_numerator", "defect_escape_denominator",
		"queue_time_median_seconds", "queue_time_p90_seconds", "queue_time_mean_seconds", "queue_time_n", "unattributed_incidents",
	}}
	for _, n := range rowsOf(r) {
		record := []string{n.Group, r.From.Format(time.RFC3339), r.To.Format(time.RFC3339), string(r.Policy), strconv.Itoa(r.PolicyVersion),
			strconv.Itoa(n.Deployments), field(n.DeploymentsPerDay), strconv.Itoa(n.Redeployments), strconv.Itoa(n.DeployFailed)}
		record = append(record, ratioFields(n.ChangeFailRate)...)
		record = append(record, strconv.Itoa(n.Pending), strconv.Itoa(n.Inconclusive))
		record = append(record, durationFields(n.Recovery)...)
		record = append(record, strconv.Itoa(n.OpenFailures))
		record = append(record, durationFields(n.LeadTime)...)
		record = append(record, ratioFields(n.ReworkRate)...)
		record = append(record, furtherFields(n)...)
		records = append(records, append(record, strconv.Itoa(n.Unattributed)))
	}
	return w.WriteAll(records)
}

// furtherFields are the numbers beside the five.
func furtherFields(n dora.Numbers) []string {
	return slices.Concat(ratioFields(n.SuccessRate), ratioFields(n.FailedRolloutRate), ratioFields(n.RollbackRate), []string{field(n.RollbacksPerDay)},
		durationFields(n.DetectionDelay), durationFields(n.DetectionRecovery), durationFields(n.IncidentRecovery),
		ratioFields(n.DefectEscapeRate), durationFields(n.QueueTime))
}

func ratioFields(r *dora.Ratio) []string {
	if r == nil {
		return []string{"", "", ""}
	}
	return []string{field(&r.Value), strconv.Itoa(r.Numerator), strconv.Itoa(r.Denominator)}
}

func durationFields(d *dora.Duration) []string {
	if d == nil {
		return []string{"", "", "", ""}
	}
	return []string{field(&d.Median), field(&d.P90), field(&d.Mean), strconv.Itoa(d.N)}
}

func field(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
