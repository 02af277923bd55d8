package demo

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/shop"
	"github.com/shipwake/shipwake/correlate"
)

var curtain = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// busy is the pace of a machine that is short of CPU.
var busy = shop.Pace{Due: 1000, Kept: 600, Worst: 6200 * time.Millisecond}

// played is a scene of the script with a verdict 45 seconds after it began.
func played(n int, outcome correlate.Outcome, reason correlate.Reason) scene {
	return scene{act: script()[n], began: curtain, ended: curtain.Add(21 * time.Second), answered: curtain.Add(45 * time.Second),
		verdict: &correlate.Verdict{Outcome: outcome, Reason: reason, Blame: 1, Evidence: []correlate.Evidence{
			{Signal: "error_ratio", Observed: 0.2, Ratio: 300, Interval: [2]float64{20, 601}, N: 1300, Events: 260}}}}
}

func TestAVerdictIsComparedWithWhatWasInjected(t *testing.T) {
	const good, bad = 0, 1 // in the script
	strayed := played(good, correlate.Healthy, correlate.ReasonWithinMargin)
	strayed.strayed = true
	strained := played(good, correlate.Regressed, correlate.ReasonLatency)
	strained.pace = busy
	proven := played(bad, correlate.Regressed, correlate.ReasonErrorRatio)
	proven.pace = busy
	for name, c := range map[string]struct {
		scene scene
		want  mark
		line  string // the second one
	}{
		"healthy as injected": {played(good, correlate.Healthy, correlate.ReasonWithinMargin), right,
			"    error ratio 0 % → 20 %, at least ×20"},
		"bad as injected": {played(bad, correlate.Regressed, correlate.ReasonErrorRatio), right,
			"    error ratio 0 % → 20 %, at least ×20; blame 100 %"},
		"a false alarm": {played(good, correlate.Regressed, correlate.ReasonErrorRatio), wrong,
			"    expected healthy; error ratio 0 % → 20 %, at least ×20"},
		"a false alarm that was taken back": {strayed, wrong, "    wrong at first; error ratio 0 % → 20 %, at least ×20"},
		"no verdict":                        {scene{act: script()[bad]}, wrong, "    expected regressed"},
		"a false alarm of a busy machine":   {strained, untold, "    this machine was too busy: 40 % of requests were reported late"},
		"as injected, whatever the machine": {proven, right, "    error ratio 0 % → 20 %, at least ×20; blame 100 %"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, c.scene.mark())
			require.Equal(t, c.line, strings.Split(c.scene.result(style{}), "\n")[1])
		})
	}
}

func TestWhatABusyMachineMakesOfTheDemoIsNotShownAsAVerdict(t *testing.T) {
	s := played(0, correlate.Regressed, correlate.ReasonLatency)
	s.pace = busy
	require.Contains(t, s.result(style{}), "? catalog         v1 → v2 healthy              can't be told                 –\n")
	require.Contains(t, s.line(style{}), "the machine is too busy")
	require.Equal(t, "0 of 1 verdicts are what was injected, 1 can't be told.\n"+
		"This machine was short of CPU: 40 % of requests were reported late, up to 6s.\n", summary([]scene{s}, busy))
	require.Equal(t, "1 of 1 verdicts are what was injected.\n",
		summary([]scene{played(1, correlate.Regressed, correlate.ReasonErrorRatio)}, shop.Pace{Due: 1000, Kept: 995}))
}

// scenes is every act of the script with every verdict that there can be, on an idle machine and on a busy one.
func scenes() []scene {
	var all []scene
	for n := range script() {
		all = append(all, scene{act: script()[n]}, scene{act: script()[n], began: curtain, served: "3×v1 1×v2"})
		for _, outcome := range []correlate.Outcome{correlate.Healthy, correlate.Regressed, correlate.Inconclusive} {
			for _, reason := range correlate.Reasons() {
				s := played(n, outcome, reason)
				strained := s
				strained.pace = busy
				all = append(all, s, strained)
			}
		}
	}
	return all
}

