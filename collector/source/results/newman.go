package results

import "github.com/shipwake/shipwake/correlate"

// readNewman counts assertions, and each failure, be it of an assertion, of a script or of a request.
func readNewman(body []byte, s *summary) error {
	var run bool
	var total, pending, requests, failures int
	var stopped bool
	err := walk(body, func(at path, v any) (err error) {
		switch {
		case at.is("run") && begins(v):
			run = true
		case at.is("run", "stats", "assertions", "total"):
			total, err = count(at, v, correlate.MostCheckCount)
		case at.is("run", "stats", "assertions", "pending"):
			pending, err = count(at, v, correlate.MostCheckCount)
		case at.is("run", "stats", "requests", "total"):
			requests, err = count(at, v, correlate.MostCheckCount)
		case at.is("run", "failures", "[]") && !ends(v):
			failures++
		case at.is("run", "failures", "[]", "error", "test"):
			s.name(text(v))
		case at.is("run", "error"):
			stopped = stopped || v != nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if !run {
		return wrong("$.run", "required: the run of Newman, by its reporter json")
	}
	pending = min(pending, total)
	s.counts = correlate.CheckCounts{Total: max(total, failures+pending), Failed: failures, Skipped: pending}
	if stopped {
		s.breaks("the run was stopped by an error")
	}
	if total == 0 && failures == 0 {
		s.note("%d requests were sent, and nothing was asserted of them", requests)
	}
	return nil
}
