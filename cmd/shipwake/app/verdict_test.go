package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

func at(clock string) time.Time {
	t, err := time.Parse(time.RFC3339, "2026-03-01T"+clock+"Z")
	if err != nil {
		return time.Time{}
	}
	return t
}

// checkout is a change with the given verdict.
func checkout(v *correlate.Verdict) api.Change {
	return api.Change{Change: correlate.ChangeRecord{
		Change: correlate.Change{
			ID: "github-shop/checkout-4711", Kind: correlate.KindDeployment, Service: "checkout", Environment: "production",
			Version: "v2", Source: "github", StartedAt: at("10:00:00"), FinishedAt: at("10:06:00"),
		},
		Phase: correlate.PhaseObserving, WindowEnd: at("11:07:00"), Verdict: v,
	}}
}

func regressed() *correlate.Verdict {
	onset := at("10:01:10")
	return &correlate.Verdict{
		Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio, Revision: 2, DecidedAt: at("10:03:00"),
		OnsetAt: &onset, Blame: 0.93, Grade: correlate.GradeA,
		Evidence: []correlate.Evidence{
			{Signal: "error_ratio", Baseline: 0.004, Observed: 0.031, Ratio: 7.7, Interval: [2]float64{4.9, 11.8}, N: 4120, Events: 128},
			{Signal: "latency_p90", Baseline: 0.21, Observed: 0.22, Ratio: 1.05, Interval: [2]float64{0.97, 1.11}, N: 4120, Events: 430},
		},
	}
}

func TestAVerdictIsExplained(t *testing.T) {
	recovered := at("10:20:00")
	for name, answer := range map[string]api.Change{
		"regressed": func() api.Change {
			c := checkout(regressed())
			c.Change.Incidents, c.Change.RolledBackBy = []string{"PD-88"}, "github-shop/checkout-4712"
			c.Change.Verdict.RecoveredAt = &recovered
			c.Regressions = []correlate.Regression{
				{Service: "frontend", Signal: "error_ratio", OnsetAt: at("10:01:20"), Suspects: []correlate.Suspect{
					{ChangeID: c.Change.ID, Probability: 0.91, Terms: map[string]float64{"lag": -0.31, "contrast": 7.2, "graph": 0, "prior": -0.7}},
					{ChangeID: "cart-12", Probability: 0.06},
					{ChangeID: "ads-7", Terms: map[string]float64{"veto": -169}}}},
				{Service: "search", Signal: "latency_p99", OnsetAt: at("10:02:00"), Suspects: []correlate.Suspect{
					{ChangeID: "search-3", Probability: 0.99}, {ChangeID: c.Change.ID, Probability: 0.01}}},
			}
			return c
		}(),
		"healthy": checkout(&correlate.Verdict{
			Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin, Revision: 1, Final: true, DecidedAt: at("11:07:30"),
			Grade: correlate.GradeA, Evidence: []correlate.Evidence{{Signal: "error_ratio", Ratio: 1, Interval: [2]float64{0.0016, 601}, N: 18250}},
		}),
		"inconclusive": checkout(&correlate.Verdict{
			Outcome: correlate.Inconclusive, Reason: correlate.ReasonUnderpowered, Revision: 1, Final: true, DecidedAt: at("11:07:30"),
			Grade: correlate.GradeD, SmallestVisible: 6.1,
		}),
		"reopened": func() api.Change {
			c := checkout(regressed())
			v := c.Change.Verdict
			v.Revision, v.Final, v.Supersedes, v.Reopened, v.ReopenedBy = 4, true, 2, correlate.LateChange, "github-shop/cart-12"
			return c
		}(),
		"undecided": checkout(nil),
		"history": func() api.Change {
			c := checkout(nil)
			c.Change.Phase, c.Change.StartedAt = correlate.PhaseHistory, time.Time{}
			return c
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			text := why(answer)
			golden(t, "verdict-"+name+".txt", text)
			for _, line := range strings.Split(text, "\n")[1:] {
				require.LessOrEqual(t, utf8.RuneCountInString(line), words.Width, "%s", line)
			}
		})
	}
}

func TestTheHistoryOfAChangeIsPrinted(t *testing.T) {
	golden(t, "verdict-history.steps", history([]api.Revision{
		{Revision: 1, RecordedAt: at("10:00:02"), Cause: correlate.CauseReported},
		{Revision: 2, RecordedAt: at("10:06:01"), Cause: correlate.CauseReported, Changed: []correlate.FieldChange{
			{Field: "finished_at", To: "2026-03-01T10:06:00Z"}, {Field: "status", From: "started", To: "succeeded"}}},
		{Revision: 3, RecordedAt: at("11:07:30"), Cause: correlate.CauseVerdict, Changed: []correlate.FieldChange{
			{Field: "phase", From: "observing", To: "closed"}, {Field: "reason", To: "within_margin"}, {Field: "verdict", To: "healthy"},
			{Field: "verdict_final", To: "true"}, {Field: "verdict_revision", To: "1"}}},
		{Revision: 4, RecordedAt: at("12:00:00"), Cause: correlate.CauseUnlinked, Changed: []correlate.FieldChange{
			{Field: "incidents", From: `["PD-88"]`}}},
	}))
	require.Empty(t, history(nil), "an older daemon says nothing of it")
}

