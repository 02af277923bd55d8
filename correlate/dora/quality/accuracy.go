package quality

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/stats"
)

// Accuracy is what people say of the verdicts that changes regressed.
type Accuracy struct {
	// Regressed is how many changes are judged regressed. Of these people overruled some, and confirmed some; nil without any.
	Regressed int          `json:"regressed"`
	Overruled *stats.Ratio `json:"overruled"`
	Confirmed *stats.Ratio `json:"confirmed"`
	// Missed is how many changes that are not judged regressed people name in place of one that is.
	Missed int `json:"missed"`
	// Grades are the same by how good the comparison was, those of which there are some.
	Grades []GradeAccuracy `json:"grades"`
}

// GradeAccuracy is the Accuracy of the verdicts of one grade; "" is that of those without one.
type GradeAccuracy struct {
	Grade     correlate.Grade `json:"grade"`
	Regressed int             `json:"regressed"`
	Overruled *stats.Ratio    `json:"overruled"`
	Confirmed *stats.Ratio    `json:"confirmed"`
}

// said counts what people say of some verdicts.
type said struct{ regressed, overruled, confirmed int }

// AccuracyTally counts changes for an Accuracy, each once, in any order. The zero value has counted none.
type AccuracyTally struct {
	grades map[correlate.Grade]*said
	judged map[string]bool // whether the change is judged regressed, of those that were counted
	blamed map[string]bool // the changes that people name in place of one that is
}

// Change counts a change that is judged regressed; others say nothing of how accurate that is.
func (t *AccuracyTally) Change(c *correlate.ChangeRecord) {
	if t.grades == nil {
		t.grades, t.judged, t.blamed = map[correlate.Grade]*said{}, map[string]bool{}, map[string]bool{}
	}
	if c.Verdict == nil || c.Verdict.Outcome != correlate.Regressed || c.Verdict.Withdrawn {
		return
	}
	t.judged[c.ID] = true
	of := t.grades[c.Verdict.Grade]
	if of == nil {
		of = &said{}
		t.grades[c.Verdict.Grade] = of
	}
	of.regressed++
	if n := c.Overruled(); n != nil {
		of.overruled++
		if n.CausedBy != "" {
			t.blamed[n.CausedBy] = true
		}
	}
	if c.Confirmed() != nil {
		of.confirmed++
	}
}

// Accuracy is what was counted.
func (t *AccuracyTally) Accuracy() Accuracy {
	a := Accuracy{Grades: []GradeAccuracy{}}
	var all said
	for _, grade := range []correlate.Grade{correlate.GradeA, correlate.GradeB, correlate.GradeC, correlate.GradeD, ""} {
		of := t.grades[grade]
		if of == nil {
			continue
		}
		a.Grades = append(a.Grades, GradeAccuracy{grade, of.regressed, stats.Part(of.overruled, of.regressed), stats.Part(of.confirmed, of.regressed)})
		all.regressed, all.overruled, all.confirmed = all.regressed+of.regressed, all.overruled+of.overruled, all.confirmed+of.confirmed
	}
	a.Regressed, a.Overruled, a.Confirmed = all.regressed, stats.Part(all.overruled, all.regressed), stats.Part(all.confirmed, all.regressed)
	for id := range t.blamed {
		if !t.judged[id] {
			a.Missed++
		}
	}
	return a
}
