package correlate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// CheckResult says what a check came to. Nothing that was run is unknown, never passed.
type CheckResult string

// The results of a check.
const (
	CheckPassed  CheckResult = "passed"
	CheckFailed  CheckResult = "failed"
	CheckUnknown CheckResult = "unknown"
)

// CheckResults lists every CheckResult.
func CheckResults() []CheckResult { return []CheckResult{CheckPassed, CheckFailed, CheckUnknown} }

// Check is one run of a check of what was released: a smoke test, a load test, a scan. Its JSON form is the generic wire
// format. It is about one change, which it names in one of three ways: by Change; by Service and Version, in an Environment;
// or by Commit, in an Environment, of all services or of one Service.
type Check struct {
	// ID is the same when the run is reported again; what the run is about, its name and its time unless it is told.
	ID string `json:"id,omitempty"`
	// Name is what is run again under the same name: of several runs the newest counts, see LatestChecks.
	Name   string      `json:"name"`
	Result CheckResult `json:"result"`
	// At is when it came to its result.
	At          time.Time `json:"at"`
	Change      string    `json:"change,omitempty"`
	Service     string    `json:"service,omitempty"`
	Version     string    `json:"version,omitempty"`
	Environment string    `json:"environment,omitempty"`
	Commit      string    `json:"commit,omitempty"`
	// Required: a change in whose window it fails has regressed. The configuration may require it as well.
	Required bool        `json:"required,omitempty"`
	Counts   CheckCounts `json:"counts,omitzero"`
	// Format is that of the file it was read from, such as junit; Note is what a person should know of how it was read.
	Format string `json:"format,omitempty"`
	Note   string `json:"note,omitempty"`
	URL    string `json:"url,omitempty"`
	// Source is the configured source that reported it.
	Source string `json:"source,omitempty"`
}

// CheckCounts are what was run: tests, thresholds, findings. All zero: nobody counted.
type CheckCounts struct {
	Total   int `json:"total,omitempty"`
	Failed  int `json:"failed,omitempty"`
	Skipped int `json:"skipped,omitempty"` // told, and not run
	// Flaky failed first and passed when they were tried again within the run: they have passed.
	Flaky int `json:"flaky,omitempty"`
}

// Bounds of the texts of a check, in bytes.
const (
	MaxCheckName = 100
	MaxCheckNote = 1000
)

// MostCheckCount bounds each count of a check.
const MostCheckCount = 100_000_000

// WithDefaults fills in what the generic format says is implied.
func (c Check) WithDefaults() Check {
	c.Name = strings.TrimSpace(c.Name)
	if c.Change == "" && c.Environment == "" {
		c.Environment = DefaultEnvironment
	}
	if c.ID == "" {
		c.ID = c.identity()
	}
	return c
}

// identity tells one run from another where its sender has no name for it.
func (c Check) identity() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		c.Change, c.Service, c.Version, c.Environment, c.Commit, c.Name, c.At.UTC().Format(time.RFC3339Nano),
	}, "\x00")))
	return "check-" + hex.EncodeToString(sum[:12])
}

// Validate returns a *FieldError that names the first field that is missing or wrong, and what would be right.
func (c Check) Validate() error {
	switch {
	case strings.TrimSpace(c.Name) == "":
		return &FieldError{"name", "required: what is run again under the same name, such as smoke"}
	case len(c.Name) > MaxCheckName:
		return &FieldError{"name", fmt.Sprintf("must not be longer than %d bytes", MaxCheckName)}
	case c.Result == "":
		return &FieldError{"result", fmt.Sprintf("required: one of %v", CheckResults())}
	case !known(c.Result, CheckResults()):
		return &FieldError{"result", fmt.Sprintf("%q is unknown; use one of %v", clip(string(c.Result)), CheckResults())}
	case c.At.IsZero():
		return &FieldError{"at", "required: when it came to its result, as an RFC 3339 time"}
	case len(c.Note) > MaxCheckNote:
		return &FieldError{"note", fmt.Sprintf("must not be longer than %d bytes", MaxCheckNote)}
	}
	if err := c.validTie(); err != nil {
		return err
	}
	return c.validCounts()
}

