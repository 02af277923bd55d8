package engine

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

var update = flag.Bool("update", false, "accept what the scripts print")

// TestScripts runs testdata/*.txt. A script is prose (lines that begin with #), commands, and after "----" what they
// print. The commands are documented where they are carried out, in (*script).do.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			var out strings.Builder
			for i, block := range strings.Split(string(raw), "\n\n\n") {
				commands, want, _ := strings.Cut(strings.Trim(block, "\n"), "\n----")
				got := runScript(t, commands)
				if i > 0 {
					out.WriteString("\n\n\n")
				}
				out.WriteString(commands + "\n----\n" + strings.TrimRight(got, "\n"))
				if !*update {
					require.Equal(t, strings.TrimSpace(want), strings.TrimSpace(got))
				}
			}
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644))
			}
		})
	}
}

// midnight is the day on which all scripts play.
var midnight = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

type script struct {
	t     *testing.T
	e     *Engine
	cells []correlate.Measurement
	now   int64
	out   strings.Builder
}

func runScript(t *testing.T, commands string) string {
	cfg := DefaultConfig()
	s := &script{t: t, e: New(cfg), now: midnight.Unix()}
	s.run(commands)
	return s.out.String()
}

func (s *script) run(commands string) {
	for line := range strings.Lines(commands) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			s.do(strings.Fields(line))
		}
	}
}

// do carries out one command:
//
//	serve SERVICE FROM-TO key=value…    requests: version, rps, errors (ratio), latency, caller, zone
//	change ID SERVICE START key=value…  version, finish, status, kind, previous, source, zones (NAME@TIME,…)
//	incident ID SERVICE OPENED key=…    resolved, caused_by
//	until TIME                          let event time and the clock run, and print what is decided
//	gap FROM-TO                         no telemetry was received
//	outlook ID                          print how the judging of a change stands
func (s *script) do(words []string) {
	switch words[0] {
	case "serve":
		s.serve(words[1], span(s.t, words[2]), options(words[3:]))
	case "change":
		s.change(words[1], words[2], words[3], options(words[4:]))
	case "incident":
		s.incident(words[1], words[2], words[3], options(words[4:]))
	case "gap":
		w := span(s.t, words[1])
		s.e.Apply(Input{Gap: window.Span{From: w[0], To: w[1]}})
	case "outlook":
		s.outlook(words[1])
	case "until":
		s.until(clock(s.t, words[1]))
	default:
		require.Fail(s.t, "unknown command", words)
	}
}

func (s *script) serve(name string, w [2]int64, o map[string]string) {
	rps, errors := number(s.t, o["rps"], 20), number(s.t, o["errors"], 0)
	latency, err := time.ParseDuration(or(o["latency"], "20ms"))
	require.NoError(s.t, err)
	owed := 0.0
	for start := w[0]; start < w[1]; start += 10 {
		requests := int64(rps * 10)
		owed += float64(requests) * errors
		failed := int64(owed)
		owed -= float64(failed)
		c := correlate.Cell{Start: start, Requests: requests, Errors: failed}
		c.Latency.Add(correlate.BinIndex(latency.Nanoseconds()), requests)
		s.cells = append(s.cells, correlate.Measurement{
			Key: correlate.Key{
				Service: name, Environment: "production", Version: o["version"],
				Kind: correlate.Traffic, Origin: correlate.OriginSpan,
			},
			Cell: c,
		})
		if o["zone"] != "" {
			k := s.cells[len(s.cells)-1].Key
			k.Kind, k.Name = correlate.Zone, o["zone"]
			c.Latency = slices.Clone(c.Latency)
			s.cells = append(s.cells, correlate.Measurement{Key: k, Cell: c})
		}
		if o["caller"] != "" {
			c.Latency = slices.Clone(c.Latency)
			s.cells = append(s.cells, correlate.Measurement{
				Key: correlate.Key{
					Service: o["caller"], Environment: "production",
					Kind: correlate.Edge, Origin: correlate.OriginSpan, Peer: name,
				},
				Cell: c,
			})
		}
	}
}

func (s *script) change(id, service, start string, o map[string]string) {
	c := correlate.Change{
		ID: id, Service: service, StartedAt: at(clock(s.t, start)), Version: o["version"],
		Kind: correlate.Kind(o["kind"]), Status: correlate.Status(o["status"]), PreviousVersion: o["previous"],
		Source: or(o["source"], "generic"),
	}
	if o["finish"] != "" {
		c.FinishedAt = at(clock(s.t, o["finish"]))
	}
	if o["zones"] != "" {
		for _, z := range strings.Split(o["zones"], ",") {
			name, reached, told := strings.Cut(z, "@")
			step := correlate.ZoneStep{Name: name}
			if told {
				step.ReachedAt = at(clock(s.t, reached))
			}
			c.Zones = append(c.Zones, step)
		}
	}
	s.print(s.e.Apply(Input{Facts: []Fact{{Fact: correlate.Fact{Change: &c}, ReceivedAt: at(s.now)}}}))
}

