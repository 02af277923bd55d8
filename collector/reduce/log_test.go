package reduce_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

func TestLogs(t *testing.T) {
	logged := func(errors int64) correlate.Measurement {
		return measured("checkout", "v2", correlate.Log, correlate.OriginLog, requests(1, errors))
	}
	tests := map[string]struct {
		log    reduce.Log
		result reduce.Result
		want   []correlate.Measurement
	}{
		"an INFO record is a record": {
			log: reduce.Log{Time: t0, Severity: 9}, want: []correlate.Measurement{logged(0)},
		},
		"a WARN4 record is no error": {
			log: reduce.Log{Time: t0, Severity: 16, SeverityText: "ERROR"}, want: []correlate.Measurement{logged(0)},
		},
		"an ERROR record is an error": {
			log: reduce.Log{Time: t0, Severity: 17}, want: []correlate.Measurement{logged(1)},
		},
		"the text counts when there is no number": {
			log: reduce.Log{Time: t0, SeverityText: "error"}, want: []correlate.Measurement{logged(1)},
		},
		"an exception is counted by its type": {
			log: reduce.Log{Time: t0, Severity: 17, Exception: "ValueError"},
			want: []correlate.Measurement{logged(1),
				named(measured("checkout", "v2", correlate.Exception, correlate.OriginLog, requests(0, 1)), "ValueError", "")},
		},
		"a record without a time is unusable": {
			log: reduce.Log{Severity: 9}, result: reduce.Unusable,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			sender := r.Sender(checkout())
			require.Equal(t, test.result, sender.Log(&test.log))
			require.Equal(t, test.want, r.Drain())
		})
	}
}
