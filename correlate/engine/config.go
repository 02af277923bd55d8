package engine

import (
	"path"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/observe"
	"github.com/shipwake/shipwake/correlate/record"
)

// Config is how the engine looks at the world. All durations are whole seconds.
type Config struct {
	Resolution int64 // width of a fine bucket
	Coarse     int64 // width of a rollup, a multiple of Resolution
	Lateness   int64 // how long after its event time a measurement is waited for
	// AllowedLateness is how much later a measurement is still taken in; what was judged without it is then judged again.
	AllowedLateness int64
	IdleAfter       int64 // how long telemetry may be silent before the clock takes over
	Baseline        int64 // how far before a change fine buckets are compared
	Watch           int64 // how long after completion a change is observed
	FineKeep        int64 // how long fine buckets are kept when no window needs them
	CoarseKeep      int64 // how long rollups are kept
	// Attribution is how far back an incident that names no change looks for one. Long after a change was observed without
	// an answer nothing but the order in time speaks against it.
	Attribution int64
	// AdoptAfter is how long a new service.version waits for a source to report it before it becomes a change itself.
	AdoptAfter int64
	// Reopen is how long after its window a verdict is gone into again when facts or measurements of its time come late.
	Reopen int64
	// AbandonAfter is how long after its start a change whose end nobody told is given up.
	AbandonAfter int64
	// KeepRecords is how long closed changes and incidents stay in memory, 0 for ever; older ones must be recalled
	// before a fact touches them.
	KeepRecords int64
	// LateReach is how far back measurements reach on disk from which a change is judged that is reported when its time has
	// left memory; 0: they don't, and such a change isn't judged.
	LateReach int64 `json:"-"`
	// LooksAtOnce bounds how many looks at changes a tick takes before it leaves the rest to the next one, 0 for no bound.
	// What comes out doesn't depend on it.
	LooksAtOnce int `json:"-"`
	// Owned gives a change that telemetry tells the owner of its service; nil when nobody knows. Reported ones have theirs.
	Owned   func(correlate.Change) correlate.Change `json:"-"`
	Memory  int64                                   // bytes that measurements may take, 0 for no bound
	Judge   judge.Params
	Blame   blame.Params
	Signals []correlate.Signal
	// RequiredChecks are the checks that changes must pass.
	RequiredChecks []RequiredChecks `json:",omitempty"`
	// Guards are the engine's own safeguards that are in force: all of them when nil. See Guards.
	Guards *guard.Set `json:"-"`
}

// RequiredChecks are checks that must pass after each rollout of some services to some environments, by patterns as path.Match
// has them; "" is any.
type RequiredChecks struct {
	Service, Environment string
	Names                []string
}

// requiredOf are the names of the checks that the configuration requires of a change, sorted: of one that rolls out.
func (c *Config) requiredOf(of *change) (names []string) {
	if !of.rollsOut() || !judgeable(*of.rec) {
		return nil
	}
	for _, r := range c.RequiredChecks {
		if fits(r.Service, of.rec.Service) && fits(r.Environment, of.rec.Environment) {
			names = append(names, r.Names...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// fits: what isn't a pattern, which the configuration doesn't let through, fits nothing.
func fits(pattern, name string) bool {
	if pattern == "" || pattern == "*" {
		return true
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// Cells is how measurements are kept.
func (c Config) Cells() cells.Config {
	return cells.Config{
		Resolution: c.Resolution, Coarse: c.Coarse, Lateness: c.Lateness, AllowedLateness: c.AllowedLateness,
		Baseline: c.Baseline, FineKeep: c.FineKeep, CoarseKeep: c.CoarseKeep, Budget: c.Memory,
	}
}

// records is how far things may lie apart that belong together.
func (c Config) records() record.Config {
	return record.Config{
		AdoptAfter: c.AdoptAfter, Watch: c.Watch, Grace: c.Judge.Grace, Attribution: c.Attribution, AbandonAfter: c.AbandonAfter,
	}
}

// observed is how changes are looked at.
func (c Config) observed() observe.Config {
	return observe.Config{
		Resolution: c.Resolution, Coarse: c.Coarse, Baseline: c.Baseline, CoarseKeep: c.CoarseKeep, AdoptAfter: c.AdoptAfter,
		RouteWidth: c.Cells().RouteWidth(), Together: c.Blame.Together, Judge: c.Judge, Signals: c.Signals,
		Guards: c.Guards,
	}
}

// LongestFine is the longest that fine cells are kept, in seconds.
func (c Config) LongestFine() int64 { return c.Cells().LongestFine() }

// LongestPause is how long measurements may not be taken in before that time counts as not covered, in seconds.
func (c Config) LongestPause() int64 { return c.Cells().LongestPause() }

// DefaultConfig is the configuration of the daemon without a configuration file.
func DefaultConfig() Config {
	return Config{
		Resolution:      10,
		Coarse:          300,
		Lateness:        30,
		AllowedLateness: 600,
		IdleAfter:       120,
		Baseline:        3600,
		Watch:           3600,
		FineKeep:        2 * 3600,
		CoarseKeep:      8 * 24 * 3600,
		Attribution:     4 * 3600,
		AdoptAfter:      120,
		Reopen:          3600,
		AbandonAfter:    24 * 3600,
		KeepRecords:     48 * 3600,
		Judge:           judge.DefaultParams(),
		Blame:           blame.DefaultParams(),
	}
}

// The names of the guards, see Guards.
const (
	guardDiscoveries       = "discoveries"
	guardSuspected         = "suspected"
	guardCallersDoubtful   = "callers_doubtful"
	guardOutage            = "beside_outage"
	guardRollbackSuspected = "rollback_suspected"
	guardCoverage          = "coverage"
	guardConfounded        = "confounded"
	guardElsewhere         = "elsewhere"
	guardStrongElsewhere   = "strong_elsewhere"
	guardOwnService        = "own_service"
	guardConvictedBefore   = "convicted_before"
)

// Guards are the safeguards of this package and of observe, with what each does.
func Guards() []guard.Guard {
	return append(observe.Guards(), []guard.Guard{
		{Name: guardDiscoveries, What: "of many changes one looks bad by chance: e-BH"},
		{Name: guardSuspected, What: "who is suspected of another service's fault isn't acquitted"},
		{Name: guardCallersDoubtful, What: "nor is who is called by a service that nearly shows one"},
		{Name: guardOutage, What: "an outage that others suffered as well doesn't count"},
		{Name: guardRollbackSuspected, What: "unless it is a rollback"},
		{Name: guardCoverage, What: "nor who was watched through gaps"},
		{Name: guardConfounded, What: "a fault of a changed service needs the blame as well"},
		{Name: guardElsewhere, What: "a change is blamed for what shows on other services"},
		{Name: guardStrongElsewhere, What: "if that is stronger, the more services were looked at"},
		{Name: guardConvictedBefore, What: "a fault that faded doesn't clear the change that was blamed for it"},
		{Name: guardOwnService, What: "but not for what its service suffers in all versions"},
	}...)
}
