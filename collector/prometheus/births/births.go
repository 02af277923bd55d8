// Package births answers: of which version is a process that tells none?
//
// Of what was deployed last when it began. That takes no label, and shows the old version and the new one side by side while
// both serve. A process of the old version that is started again during the rollout is taken for a new one.
package births

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/shipwake/shipwake/correlate"
)

// Deployments is an extension that keeps what was deployed.
type Deployments interface {
	// Deployed is the latest deployments of a service that say of which version they are, newest first.
	Deployed(ctx context.Context, service, environment string) ([]correlate.Change, error)
}

// Register is of which version a process is that tells none: that of the latest deployment that had begun when the process did.
// What is told of a service is asked for once in a step.
type Register struct {
	known Deployments // nil: nobody knows
	ctx   context.Context
	asked map[deployedTo][]correlate.Change
}

// Of is the register of the extension that keeps what was deployed; where there is none, as in anybody's Collector, no version
// is known.
func Of(host component.Host) *Register {
	for _, extension := range host.GetExtensions() {
		if d, ok := extension.(Deployments); ok {
			return &Register{known: d}
		}
	}
	return &Register{}
}

type deployedTo struct{ service, environment string }

// Begin forgets what was told in the step before.
func (b *Register) Begin(ctx context.Context) {
	b.ctx, b.asked = ctx, map[deployedTo][]correlate.Change{}
}

// Version is that of a process that began at an instant in Unix milliseconds; "" when nobody can tell.
func (b *Register) Version(service, environment string, began int64) string {
	if b.known == nil {
		return ""
	}
	key := deployedTo{service, environment}
	all, asked := b.asked[key]
	if !asked {
		all, _ = b.known.Deployed(b.ctx, service, environment) // without an answer the process has no version, as without this
		b.asked[key] = all
	}
	return versionAt(all, time.UnixMilli(began))
}

// longestRollout is how long before its end a deployment may have begun whose start nobody told.
const longestRollout = time.Hour

// versionAt is the version that a process is of that began at an instant, given deployments, newest first:
//  1. It began after a deployment did: it is of that one.
//  2. It may have begun during a deployment of which only the end is known: nobody can tell.
//  3. It began before all of them: it is of what the oldest one says that it replaced.
func versionAt(all []correlate.Change, began time.Time) string {
	for i := range all {
		c := &all[i]
		start := c.Start()
		switch told := !c.StartedAt.IsZero() && !c.StartedAt.Equal(c.FinishedAt); {
		case !began.Before(start):
			return c.Version
		case !told && start.Sub(began) < longestRollout:
			return ""
		}
	}
	if n := len(all); n > 0 {
		return all[n-1].PreviousVersion
	}
	return ""
}
