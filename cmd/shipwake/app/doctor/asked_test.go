package doctor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/correlate/names/meet"
	"github.com/shipwake/shipwake/sinks/api"
)

// TestWhatADaemonSaysOfItself: each case is one check of a daemon that is well but for one thing.
func TestWhatADaemonSaysOfItself(t *testing.T) {
	before := func(d time.Duration) *time.Time { at := noon.Add(-d); return &at }
	for name, c := range map[string]struct {
		look func(*Patient) []Finding
		says said
		want []string
	}{
		"nobody is there": {
			func(p *Patient) []Finding { return shorten(daemon(t.Context(), p), 28) }, nil,
			[]string{"fail asking the daemon (is it run → start it; --api names another address, --offline leaves it out"}},
		"one wants to know who asks": {
			func(p *Patient) []Finding { return daemon(t.Context(), p) }, said{"/api/v1/status": api.Error{Error: "say who you are"}},
			[]string{"fail the daemon wants to know who asks: say who you are; set SHIPWAKE_TOKEN or --token-file → set SHIPWAKE_TOKEN or --token-file where it wants to know who asks"}},
		"one without an API": {
			func(p *Patient) []Finding { return daemon(t.Context(), p) }, said{},
			[]string{"fail what answers at http://daemon:8788 has no /api/v1/status → is that its address, of the listener for readers? It needs api: {} in extensions::correlate::sinks"}},
		"one that isn't ready": {
			func(p *Patient) []Finding { return daemon(t.Context(), p) }, healthy().status(func(s *api.Status) { s.Ready, s.NotReady = false, "starting" }),
			[]string{"fail http://daemon:8788 is up and not ready: starting → its log says what it waits for; `shipwake doctor --config FILE` on its machine looks at what it needs"}},
		"one that is well": {
			func(p *Patient) []Finding { return daemon(t.Context(), p) }, healthy(), []string{"ok http://daemon:8788 is up and ready, v1"}},
		"another version, commits that fail, facts that wait": {
			func(p *Patient) []Finding { return daemon(t.Context(), p)[1:] },
			healthy().status(func(s *api.Status) {
				s.Version, s.Ledger.Failures, s.Unapplied = "v2", 3, api.Unapplied{Count: 1, Oldest: before(2 * time.Hour)}
			}),
			[]string{
				"warn it is v2, and this program is v1 → restart the daemon on the new binary, or ask with its own",
				"warn 3 commits of the ledger failed since the start → look at the disk of its data directory, and at its log",
				"warn 1 fact waits to be judged, the oldest for 2h → its log says whether it is busy with many late facts or failing; docs/runbooks/ShipwakeFactsWait.md",
			}},
		"a clock that is ahead": {
			func(p *Patient) []Finding { return clock(t.Context(), p) }, healthy().status(func(s *api.Status) { s.Now = noon.Add(time.Minute) }),
			[]string{"fail that of the daemon is 1m ahead of this machine's → synchronize both with NTP: changes are joined with telemetry by time"}},
		"a clock that is behind": {
			func(p *Patient) []Finding { return clock(t.Context(), p) }, healthy().status(func(s *api.Status) { s.Now = noon.Add(-6 * time.Second) }),
			[]string{"fail that of the daemon is 6s behind this machine's → synchronize both with NTP: changes are joined with telemetry by time"}},
		"no telemetry ever": {
			func(p *Patient) []Finding { return telemetry(t.Context(), p) }, healthy().status(func(s *api.Status) { s.Watermark = nil }),
			[]string{"warn none has come since the daemon was first started: no change can be judged → " +
				"point OTEL_EXPORTER_OTLP_ENDPOINT of your services, or an exporter of your Collector, at the daemon's OTLP address"}},
		"telemetry that has stopped": {
			func(p *Patient) []Finding { return telemetry(t.Context(), p) },
			healthy().status(func(s *api.Status) { s.TelemetryIdle, s.Watermark = true, before(3*time.Hour) }),
			[]string{"warn silent: it is complete up to 3h ago, and nothing has come since → " +
				"point OTEL_EXPORTER_OTLP_ENDPOINT of your services, or an exporter of your Collector, at the daemon's OTLP address"}},
		"telemetry that is lost": {
			func(p *Patient) []Finding { return telemetry(t.Context(), p) },
			healthy().status(func(s *api.Status) {
				s.Counts = append(s.Counts, api.Count{What: "telemetry", Source: "logs", Result: "shed", Value: 4}, api.Count{What: "telemetry", Source: "points", Result: "future", Value: 2})
			}),
			[]string{
				"ok complete up to 30s ago; since the start 7 spans",
				"warn 4 logs were put off for lack of memory; those that their senders don't send again are lost → raise extensions::correlate::memory::limit; docs/runbooks/ShipwakeTelemetryLost.md",
				"warn 2 points were dated in the future, and left out → synchronize the clocks of the senders",
			}},
		"names that don't meet": {
			func(p *Patient) []Finding { return names(t.Context(), p) },
			with(healthy(), "/api/v1/names", api.Names{Names: meet.Names{Told: []meet.Unmet{
				{Service: "a", Environment: "production"}, {Service: "b", Environment: "production", Near: []meet.Nearby{{Rule: "services: [{is: [b], name: bb}]"}}},
			}}}),
			[]string{"warn telemetry doesn't have 2 names of changes, so that they can't be judged: a in production, b in production → " +
				"below extensions::correlate::names: services: [{is: [b], name: bb}] (`shipwake names` lists all)"}},
		"names that a busy daemon doesn't tell": {
			func(p *Patient) []Finding { return names(t.Context(), p) }, with(healthy(), "/api/v1/names", api.Names{Unknown: true}),
			[]string{"skip the daemon is busy and can't say now which names telemetry has"}},
		"a quarantine": {
			func(p *Patient) []Finding { return quarantine(t.Context(), p) },
			with(healthy(), "/api/v1/quarantine", api.Quarantine{Held: []api.Held{{Source: "gitlab", Problem: "newest"}, {Source: "gitlab", Problem: "older"}, {Source: "argocd", Problem: "x"}}}),
			[]string{
				"warn 1 delivery of argocd is held; the newest: x → `shipwake quarantine` lists them; a mapping or a naming rule that reads them releases them",
				"warn 2 deliveries of gitlab are held; the newest: newest → `shipwake quarantine` lists them; a mapping or a naming rule that reads them releases them",
			}},
		"messages that don't get through": {
			func(p *Patient) []Finding { return outbox(t.Context(), p) },
			healthy().status(func(s *api.Status) {
				s.Outbox = []api.Queue{{Name: "slack/ops", Parked: 1}, {Name: "webhook/ci", Waiting: 2, Oldest: before(time.Hour)}, {Name: "fine", Waiting: 1, Oldest: before(time.Minute)}}
			}),
			[]string{
				"warn 1 message of slack/ops was set aside, because the receiver didn't take it → mend what its receiver refuses, then `shipwake outbox retry --queue slack/ops`",
				"warn 2 messages wait for webhook/ci, the oldest for 1h → look at the daemon's log for what the receiver answers; docs/runbooks/ShipwakeMessagesWait.md",
			}},
		"memory that doesn't do": {
			func(p *Patient) []Finding { return memory(t.Context(), p) },
			healthy().status(func(s *api.Status) {
				s.Counts = append(s.Counts, api.Count{What: "telemetry", Source: "spans", Result: "overflow", Value: 9})
			}),
			[]string{"warn 9 spans of services, versions or routes beyond what memory has room for were counted together → raise extensions::correlate::memory::limit; /api/v1/limits says what was dropped"}},
		"a Prometheus that scrapes": {
			func(p *Patient) []Finding { return prometheus(t.Context(), p) },
			healthy().status(func(s *api.Status) {
				s.Counts = append(s.Counts, api.Count{What: "scraped", Source: "prometheus", Value: 4})
			}),
			[]string{"ok one has scraped the daemon 4 times since its start; --prometheus URL looks at its rules and alerts"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, lines(c.look(patient(t, c.says)))) })
	}
}

