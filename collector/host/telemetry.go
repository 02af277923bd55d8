package host

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// mostDeployed is how many of the latest changes of a service are looked at for deployments.
const mostDeployed = 20

// Deployed is the latest deployments and rollbacks of a service that say of which version they are, newest first: what a process
// that tells no version is of, by when it began itself. Names are as telemetry has them.
func (h *Host) Deployed(ctx context.Context, service, environment string) ([]correlate.Change, error) {
	if environment == "" {
		environment = correlate.DefaultEnvironment
	}
	environment, _ = h.naming.Environment(environment)
	all, err := h.ledger.Changes(ctx, ledger.ChangeFilter{
		Service: h.naming.Service(service), Environment: environment, Limit: mostDeployed, Namesakes: true,
	})
	var deployed []correlate.Change
	for i := range all {
		c := &all[i]
		if told := c.Kind == correlate.KindDeployment || c.Kind == correlate.KindRollback || c.Kind == ""; told &&
			c.Version != "" && c.MergedInto == "" {
			deployed = append(deployed, c.Change)
		}
	}
	return deployed, err
}

// toldAtOnce is how many cells of the past are taken in at once: the loop does nothing else meanwhile.
const toldAtOnce = 20_000

// Past takes in what a receiver of telemetry read of what was counted in coarse buckets before: it is compared with, and
// corrects nothing. Names are as telemetry has them. There is no room once memory is half full: what is measured goes before.
func (h *Host) Past(ctx context.Context, cells []correlate.Measurement) (room bool, err error) {
	h.naming.Measurements(cells)
	for room = true; room && len(cells) > 0; {
		n := min(toldAtOnce, len(cells))
		for n < len(cells) && cells[n].Service == cells[n-1].Service {
			n++ // a bucket is told whole
		}
		answered := h.ask(ctx, func(l *loop) {
			at := l.ticked
			if at.IsZero() {
				at = l.now(time.Now())
			}
			err = l.driver.Past(engine.Past{At: at, Cells: cells[:n]})
			room = l.engine.Memory().TakesPast()
		})
		if !answered {
			err = fmt.Errorf("what is told of the past must wait: %w", correlate.ErrUnavailable)
		}
		if err != nil {
			return false, err
		}
		cells = cells[n:]
	}
	return room && h.Admit() == nil, nil
}
