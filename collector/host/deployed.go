package host

import (
	"context"

	"github.com/shipwake/shipwake/correlate"
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