func with(s said, path string, answer any) said {
	s[path] = answer
	return s
}

// shorten cuts what findings say, where the rest is the system's.
func shorten(found []Finding, to int) []Finding {
	for i := range found {
		found[i].Says = found[i].Says[:to]
	}
	return found
}

func TestSilentSendersAreTold(t *testing.T) {
	configured := []Source{{"argocd", "receivers::change_webhook", true}, {"github", "receivers::change_webhook", true}, {"gitlab", "receivers::change_webhook", false}}
	refused := healthy().status(func(s *api.Status) {
		s.Counts = append(s.Counts, api.Count{What: "deliveries", Source: "argocd", Result: "unauthorized", Value: 12})
	})
	kept := &sqlite.Examination{Heard: map[string]time.Time{"github": noon.Add(-30 * 24 * time.Hour), "telemetry": noon, "generic": noon.Add(-5 * time.Minute)}}
	for name, c := range map[string]struct {
		says   said
		ledger *sqlite.Examination
		of     []Source
		want   []string
	}{
		"by a ledger, with one that has stopped and one that never spoke": {healthy(), kept, configured, []string{
			"ok heard: generic 5m ago",
			"warn github was last heard 30d ago → look at its own log of deliveries; --silent-after sets how long is too long",
			"warn set up, and never heard: argocd → send one by hand (`shipwake source test`, or its own test button), or take its secret out of the configuration",
		}},
		"by a daemon, with one of the wrong secret": {refused, nil, configured, []string{
			"ok heard: github 1h ago",
			"fail all 12 deliveries of argocd since the daemon's start were refused for their secret → give it and the daemon the same secret: docs/sources/README.md",
		}},
		"nobody yet": {with(healthy(), "/api/v1/changes", api.Changes{}), nil, nil, []string{
			"warn nobody has told of any change or incident yet → tell it of one by `shipwake change`, or set up a source: docs/sources/README.md"}},
		"neither ledger nor daemon": {nil, nil, configured, []string{"skip there is neither a ledger that can be read nor a daemon that answers"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := patient(t, c.says)
			p.ledger, p.Configuration = c.ledger, &Configuration{Sources: c.of}
			require.Equal(t, c.want, lines(senders(t.Context(), p)))
		})
	}
}
