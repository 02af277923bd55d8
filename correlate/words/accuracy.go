package words

import (
	"fmt"

	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/dora/quality"
)

// Accuracy says in a sentence what people say of the verdicts that changes regressed.
func Accuracy(a quality.Accuracy) string {
	if a.Regressed == 0 {
		return "No change was judged regressed."
	}
	text := fmt.Sprintf("People overruled %s, and confirmed %d.", ofVerdicts(a.Overruled), a.Confirmed.Numerator)
	if a.Missed > 0 {
		text += fmt.Sprintf(" They name %d that were not judged regressed.", a.Missed)
	}
	return text
}

// ofVerdicts is a ratio of verdicts: "3 of 141 verdicts (2.1 %, 0.7 … 6.1 %)".
func ofVerdicts(r *dora.Ratio) string {
	return fmt.Sprintf("%d of %d verdicts that say regressed (%s, %s … %s)", r.Numerator, r.Denominator, Percent(r.Value), Percent(r.Interval[0]), Percent(r.Interval[1]))
}
