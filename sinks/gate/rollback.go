package gate

import (
	"context"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// mostRequests is how many requests for one change are looked at; there is one.
const mostRequests = 10

// holds is why a change that regressed isn't to be taken back all the same, "" when it is. Where rules say for which changes
// rollbacks are asked for, yes is the request: without one that stands nothing is taken back. Elsewhere the verdict is enough. The kill
// switch stops both.
func (s *sink) holds(ctx context.Context, f found) (why string, err error) {
	killed, err := s.reader.KillSwitch(ctx)
	switch mode := s.reader.RollbackMode(*f.change); {
	case err != nil:
		return "", err
	case killed.On:
		return "the kill switch of rollbacks is on", nil
	case mode == correlate.RollbackOff:
		return "", nil
	case mode == correlate.RollbackDryRun:
		return "rollbacks of this service are a dry run", nil
	}
	asked, err := s.reader.Rollbacks(ctx, sinks.RollbackQuery{ChangeID: f.change.ID, Result: correlate.RollbackRequested, Limit: mostRequests})
	for _, r := range asked {
		if r.Standing() {
			return "", err
		}
	}
	return "no rollback of it is asked for, see /rollbacks", err
}