// validTie holds a check to one way of naming its change.
func (c Check) validTie() error {
	switch {
	case c.Change != "" && (c.Service != "" || c.Version != "" || c.Commit != ""):
		return &FieldError{"change", "names the change by itself; leave out service, version and commit"}
	case c.Change != "":
		return nil
	case c.Commit != "" && c.Version != "":
		return &FieldError{"commit", "names the change without a version; leave out one of them"}
	case c.Commit != "" && len(c.Commit) < MinCommit:
		return &FieldError{"commit", fmt.Sprintf("must have at least %d digits", MinCommit)}
	case c.Commit != "":
		return nil
	case c.Service == "" && c.Version == "":
		return &FieldError{"change", "required: the id of the change; or service and version; or commit"}
	case c.Service == "":
		return &FieldError{"service", "required beside version: the service.name of the change"}
	case c.Version == "":
		return &FieldError{"version", "required beside service: the version of the change"}
	}
	return nil
}

// MinCommit is how many digits of a commit tell it from others.
const MinCommit = 7

func (c Check) validCounts() error {
	n := c.Counts
	for field, count := range map[string]int{"total": n.Total, "failed": n.Failed, "skipped": n.Skipped, "flaky": n.Flaky} {
		if count < 0 || count > MostCheckCount {
			return &FieldError{"counts." + field, fmt.Sprintf("must lie between 0 and %d", MostCheckCount)}
		}
	}
	switch {
	case n.Failed+n.Skipped+n.Flaky > n.Total:
		return &FieldError{"counts.total", "must not be less than failed, skipped and flaky together"}
	case c.Result == CheckPassed && n.Failed > 0:
		return &FieldError{"result", "passed, though counts.failed is not 0"}
	}
	return nil
}

// UTC is the check with its time in UTC.
func (c Check) UTC() Check {
	c.At = c.At.UTC()
	return c
}

// Compare orders runs: by time, then by name, and of one time the worse later, so that it counts.
func (c Check) Compare(o Check) int {
	return cmp.Or(c.At.Compare(o.At), strings.Compare(c.Name, o.Name), cmp.Compare(c.badness(), o.badness()),
		strings.Compare(c.ID, o.ID), strings.Compare(string(content(c)), string(content(o))))
}

func (c Check) badness() int {
	return slices.Index([]CheckResult{CheckPassed, CheckUnknown, CheckFailed}, c.Result)
}

// MaxChecks is how many runs of one change are kept. Of more, the oldest go.
const MaxChecks = 64

// LatestChecks are the newest run of each name, by name. Runs are as in ChangeRecord.Checks.
func LatestChecks(runs []Check) []Check {
	latest := map[string]Check{}
	for _, run := range runs {
		if was, known := latest[run.Name]; known && run.Compare(was) < 0 {
			continue
		}
		latest[run.Name] = run
	}
	all := make([]Check, 0, len(latest))
	for _, run := range latest {
		all = append(all, run)
	}
	slices.SortFunc(all, func(a, b Check) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// CheckSignal is what the names of signals begin with that say what came of a required check.
const CheckSignal = "check "

// CheckState is one name of the checks of a change: its newest run, or that there is none.
type CheckState struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	// Run is nil while a required check has not come.
	Run *Check `json:"run,omitempty"`
	// Runs is how often it was run.
	Runs int `json:"runs,omitempty"`
}

// CheckStates are the checks of a change by name: those that were run, and those that are required.
func (c ChangeRecord) CheckStates() []CheckState {
	states := map[string]*CheckState{}
	of := func(name string) *CheckState {
		if states[name] == nil {
			states[name] = &CheckState{Name: name}
		}
		return states[name]
	}
	for _, name := range c.RequiredChecks {
		of(name).Required = true
	}
	for _, run := range c.Checks {
		s := of(run.Name)
		s.Runs++
		s.Required = s.Required || run.Required
	}
	for _, run := range LatestChecks(c.Checks) {
		of(run.Name).Run = &run
	}
	all := make([]CheckState, 0, len(states))
	for _, s := range states {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b CheckState) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// MissingChecks are the names of the required checks that have not come, or came to no result.
func (c ChangeRecord) MissingChecks() (names []string) {
	for _, s := range c.CheckStates() {
		if s.Required && (s.Run == nil || s.Run.Result == CheckUnknown) {
			names = append(names, s.Name)
		}
	}
	return names
}
