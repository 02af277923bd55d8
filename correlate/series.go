package correlate

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"
)

// Series is what was measured around a change up to an instant, as it is drawn: what led to a verdict, and what was usual
// before. It is kept with the verdict, since measurements are forgotten.
type Series struct {
	ChangeID string `json:"change_id"`
	// Revision is that of the verdict that it was kept with; 0 while it is of a change under observation, as it is now.
	Revision int       `json:"revision"`
	At       time.Time `json:"at"` // the verdict was decided; nothing later is told
	// Start is when the change began to reach users, Finish when its rollout was complete as far as that was known by then.
	Start  time.Time `json:"start"`
	Finish time.Time `json:"finish,omitzero"`
	// Steps are the zones that were reached by then, by time and name.
	Steps []ZoneStep `json:"steps,omitempty"`
	// From is when the first point begins, Step how long each is in seconds. Points is how many there are.
	From   time.Time `json:"from"`
	Step   int64     `json:"step_seconds"`
	Points int       `json:"points"`
	// Gaps are the stretches in which no telemetry was taken in, sorted: no line may lead through them.
	Gaps []Stretch `json:"gaps,omitempty"`
	// Signals begins with the one that decided.
	Signals []SignalSeries `json:"signals"`
}

// Stretch is a stretch of time.
type Stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// SignalSeries is one signal over time.
type SignalSeries struct {
	// Service is whose it is, when that is not the service that changed.
	Service string `json:"service,omitempty"`
	Signal  string `json:"signal"` // as in Evidence
	// Grade is that of the comparison that Lines show: A and B have an old and a new line since the change.
	Grade    Grade  `json:"grade,omitempty"`
	Expected Basis  `json:"expected,omitempty"` // where the expected range is from
	Lines    []Line `json:"lines"`
}

// Basis says where an expected range is from.
type Basis string

// The bases.
const (
	BasisDays   Basis = "earlier_days" // the same time of day on earlier days, brought to the level before the change
	BasisBefore Basis = "before"       // all but the extremes of the time before the change
)

// Bases lists every Basis.
func Bases() []Basis { return []Basis{BasisDays, BasisBefore} }

// Role says what a line shows.
type Role string

// The roles. Before a change, what is old is everything.
const (
	RoleAll  Role = "all"  // the service as a whole
	RoleOld  Role = "old"  // grade A: the versions that were there before; grade B: zones that the change hasn't reached
	RoleNew  Role = "new"  // grade A: the version that came; grade B: zones that it has reached
	RoleLow  Role = "low"  // the lower end of the expected range
	RoleHigh Role = "high" // its upper end
)

// Roles lists every Role.
func Roles() []Role { return []Role{RoleAll, RoleOld, RoleNew, RoleLow, RoleHigh} }

// Line is one line of a signal: a value for each point, in the unit of Evidence; of throughput, requests per second.
type Line struct {
	Role   Role   `json:"role"`
	Values Values `json:"values"`
}

// Until is the series as far as it was measured by an earlier instant.
func (s Series) Until(t time.Time) Series {
	if !t.Before(s.At) {
		return s
	}
	s.At = t.UTC()
	if s.Finish.After(t) {
		s.Finish = time.Time{}
	}
	s.Steps = slices.DeleteFunc(slices.Clone(s.Steps), func(z ZoneStep) bool { return z.ReachedAt.After(t) })
	s.Gaps = slices.DeleteFunc(slices.Clone(s.Gaps), func(g Stretch) bool { return !g.From.Before(t) })
	for i := range s.Gaps {
		s.Gaps[i].To = earliest(s.Gaps[i].To, t)
	}
	if n := int(t.Sub(s.From) / time.Second / time.Duration(max(s.Step, 1))); n < s.Points {
		s.Points = max(n, 0)
	}
	signals := slices.Clone(s.Signals)
	for i := range signals {
		lines := slices.Clone(signals[i].Lines)
		for j := range lines {
			lines[j].Values = lines[j].Values[:min(len(lines[j].Values), s.Points)]
		}
		signals[i].Lines = lines
	}
	s.Signals = signals
	return s
}

// Line is the line of a role, nil without one.
func (s *SignalSeries) Line(r Role) Values {
	for i := range s.Lines {
		if s.Lines[i].Role == r {
			return s.Lines[i].Values
		}
	}
	return nil
}

// Values are numbers of three significant digits, in order of time. NaN is that nothing is known; in JSON it is null.
type Values []float64

// MarshalJSON writes null where nothing is known.
func (v Values) MarshalJSON() ([]byte, error) {
	out := append(make([]byte, 0, 6*len(v)+2), '[')
	for i, x := range v {
		if i > 0 {
			out = append(out, ',')
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			out = append(out, "null"...)
			continue
		}
		out = strconv.AppendFloat(out, x, 'g', -1, 64)
	}
	return append(out, ']'), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *Values) UnmarshalJSON(text []byte) error {
	var all []*float64
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	*v = make(Values, len(all))
	for i, x := range all {
		(*v)[i] = math.NaN()
		if x != nil {
			(*v)[i] = *x
		}
	}
	return nil
}