func (s *script) incident(id, service, opened string, o map[string]string) {
	i := correlate.Incident{ID: id, Service: service, OpenedAt: at(clock(s.t, opened)), CausedBy: o["caused_by"]}
	if o["resolved"] != "" {
		i.ResolvedAt = at(clock(s.t, o["resolved"]))
	}
	s.print(s.e.Apply(Input{Facts: []Fact{{Fact: correlate.Fact{Incident: &i}, ReceivedAt: at(s.now)}}}))
}

// outlook prints on one line how the judging of a change stands.
func (s *script) outlook(id string) {
	o := Outlook(s.e, id)
	if o == nil {
		fmt.Fprintf(&s.out, "outlook %s none\n", id)
		return
	}
	fmt.Fprintf(&s.out, "outlook %s %s", id, o.Reason)
	if o.Grade != "" {
		fmt.Fprintf(&s.out, " grade=%s", o.Grade)
	}
	for _, w := range o.Waits {
		fmt.Fprintf(&s.out, " %s", strings.Trim(string(w.For)+":"+string(w.Reason), ":"))
		if w.Requests > 0 {
			fmt.Fprintf(&s.out, ":%d", w.Requests)
		}
	}
	if o.HealthyAt != nil {
		s.out.WriteString(" healthy=" + hhmm(*o.HealthyAt))
	}
	fmt.Fprintf(&s.out, " seen=%d closes=%s heard=%v\n", len(o.Evidence), hhmm(o.ClosesAt), o.HeardIn)
}

// until delivers each cell at its end and lets the clock tick every bucket.
func (s *script) until(end int64) {
	slices.SortStableFunc(s.cells, func(a, b correlate.Measurement) int { return int(a.Start - b.Start) })
	for s.now < end {
		s.now += 10
		n := 0
		for n < len(s.cells) && s.cells[n].Start+10 <= s.now {
			n++
		}
		if n > 0 {
			s.print(s.e.Apply(Input{Measured: s.cells[:n]}))
			s.cells = s.cells[n:]
		}
		s.print(s.e.Apply(Input{Tick: at(s.now)}))
	}
}

// print writes what a person would want to know of each effect; records only when something but the verdict changed.
func (s *script) print(effects []correlate.Effect) {
	for _, e := range effects {
		switch {
		case e.Verdict != nil:
			v := e.Verdict
			fmt.Fprintf(&s.out, "%s verdict %s %s %s revision=%d grade=%s", hhmm(v.DecidedAt), v.ChangeID, v.Outcome, v.Reason, v.Revision, v.Grade)
			if v.OnsetAt != nil {
				fmt.Fprintf(&s.out, " onset=%s", hhmm(*v.OnsetAt))
			}
			if v.RecoveredAt != nil {
				fmt.Fprintf(&s.out, " recovered=%s", hhmm(*v.RecoveredAt))
			}
			if v.Final {
				s.out.WriteString(" final")
			}
			s.out.WriteByte('\n')
		case e.Regression != nil:
			r := e.Regression
			fmt.Fprintf(&s.out, "%s regression on %s %s onset=%s", hhmm(r.DecidedAt), r.Service, r.Signal, hhmm(r.OnsetAt))
			for _, x := range r.Suspects {
				fmt.Fprintf(&s.out, " %s=%.2f", x.ChangeID, x.Probability)
			}
			s.out.WriteByte('\n')
		case e.Incident != nil:
			fmt.Fprintf(&s.out, "incident %s attributed to %q inferred=%v\n", e.Incident.ID, e.Incident.AttributedTo, e.Incident.Inferred)
		case e.Idle != nil:
			fmt.Fprintf(&s.out, "idle from %s until %s\n", hhmm(e.Idle.From), hhmm(e.Idle.Until))
		case e.Change != nil:
			c := e.Change
			fmt.Fprintf(&s.out, "change %s %s %s", c.ID, c.Status, c.Phase)
			if c.Rollback {
				s.out.WriteString(" rollback")
			}
			if c.Redeploy {
				s.out.WriteString(" redeploy")
			}
			if c.RolledBackBy != "" {
				s.out.WriteString(" rolled_back_by=" + c.RolledBackBy)
			}
			if c.MergedInto != "" {
				s.out.WriteString(" merged_into=" + c.MergedInto)
			}
			if len(c.Incidents) > 0 {
				fmt.Fprintf(&s.out, " incidents=%v", c.Incidents)
			}
			if !c.RecoveredAt.IsZero() {
				s.out.WriteString(" recovered=" + hhmm(c.RecoveredAt))
			}
			s.out.WriteByte('\n')
		}
	}
}

func hhmm(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("15:04:05")
}

func clock(t *testing.T, text string) int64 {
	layout := "15:04"
	if strings.Count(text, ":") == 2 {
		layout = "15:04:05"
	}
	parsed, err := time.Parse(layout, text)
	require.NoError(t, err)
	return midnight.Unix() + int64(parsed.Hour()*3600+parsed.Minute()*60+parsed.Second())
}

func span(t *testing.T, text string) [2]int64 {
	from, to, found := strings.Cut(text, "-")
	require.True(t, found, "a span is FROM-TO")
	return [2]int64{clock(t, from), clock(t, to)}
}

func options(words []string) map[string]string {
	o := map[string]string{}
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		o[k] = v
	}
	return o
}

func number(t *testing.T, text string, standard float64) float64 {
	if text == "" {
		return standard
	}
	n, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return n
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
