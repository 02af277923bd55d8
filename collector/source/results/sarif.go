package results

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// readSARIF counts findings. Each is a result; a level is its own, that of its rule, or warning.
func readSARIF(body []byte, s *summary) error {
	r := sarif{summary: s}
	if err := walk(body, r.take); err != nil {
		return err
	}
	if !r.list {
		return wrong("$.runs", "required: the runs of a SARIF 2.1 log")
	}
	if r.runs == 0 {
		s.doubts("there is no run")
	}
	return nil
}

// sarif is how far a log has been read.
type sarif struct {
	*summary
	list bool
	runs int
	run  sarifRun
	is   finding
	rule rule
}

// sarifRun is what is known of the run that is read.
type sarifRun struct {
	results   bool
	stopped   bool
	rules     map[string]string // level by id
	byIndex   []string
	undecided map[finding]int // those that have the level of their rule, which may come later
}

// mostRules bounds the rules that are remembered, and findings that wait for one.
const mostRules = 20_000

type rule struct{ id, level string }

type finding struct {
	rule, level string
	index       int
	calm        bool // it isn't a failure, or was there before
	suppressed  bool
	rejected    bool // a suppression was
}

func (r *sarif) take(at path, v any) error {
	switch {
	case at.is("runs") && begins(v):
		r.list = true
	case at.is("runs", "[]") && begins(v):
		r.runs++
		r.run = sarifRun{rules: map[string]string{}, undecided: map[finding]int{}}
	case at.is("runs", "[]") && ends(v):
		r.closeRun()
	case at.is("runs", "[]", "results") && begins(v):
		r.run.results = true
	case at.is("runs", "[]", "invocations", "[]", "executionSuccessful"):
		r.run.stopped = r.run.stopped || v == false
	case at.is("runs", "[]", "tool", "driver", "rules", "[]"):
		r.takeRule(v)
	case at.under("runs", "[]", "tool", "driver", "rules", "[]"):
		r.rule.take(at[6:], v)
	case at.is("runs", "[]", "results", "[]"):
		r.takeResult(v)
	case at.under("runs", "[]", "results", "[]"):
		r.is.take(at[4:], v)
	}
	return nil
}

func (r *sarif) takeRule(v any) {
	switch {
	case begins(v):
		r.rule = rule{}
	case ends(v) && len(r.run.byIndex) < mostRules:
		r.run.byIndex = append(r.run.byIndex, r.rule.level)
		r.run.rules[r.rule.id] = r.rule.level
	}
}

func (r *rule) take(at path, v any) {
	switch {
	case at.is("id"):
		r.id = text(v)
	case at.is("defaultConfiguration", "level"):
		r.level = text(v)
	}
}

func (r *sarif) takeResult(v any) {
	switch {
	case begins(v):
		r.is = finding{index: -1}
	case ends(v):
		r.decide(r.is, 1)
	}
}

func (f *finding) take(at path, v any) {
	switch {
	case at.is("ruleId"), at.is("rule", "id"):
		f.rule = text(v)
	case at.is("ruleIndex"), at.is("rule", "index"):
		if n, ok := v.(json.Number); ok {
			if i, err := n.Int64(); err == nil && i >= 0 && i < mostRules {
				f.index = int(i)
			}
		}
	case at.is("level"):
		f.level = text(v)
	case at.is("kind"):
		f.calm = f.calm || text(v) != "fail"
	case at.is("baselineState"):
		f.calm = f.calm || text(v) == "unchanged" || text(v) == "absent"
	case at.is("suppressions", "[]") && begins(v):
		f.suppressed = true
	case at.is("suppressions", "[]", "status"):
		f.rejected = f.rejected || text(v) == "rejected" || text(v) == "underReview"
	}
}

// decide counts findings that are alike, or has them wait for their rule.
func (r *sarif) decide(f finding, n int) {
	if f.level == "" && !f.calm && len(r.run.undecided) < mostRules {
		r.run.undecided[f] += n
		return
	}
	r.count(f, n)
}

func (r *sarif) count(f finding, n int) {
	r.counts.Total += n
	if f.level == "error" && !f.calm && (!f.suppressed || f.rejected) {
		r.counts.Failed += n
		r.name(f.rule)
	}
}

func (r *sarif) closeRun() {
	waiting := slices.SortedFunc(maps.Keys(r.run.undecided), func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.rule, b.rule), cmp.Compare(a.index, b.index))
	})
	for _, f := range waiting {
		n := r.run.undecided[f]
		if f.level = r.run.rules[f.rule]; f.level == "" && f.index >= 0 && f.index < len(r.run.byIndex) {
			f.level = r.run.byIndex[f.index]
		}
		if f.level == "" {
			f.level = "warning"
		}
		r.count(f, n)
	}
	switch {
	case r.run.stopped:
		r.doubts("the tool says that it did not run to its end")
	case !r.run.results:
		r.doubts("a run says nothing of its results")
	default:
		r.found = true
	}
	r.run = sarifRun{}
}
