package doctor

import (
	"context"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
)

// apart is how far two clocks may be from each other, beyond what their answers can tell: a change is joined with telemetry by
// the times that both carry.
const apart = 5 * time.Second

// clock compares this machine's with the daemon's, with those of the servers that it asks, and with what the system says of it.
func clock(ctx context.Context, p *Patient) []Finding {
	var found []Finding
	if s := p.answers.status; s != nil {
		found = append(found, compare("the daemon", s.Now.Sub(p.answers.at), 0)...)
	}
	servers := p.servers()
	for _, s := range servers {
		ahead, err := date(ctx, p, s.Client)
		if err != nil {
			found = append(found, skip("%s (%s) doesn't tell its time: %v", s.Client.Endpoint, s.Key, err)...)
			continue
		}
		found = append(found, compare(s.Client.Endpoint, ahead, time.Second)...) // the header has whole seconds
	}
	synced, known := synchronized()
	known = known && p.Configuration != nil // else it is another machine's
	switch {
	case known && synced:
		found = append(found, ok("the system says that its clock is synchronized")...)
	case known:
		found = append(found, warn("run chrony, systemd-timesyncd or ntpd", "the system says that its clock isn't synchronized with any other")...)
	}
	if len(found) == 0 {
		return skip("there is nothing to compare with: no daemon answers, no server is configured, and the system doesn't say whether its clock is synchronized")
	}
	return found
}

// servers are those of the configuration, and the one that was named.
func (p *Patient) servers() (all []Server) {
	if p.Prometheus != nil {
		all = append(all, Server{p.Prometheus.Key, p.Prometheus.Client})
	}
	if p.Configuration == nil {
		return all
	}
	for _, s := range p.Configuration.Servers {
		if len(all) == 0 || s.Client.Endpoint != all[0].Client.Endpoint {
			all = append(all, s)
		}
	}
	return all
}

// compare tells how far another clock is ahead of this one.
func compare(whose string, ahead, unsure time.Duration) []Finding {
	switch off := ahead.Abs(); {
	case off <= apart+unsure:
		return ok("that of %s is within %s of this machine's", whose, (apart + unsure).Round(time.Second))
	case ahead > 0:
		return fail("synchronize both with NTP: changes are joined with telemetry by time", "that of %s is %s ahead of this machine's", whose, ago(off))
	default:
		return fail("synchronize both with NTP: changes are joined with telemetry by time", "that of %s is %s behind this machine's", whose, ago(off))
	}
}

// date is how far the clock of a server is ahead, by the Date of an answer, whatever the answer is.
func date(ctx context.Context, p *Patient, config confighttp.ClientConfig) (time.Duration, error) {
	client, err := open(ctx, config)
	if err != nil {
		return 0, err
	}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, strings.TrimSuffix(config.Endpoint, "/")+"/", http.NoBody)
	if err != nil {
		return 0, err
	}
	asked := p.Now()
	answer, err := client.Do(request)
	if err != nil {
		return 0, withoutURL(err)
	}
	at := asked.Add(p.Now().Sub(asked) / 2)
	if err := answer.Body.Close(); err != nil {
		return 0, err
	}
	told, err := http.ParseTime(answer.Header.Get("Date"))
	return told.Sub(at), err
}