// daemonThat is a daemon whose API gives the answers in turn, the last one for ever.
func daemonThat(t *testing.T, answers ...*api.Change) *httptest.Server {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body any
		turn := asked.Load()
		answer := answers[min(int(turn), len(answers)-1)]
		switch {
		case r.URL.Path == "/api/v1/changes":
			list := api.Changes{Changes: []correlate.ChangeRecord{}}
			if answer != nil && r.URL.Query().Get("service") == "checkout" && r.URL.Query().Get("version") == "v2" {
				list.Changes = append(list.Changes, answer.Change)
			} else {
				asked.Add(1)
			}
			body = list
		case answer == nil:
			asked.Add(1)
			w.WriteHeader(http.StatusNotFound)
			body = api.Error{Error: "no change with this id", Parameter: "id"}
		default:
			asked.Add(1)
			body = answer
		}
		if err := json.NewEncoder(w).Encode(body); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestTheExitCodeIsTheAnswer(t *testing.T) {
	change := func(v *correlate.Verdict) *api.Change { c := checkout(v); return &c }
	open := &correlate.Verdict{Outcome: correlate.Inconclusive, Reason: correlate.ReasonUnderpowered}
	closed := &correlate.Verdict{Outcome: correlate.Inconclusive, Reason: correlate.ReasonUnderpowered, Final: true}
	healthy := &correlate.Verdict{Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin}
	byID := []string{"github-shop/checkout-4711"}
	byName := []string{"--service", "checkout", "--version", "v2"}
	for name, c := range map[string]struct {
		args    []string
		answers []*api.Change
		want    int
	}{
		"healthy":                             {byID, []*api.Change{change(healthy)}, exitHealthy},
		"regressed":                           {byID, []*api.Change{change(regressed())}, exitRegressed},
		"inconclusive":                        {byID, []*api.Change{change(closed)}, exitInconclusive},
		"no verdict yet":                      {byID, []*api.Change{change(nil)}, exitUnknown},
		"no such change":                      {byID, []*api.Change{nil}, exitUnknown},
		"by service and version":              {byName, []*api.Change{change(healthy)}, exitHealthy},
		"by a version that nobody deployed":   {[]string{"--service", "checkout", "--version", "v9"}, []*api.Change{change(healthy)}, exitUnknown},
		"waiting until it is known":           {append(byID, "--wait", "10s"), []*api.Change{nil, change(nil), change(healthy)}, exitHealthy},
		"waiting by service and version":      {append(byName, "--wait", "10s"), []*api.Change{nil, change(regressed())}, exitRegressed},
		"waiting for more than inconclusive":  {append(byID, "--wait", "10s"), []*api.Change{change(open), change(healthy)}, exitHealthy},
		"waiting in vain":                     {append(byID, "--wait", "10ms"), []*api.Change{change(nil)}, exitUnknown},
		"waiting in vain, it is inconclusive": {append(byID, "--wait", "10ms"), []*api.Change{change(open)}, exitInconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := daemonThat(t, c.answers...)
			code, _, stderr := shipwake(t, append([]string{"verdict", "--api", server.URL}, c.args...)...)
			require.Equal(t, c.want, code, stderr)
		})
	}
}

func TestAVerdictAsJSONIsTheAPIsAnswer(t *testing.T) {
	want := checkout(regressed())
	server := daemonThat(t, &want)
	code, stdout, _ := shipwake(t, "verdict", "--api", server.URL, "--output", "json", want.Change.ID)
	require.Equal(t, exitRegressed, code)
	var got api.Change
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.Equal(t, want, got)
}

// A daemon may be newer than the command that asks it.
func TestWhatANewerDaemonSaysIsPassedOn(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"change":{"id":"a","verdict":{"verdict":"healthy","of_tomorrow":7}},"more":[1]}`)
	}))
	defer server.Close()
	code, stdout, stderr := shipwake(t, "verdict", "--api", server.URL, "--output", "json", "a")
	require.Equal(t, exitHealthy, code, stderr)
	require.JSONEq(t, `{"change":{"id":"a","verdict":{"verdict":"healthy","of_tomorrow":7}},"more":[1]}`, stdout)
	code, stdout, _ = shipwake(t, "verdict", "--api", server.URL, "--history", "a")
	require.Equal(t, exitHealthy, code)
	require.Contains(t, stdout, "HEALTHY")
}
