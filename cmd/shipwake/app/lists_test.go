package app

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// askable is a daemon that answers some paths, and what it was asked.
type askable struct {
	answers map[string]any // by path; a string is an answer as it is
	status  int            // of every answer; 0 is 200
	asked   []string
	*httptest.Server
}

func newAskable(t *testing.T, answers map[string]any) *askable {
	d := &askable{answers: answers}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	return d
}

func (d *askable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.asked = append(d.asked, r.URL.String())
	answer, known := d.answers[r.URL.Path]
	if !known {
		w.WriteHeader(http.StatusNotFound)
		answer = api.Error{Error: "no such path"}
	} else if d.status != 0 {
		w.WriteHeader(d.status)
	}
	if text, plain := answer.(string); plain {
		_, _ = io.WriteString(w, text)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// incident is one of checkout that opened at ten o'clock.
func incident(id string, edit func(*correlate.IncidentRecord)) api.Incident {
	record := correlate.IncidentRecord{Incident: correlate.Incident{
		ID: id, Service: "checkout", Environment: "production", Severity: "critical", OpenedAt: at("10:00:00"), ResolvedAt: at("10:25:03"),
	}}
	edit(&record)
	return api.Incident{IncidentRecord: record, Unlinked: words.Unlinked(record)}
}

// full is a daemon about which there is much to say.
func full(t *testing.T) *askable {
	unfinished := checkout(nil).Change
	unfinished.ID, unfinished.FinishedAt, unfinished.Team = "cart-12", time.Time{}, "basket\x1b[31m"
	unfinished.Size = &correlate.Size{Commits: 3, Files: 6, Added: 120, Removed: 14}
	bad := checkout(regressed()).Change
	slow := checkout(regressed()).Change
	slow.ID, slow.Service, slow.Version, slow.Phase = "search-3", "日本語サーチ", "2026.03.01-with-a-very-long-name-of-a-version", correlate.PhaseClosed
	slow.Verdict.Reason, slow.Verdict.Evidence = correlate.ReasonLatency, []correlate.Evidence{{
		Signal: "latency_p90", Baseline: 0.21, Observed: 0.42, Ratio: 2, Interval: [2]float64{1.8, 2.2}, N: 4120, Events: 1430, Grade: correlate.GradeD,
	}}
	over, fine := slow, checkout(&correlate.Verdict{Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin, Final: true, Grade: correlate.GradeB}).Change
	over.ID, over.RecoveredAt, fine.ID, fine.Phase = "search-2", at("10:20:00"), "ads-7", correlate.PhaseClosed
	due, oldest, limit, lag := at("12:00:00"), at("09:59:00"), int64(1000), 3.5
	return newAskable(t, map[string]any{
		"/api/v1/changes": api.Changes{Changes: []correlate.ChangeRecord{unfinished, bad, slow, over, fine}, Next: "/api/v1/changes?before=ads-7"},
		"/api/v1/incidents": api.Incidents{Incidents: []api.Incident{
			incident("PD-1", func(i *correlate.IncidentRecord) {
				i.AttributedTo, i.Inferred, i.Title = "checkout-4711", true, `checkout answers with "errors", and that for a long time`
			}),
			incident("PD-2", func(i *correlate.IncidentRecord) { i.AttributedTo, i.ResolvedAt = "checkout-4711", time.Time{} }),
			incident("PD-3", func(i *correlate.IncidentRecord) { i.CausedBy = correlate.CausedByNone }),
			incident("PD-4", func(i *correlate.IncidentRecord) { i.Environment, i.ResolvedAt = "prod-eu", i.OpenedAt }),
		}},
		"/api/v1/rollbacks": api.Rollbacks{
			KillSwitch: correlate.KillSwitch{On: true, By: "ada", At: at("09:00:00"), Why: "we move"},
			Rollbacks:  []api.Rollback{{Rollback: correlate.Rollback{ChangeID: "checkout-4711", Service: "checkout", Environment: "production", DecidedAt: at("10:04:00")}, State: "refused", Message: "it is not sure enough"}},
		},
		"/api/v1/quarantine": api.Quarantine{Held: []api.Held{
			{Source: "github", ID: "delivery-1", Event: "push", ReceivedAt: at("10:00:00"), Bytes: 1234, Problem: "no field service"},
			{Source: "generic", ID: "delivery-2", ReceivedAt: at("10:01:00"), Bytes: 12, Problem: "it is dated in the future", Due: &due},
		}},
		"/api/v1/names": `{"met":3,"told":[{"service":"acme/shop","environment":"production","near":[{"service":"shop","environment":"production","rule":"services: [{is: [acme/shop], name: shop}]"}]},{"service":"till\u001b","environment":"prod"}],"heard":[{"service":"shop","environment":"production"}]}`,
		"/api/v1/status": api.Status{
			Version: "1.2.3", NotReady: "the ledger is being read", Now: at("10:00:00"), Watermark: &oldest, WatermarkLag: &lag, OpenWindows: 2, TrackedSeries: 1234,
			QueuedInputs: 1, Unapplied: api.Unapplied{Count: 2, Oldest: &oldest}, Ledger: api.Ledger{Bytes: 5 << 20, Commits: 1234, LastCommit: &oldest, Failures: 1},
			Outbox: []api.Queue{{Name: "slack/ops", Waiting: 3, Parked: 2, Oldest: &oldest}},
			Counts: []api.Count{{What: "deliveries", Source: "github", Result: "accepted", Value: 12}, {What: "deliveries", Source: "github", Result: "error"}},
		},
		"/api/v1/limits": api.Limits{
			Memory: api.Memory{Limit: 512 << 20, Heap: 58 << 20, HeapLimit: 320 << 20, Measurements: 1 << 20, MeasurementsLimit: 150 << 20},
			Usage:  []api.Use{{Class: "services", Used: 6}, {Class: "intake_series", Used: 990, Limit: &limit}}, Dropped: map[string]int64{"versions": 3, "cells": 0},
			Degraded: true, DegradedSince: &oldest, Full: true,
		},
	})
}

// listed are the commands whose answers are rows.
var rowCommands = []string{"changes", "regressions", "incidents", "rollbacks", "quarantine", "names", "status", "top"}

func TestEveryListHasEveryForm(t *testing.T) {
	daemon := full(t)
	for _, command := range rowCommands {
		for _, f := range rows.Formats() {
			t.Run(command+" as "+string(f), func(t *testing.T) {
				code, stdout, stderr := shipwake(t, command, "--api", daemon.URL, "--output", string(f))
				require.Zero(t, code, stderr)
				require.NotContains(t, stdout, "\x1b")
				switch f {
				case rows.JSON:
					require.True(t, json.Valid([]byte(stdout)))
				case rows.YAML:
					sameAsJSON(t, daemon.URL, command, stdout)
				case rows.CSV:
					records, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
					require.NoError(t, err)
					require.NotEmpty(t, records)
					fallthrough
				default:
					golden(t, "lists/"+command+"."+string(f), stdout)
				}
			})
		}
	}
}

// sameAsJSON: YAML says what JSON says.
func sameAsJSON(t *testing.T, url, command, text string) {
	t.Helper()
	_, asJSON, _ := shipwake(t, command, "--api", url, "--output", "json")
	var inYAML, inJSON any
	require.NoError(t, yaml.Unmarshal([]byte(text), &inYAML))
	require.NoError(t, yaml.Unmarshal([]byte(asJSON), &inJSON))
	require.Equal(t, inJSON, inYAML)
	require.NotContains(t, text, `{"`, "it is written as YAML")
}

func TestJSONIsWhatTheAPISaid(t *testing.T) {
	daemon := newAskable(t, map[string]any{"/api/v1/changes": `{"changes":[],"of_a_newer_daemon":12345678901234567890}`})
	_, stdout, _ := shipwake(t, "changes", "--api", daemon.URL, "--output", "json")
	require.JSONEq(t, `{"changes":[],"of_a_newer_daemon":12345678901234567890}`, stdout)
	require.Contains(t, stdout, "12345678901234567890")
}

func TestATableFitsTheTerminal(t *testing.T) {
	daemon := full(t)
	views := map[string]rows.View{
		"changes":   changesView(daemon.answers["/api/v1/changes"].(api.Changes), nil, at("11:00:00")),
		"incidents": incidentsView(daemon.answers["/api/v1/incidents"].(api.Incidents), nil, at("11:00:00")),
		"regressions": rows.List[correlate.ChangeRecord]{
			Columns: regressionColumns(at("11:00:00")), Rows: daemon.answers["/api/v1/changes"].(api.Changes).Changes,
		},
		"quarantine": rows.List[api.Held]{Columns: heldColumns(at("11:00:00")), Rows: daemon.answers["/api/v1/quarantine"].(api.Quarantine).Held},
	}
	for name, view := range views {
		var all bytes.Buffer
		for _, width := range []int{80, 120, 200} {
			var b bytes.Buffer
			require.NoError(t, view.Write(&b, rows.Table, screen.Screen{Terminal: true, Width: width}))
			for line := range strings.Lines(b.String()) {
				require.LessOrEqual(t, screen.Columns(strings.TrimSuffix(line, "\n")), width, name)
			}
			all.WriteString(b.String() + "\n")
		}
		golden(t, "lists/"+name+".terminal", all.String())
	}
}

func TestWhatPeopleOverruledDoesNotHurt(t *testing.T) {
	c := correlate.ChangeRecord{
		Change: correlate.Change{ID: "c1", FinishedAt: at("10:00:00")}, Phase: correlate.PhaseClosed,
		Verdict: &correlate.Verdict{ChangeID: "c1", Outcome: correlate.Regressed, Final: true},
	}
	list := func() string {
		var b bytes.Buffer
		require.NoError(t, changesView(api.Changes{Changes: []correlate.ChangeRecord{c}}, nil, at("11:00:00")).Write(&b, rows.CSV, screen.Screen{}))
		return b.String()
	}
	require.Contains(t, list(), ",regressed,")
	require.Equal(t, harmLasts, stateOfHarm(c))
	require.Len(t, troubles([]correlate.ChangeRecord{c}, nil, nil), 1)

	c.Notes = []correlate.Note{{Kind: correlate.NoteOverrule, Change: "c1", By: "ada", At: at("10:30:00")}}
	require.Contains(t, list(), ",overruled,")
	require.Equal(t, harmOverruled, stateOfHarm(c))
	require.Empty(t, troubles([]correlate.ChangeRecord{c}, nil, nil))
	c.Phase = correlate.PhaseObserving
	require.Equal(t, stateObserved, troubles([]correlate.ChangeRecord{c}, nil, nil)[0].state)
}

func TestTheFiltersOfAListAreThoseOfTheAPI(t *testing.T) {
	daemon := full(t)
	for line, want := range map[string]string{
		"changes": "/api/v1/changes?limit=100&since=7d",
		"changes --service checkout --environment production --version v2 --verdict regressed --phase closed --since 1w --limit 5": "/api/v1/changes?environment=production&limit=5&phase=closed&service=checkout&since=1w&verdict=regressed&version=v2",
		"changes --from 2026-03-01 --to 2026-03-02 --zone Europe/Berlin":                                                           "/api/v1/changes?from=2026-02-28T23%3A00%3A00Z&limit=100&to=2026-03-01T23%3A00%3A00Z",
		"changes --as-of 2026-03-01T10:00:00Z":                                                                                     "/api/v1/changes?as_of=2026-03-01T10%3A00%3A00Z&limit=100&since=7d",
		"regressions --service checkout":                                                                                           "/api/v1/changes?limit=100&service=checkout&since=30d&verdict=regressed",
		"incidents --open":                                                                                                         "/api/v1/incidents?limit=100&open=true&since=30d",
		"rollbacks --change c1 --result refused":                                                                                   "/api/v1/rollbacks?change=c1&limit=100&result=refused",
		"quarantine --limit 7":                                                                                                     "/api/v1/quarantine?limit=7",
	} {
		daemon.asked = nil
		code, _, stderr := shipwake(t, append(strings.Fields(line), "--api", daemon.URL)...)
		require.Zero(t, code, stderr)
		require.Equal(t, []string{want}, daemon.asked, line)
	}
	for line, want := range map[string]string{
		"changes --since soon":            `--since: "soon" is not a duration such as 30d, 2w, 1y or 36h`,
		"changes --since 1d --from -2d":   "give one of them",
		"changes --limit 0":               "--limit 0: want 1 to 1000",
		"changes --output xml":            `--output: "xml" is no form of a list; want table, wide, json, yaml or csv`,
		"changes --watch=soon":            `"soon" is not a duration such as`,
		"changes --watch=10ms":            "once in 1s is the most",
		"changes --watch 5s":              "an interval is written --watch=5s",
		"changes checkout":                `unknown command "checkout"`,
		"changes --as-of yesterday":       `--as-of: "yesterday" is not a time such as`,
		"changes --profile a --api x":     "give one of them",
		"changes --api ftp://example.com": "--api: ",
	} {
		code, _, stderr := shipwake(t, strings.Fields(line)...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, want, line)
	}
}

func TestNothingToListIsSaid(t *testing.T) {
	daemon := newAskable(t, map[string]any{
		"/api/v1/changes": `{"changes":[]}`, "/api/v1/incidents": `{"incidents":[]}`, "/api/v1/rollbacks": `{"rollbacks":[]}`, "/api/v1/quarantine": `{"held":[]}`,
		"/api/v1/names": `{"met":3,"told":[],"heard":[]}`, "/api/v1/status": `{"ready":true}`,
	})
	for command, want := range map[string]string{
		"changes": "No change.\n", "regressions": "No change regressed.\n", "incidents": "No incident.\n", "rollbacks": "No decision was made.\n",
		"quarantine": "Nothing is held.\n", "names": "3 names meet.\n", "top": "ready, 0 observed, lateness –\n\nNothing hurts, and nothing is observed.\n",
	} {
		code, stdout, stderr := shipwake(t, command, "--api", daemon.URL)
		require.Zero(t, code, stderr)
		require.Equal(t, want, stdout)
	}
}

func TestThatThereIsNoAnswerHasItsExitCode(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		answer any
		code   int
	}{
		"a name of which nothing is known": {404, api.Error{Error: "nothing is known of it", Parameter: "service"}, exitUnknown},
		"a daemon that can't now":          {503, api.Error{Error: "the record can't be read now"}, exitUnknown},
		"a wrong question":                 {400, api.Error{Error: "is unknown", Parameter: "verdict"}, exitFailed},
		"who may not ask":                  {401, api.Error{Error: "a token is wanted"}, exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			daemon := newAskable(t, map[string]any{"/api/v1/changes": c.answer})
			daemon.status = c.status
			code, _, _ := shipwake(t, "changes", "--api", daemon.URL)
			require.Equal(t, c.code, code)
		})
	}
	code, _, stderr := shipwake(t, "status", "--api", "http://127.0.0.1:1")
	require.Equal(t, exitUnknown, code)
	require.Contains(t, stderr, "is it running at http://127.0.0.1:1?")
	busy := newAskable(t, map[string]any{"/api/v1/names": `{"met":0,"told":[],"heard":[],"unknown":true}`})
	code, _, stderr = shipwake(t, "names", "--api", busy.URL)
	require.Equal(t, exitUnknown, code)
	require.Contains(t, stderr, "ask again")
}
