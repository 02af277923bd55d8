package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

func report() dora.Report {
	perDay := 1.4
	return dora.Report{
		Policy: dora.PolicyShipwake, PolicyVersion: 1, Environment: "production", OtherEnvironments: []string{"prod-eu", "staging"},
		From: at("00:00:00").AddDate(0, 0, -30), To: at("00:00:00"), AsOf: at("00:00:00"), By: dora.ByTeam,
		Total: dora.Numbers{
			Deployments: 42, DeploymentsPerDay: &perDay, Pending: 1,
			ChangeFailRate: &dora.Ratio{Value: 0.125, Numerator: 5, Denominator: 40, Interval: [2]float64{0.05, 0.26}},
			Recovery:       &dora.Duration{N: 4, Median: 1500, P90: 4000, Mean: 1800},
			LeadTime:       &dora.Duration{N: 38, Median: 93600, P90: 200000, Mean: 100000},
			ReworkRate:     &dora.Ratio{Value: 4.0 / 42, Numerator: 4, Denominator: 42},
			SuccessRate:    &dora.Ratio{Value: 0.833333, Numerator: 35, Denominator: 42}, RollbackRate: &dora.Ratio{Value: 2.0 / 42, Numerator: 2, Denominator: 42},
			FailedRolloutRate: &dora.Ratio{Value: 2.0 / 44, Numerator: 2, Denominator: 44}, RollbacksPerDay: &perDay,
			DetectionDelay: &dora.Duration{N: 5, Median: 240, P90: 600, Mean: 300}, DetectionRecovery: &dora.Duration{N: 4, Median: 1200, P90: 3000, Mean: 1500},
			IncidentRecovery: &dora.Duration{N: 3, Median: 1800, P90: 3600, Mean: 2000}, QueueTime: &dora.Duration{N: 7, Median: 5400, P90: 9000, Mean: 6000},
			DefectEscapeRate: &dora.Ratio{Value: 0.2, Numerator: 1, Denominator: 5},
		},
		Groups: []dora.Numbers{{Group: "discovery"}, {Group: "payments", Deployments: 42, DeploymentsPerDay: &perDay,
			ChangeFailRate: &dora.Ratio{Value: 0.125, Numerator: 5, Denominator: 40}, OpenFailures: 1}},
	}
}

func TestTheNumbersArePrinted(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		if err := json.NewEncoder(w).Encode(report()); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	for _, format := range []string{"table", "json", "csv", "markdown"} {
		t.Run(format, func(t *testing.T) {
			code, stdout, stderr := shipwake(t, "dora", "--api", server.URL, "--by", "team", "--since", "30d", "--output", format)
			require.Zero(t, code, stderr)
			require.Equal(t, "/api/v1/dora?by=team&since=30d", asked)
			golden(t, "dora."+format, stdout)
		})
	}
}

func TestTheNumbersOfAllAreListed(t *testing.T) {
	all := report()
	all.By, all.Groups, all.Total.Unattributed = "", nil, 2
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(all); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	code, stdout, stderr := shipwake(t, "dora", "--api", server.URL)
	require.Zero(t, code, stderr)
	golden(t, "dora.all", stdout)
}

// What another tool tells as a mean is printed as that.
func TestTheNumbersOfAnotherPolicyAreAskedFor(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		counted := report()
		counted.Policy, counted.Total.ReworkRate = dora.Policy(r.URL.Query().Get("policy")), nil
		if err := json.NewEncoder(w).Encode(counted); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	for policy, want := range map[string][]string{
		"shipwake":   {"policy shipwake v1", "25m 0s ", " median of 4"},
		"devlake":    {"policy devlake v1", "25m 0s ", " lower median of 4"},
		"middleware": {"policy middleware v1", "30m 0s ", " mean of 4"},
		"ratio":      {"policy ratio v1", "30m 0s ", " mean of 4"},
	} {
		t.Run(policy, func(t *testing.T) {
			code, stdout, stderr := shipwake(t, "dora", "--api", server.URL, "--policy", policy)
			require.Zero(t, code, stderr)
			require.Equal(t, "/api/v1/dora?policy="+policy+"&since=30d", asked)
			for _, text := range want {
				require.Contains(t, stdout, text)
			}
		})
	}
}

func TestTheNumbersOfThePastAreAskedFor(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		if err := json.NewEncoder(w).Encode(report()); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	code, stdout, stderr := shipwake(t, "dora", "--api", server.URL, "--as-of", "2026-03-03T09:00:00Z")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "as known at 2026-03-01 00:00:00Z\n")
	require.Equal(t, "/api/v1/dora?as_of=2026-03-03T09%3A00%3A00Z&since=30d", asked)
}

func TestRestatementsArePrinted(t *testing.T) {
	rate := func(v float64, failed, of int) dora.Figure { return dora.Figure{Value: &v, Numerator: failed, N: of} }
	answer := dora.Restatements{
		Policy: dora.PolicyShipwake, PolicyVersion: 1, Scope: dora.Scope{Service: "checkout", Environment: "production"}, WindowDays: 30, KnownSince: at("10:00:00"), Compared: 3,
		Restated: []dora.Restatement{{
			Metric: dora.MetricChangeFailRate, From: at("00:00:00").AddDate(0, 0, -30), To: at("00:00:00"), PublishedAt: at("00:00:00").AddDate(0, 0, 1),
			RestatedAt: at("09:00:00").AddDate(0, 0, 5), Old: rate(0.12, 3, 25), New: rate(0.08, 2, 25),
			Why:  []dora.Why{{Cause: correlate.CauseRelinked, Record: "incident", Count: 3, IDs: []string{"PD-1", "PD-2", "PD-3"}}},
			Text: "30-day change fail rate of checkout 12 % (3 of 25) → 8 % (2 of 25): 3 incidents relinked",
		}},
	}
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	for _, format := range []string{"text", "json"} {
		code, stdout, stderr := shipwake(t, "dora", "restatements", "--api", server.URL, "--service", "checkout", "--output", format)
		require.Zero(t, code, stderr)
		require.Equal(t, "/api/v1/dora/restatements?service=checkout&since=90d&window=30d", asked)
		golden(t, "restatements."+format, stdout)
	}
	answer.Restated = nil
	_, stdout, _ := shipwake(t, "dora", "restatements", "--api", server.URL)
	require.Contains(t, stdout, "No number is another")
	code, _, stderr := shipwake(t, "dora", "restatements", "--api", server.URL, "--output", "csv")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "want text or json")
}

func TestANameOfWhichNothingIsKnownHasAnExitCodeOfItsOwn(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error":"nothing is known of the team \"shopp\"; did you mean shop? Known are shop","parameter":"team"}`, http.StatusNotFound)
	}))
	defer server.Close()
	for _, command := range [][]string{{"dora"}, {"dora", "restatements"}} {
		code, stdout, stderr := shipwake(t, append(command, "--api", server.URL, "--team", "shopp")...)
		require.Equal(t, 3, code)
		require.Empty(t, stdout, "never a row of zeros")
		require.Equal(t, "shipwake: team: nothing is known of the team \"shopp\"; did you mean shop? Known are shop\n", stderr)
	}
}

func TestWhatTheDaemonRefusesIsPassedOn(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error":"\"guess\" is unknown; use one of [shipwake]","parameter":"policy"}`, http.StatusBadRequest)
	}))
	defer server.Close()
	code, _, stderr := shipwake(t, "dora", "--api", server.URL, "--policy", "guess")
	require.Equal(t, 1, code)
	require.Equal(t, "shipwake: policy: \"guess\" is unknown; use one of [shipwake]\n", stderr)
}
