package results

import "github.com/shipwake/shipwake/correlate"

// readPlaywright reads the sums of a run. Unlike those of JUnit they are the runner's own: of each test its final outcome.
func readPlaywright(body []byte, s *summary) error {
	var stats bool
	var expected, unexpected, errors int
	names := specNames{}
	err := walk(body, func(at path, v any) (err error) {
		names.take(at, v, s)
		switch {
		case at.is("stats") && begins(v):
			stats = true
		case at.is("stats", "expected"):
			expected, err = count(at, v, correlate.MostCheckCount)
		case at.is("stats", "unexpected"):
			unexpected, err = count(at, v, correlate.MostCheckCount)
		case at.is("stats", "flaky"):
			s.counts.Flaky, err = count(at, v, correlate.MostCheckCount)
		case at.is("stats", "skipped"):
			s.counts.Skipped, err = count(at, v, correlate.MostCheckCount)
		case at.is("errors", "[]") && !ends(v):
			errors++
		}
		return err
	})
	if err != nil {
		return err
	}
	if !stats {
		return wrong("$.stats", "required: the sums of the run, by the reporter json of Playwright")
	}
	s.counts.Failed = unexpected
	s.counts.Total = expected + unexpected + s.counts.Flaky + s.counts.Skipped
	if s.counts.Total > correlate.MostCheckCount {
		return wrong("$.stats", "counts more tests than there can be")
	}
	if errors > 0 {
		s.breaks("%d errors outside of any test", errors)
	}
	return nil
}

// specNames finds the titles of specs that are not ok, which are told in either order.
type specNames struct {
	title string
	bad   bool
}

func (n *specNames) take(at path, v any, s *summary) {
	if len(at) < 4 || at[0] != "suites" {
		return
	}
	switch last := at[len(at)-1]; {
	case last == "[]" && at[len(at)-2] == "specs" && begins(v):
		*n = specNames{}
	case last == "[]" && at[len(at)-2] == "specs" && ends(v):
		if n.bad {
			s.name(n.title)
		}
	case last == "title" && at[len(at)-3] == "specs":
		n.title = text(v)
	case last == "ok" && at[len(at)-3] == "specs":
		n.bad = v == false
	}
}
