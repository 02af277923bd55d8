package results

import "github.com/shipwake/shipwake/correlate"

// readK6 counts thresholds. The two files say the opposite: in the data of handleSummary "ok" is true of a threshold that held;
// in that of --summary-export the value itself is true of one that was crossed.
func readK6(body []byte, s *summary) error {
	metrics, passes, fails := false, 0, 0
	err := walk(body, func(at path, v any) error {
		switch {
		case at.is("metrics") && begins(v):
			metrics = true
		case at.is("metrics", "*", "thresholds", "*"):
			if crossed, is := v.(bool); is {
				s.threshold(at, !crossed)
			}
		case at.is("metrics", "*", "thresholds", "*", "ok"):
			if ok, is := v.(bool); is {
				s.threshold(at, ok)
			}
		case at.is("metrics", "checks", "passes"), at.is("metrics", "checks", "values", "passes"):
			n, err := count(at, v, correlate.MostCheckCount)
			passes = n
			return err
		case at.is("metrics", "checks", "fails"), at.is("metrics", "checks", "values", "fails"):
			n, err := count(at, v, correlate.MostCheckCount)
			fails = n
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !metrics {
		return wrong("$.metrics", "required: the metrics of a k6 run, from handleSummary or --summary-export")
	}
	if s.counts.Total == 0 {
		s.note("there are no thresholds, and nothing else fails a run of k6")
	}
	if fails > 0 {
		s.note("%d of %d checks of k6 failed, which fails nothing without a threshold", fails, passes+fails)
	}
	return nil
}

// threshold counts one by whether it held: metrics.<metric>.thresholds.<expression>.
func (s *summary) threshold(at path, held bool) {
	if held {
		s.passed()
		return
	}
	s.failed(at[1] + " " + at[3])
}