func TestEverythingFitsANarrowTerminal(t *testing.T) {
	all := scenes()
	lines := strings.Split(table(all, style{})+summary(all, busy), "\n")
	for i := range all {
		lines = append(lines, all[i].line(style{}))
	}
	for _, line := range lines {
		require.LessOrEqual(t, utf8.RuneCountInString(line), width, "%q", line)
	}
	require.Contains(t, lines, "✓ recommendations v1 → v2 simultaneous, bad    regressed (new exception)  45 s")
}

func TestColoursAreForTerminals(t *testing.T) {
	all := []scene{played(0, correlate.Healthy, correlate.ReasonWithinMargin), played(1, correlate.Regressed, correlate.ReasonErrorRatio),
		played(2, correlate.Inconclusive, correlate.ReasonUnderpowered), {act: script()[3]}}
	plainly, coloured := table(all, style{}), table(all, style{colours: true})
	require.NotContains(t, plainly, "\x1b")
	require.Contains(t, coloured, green+pad("healthy", verdictWidth)+plain)
	require.Contains(t, coloured, red+pad("regressed (error ratio)", verdictWidth)+plain)
	require.Contains(t, coloured, yellow+pad("inconclusive", verdictWidth)+plain)
	for _, code := range []string{red, green, yellow, bold, plain} {
		coloured = strings.ReplaceAll(coloured, code, "")
	}
	require.Equal(t, plainly, coloured, "colours move nothing")
}

// reporting is a demo after its last act, whose daemon answers what is asked for DORA numbers.
func reporting(t *testing.T, answer string, acts ...scene) (*demo, *bytes.Buffer) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/api/v1/dora", r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		_, err := w.Write([]byte(answer))
		require.NoError(t, err)
	}))
	t.Cleanup(server.Close)
	api, err := client.New(server.URL, client.Access{})
	require.NoError(t, err)
	t.Cleanup(api.Close)
	s, err := shop.Open(t.Context(), shop.Options{Rate: 1})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	var out bytes.Buffer
	d := &demo{Options: Options{Out: &out}, api: api, shop: s, board: newBoard(&out, false, style{}, nil, curtain)}
	for i := range acts {
		d.board.scenes = append(d.board.scenes, &acts[i])
	}
	return d, &out
}

func TestTheReportEndsWithAnErrorUnlessAllIsRight(t *testing.T) {
	good, bad := played(0, correlate.Healthy, correlate.ReasonWithinMargin), played(0, correlate.Regressed, correlate.ReasonLatency)
	strained := bad
	strained.pace = busy
	for name, c := range map[string]struct {
		acts []scene
		want error
	}{
		"all right":                {[]scene{good}, nil},
		"one is wrong":             {[]scene{good, bad}, ErrWrong},
		"one can't be told":        {[]scene{good, strained}, ErrBusy},
		"one is wrong, one untold": {[]scene{strained, bad}, ErrWrong},
	} {
		t.Run(name, func(t *testing.T) {
			d, out := reporting(t, `{"total": {"deployments": 12345, "deployments_per_day": 3.83}}`, c.acts...)
			require.ErrorIs(t, d.report(t.Context()), c.want)
			require.Contains(t, out.String(), "\nDORA, production    7 days             30 days             90 days\n"+
				"deployments         12,345             12,345              12,345\n"+
				"per day             3.83               3.83                3.83\n"+
				"change fail rate    –                  –                   –\n")
			for line := range strings.Lines(out.String()) {
				require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSpace(line)), width)
			}
		})
	}
}

func TestADaemonThatDoesNotSayTheNumbersIsAnError(t *testing.T) {
	d, _ := reporting(t, `not JSON`, played(0, correlate.Healthy, correlate.ReasonWithinMargin))
	require.ErrorContains(t, d.report(t.Context()), "asking for the DORA numbers")
}
