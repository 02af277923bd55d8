package reduce_test

import (
	"strings"
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
		"an error without a type is counted by its message": {
			log: reduce.Log{Time: t0, Severity: 17, Message: "order 4711: no stock"},
			want: []correlate.Measurement{logged(1),
				named(measured("checkout", "v2", correlate.Exception, correlate.OriginLog, requests(0, 1)), "log order * no stock", "")},
		},
		"one with a type is counted by that alone": {
			log: reduce.Log{Time: t0, Severity: 17, Exception: "ValueError", Message: "no stock"},
			want: []correlate.Measurement{logged(1),
				named(measured("checkout", "v2", correlate.Exception, correlate.OriginLog, requests(0, 1)), "ValueError", "")},
		},
		"a message that is no error is nothing by itself": {
			log: reduce.Log{Time: t0, Severity: 9, Message: "order placed"}, want: []correlate.Measurement{logged(0)},
		},
		"nor is one without words": {
			log: reduce.Log{Time: t0, Severity: 17, Message: "---"}, want: []correlate.Measurement{logged(1)},
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

// TestMessagesAreBounded: those beyond the bound are errors like the others, and types of exceptions have a bound of their own.
func TestMessagesAreBounded(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(checkout())
	for i := range 60 {
		word := string([]byte{'a' + byte(i/26), 'a' + byte(i%26)})
		require.Equal(t, reduce.Accepted, sender.Log(&reduce.Log{Time: t0, Severity: 17, Message: "no " + word}))
	}
	for i := range 50 {
		require.Equal(t, reduce.Accepted, sender.Log(&reduce.Log{Time: t0, Severity: 17, Exception: "E" + string([]byte{'a' + byte(i/26), 'a' + byte(i%26)})}))
	}
	messages, types := 0, 0
	for _, m := range r.Drain() {
		switch {
		case m.Kind == correlate.Log:
			require.EqualValues(t, 110, m.Errors)
		case strings.HasPrefix(m.Name, correlate.Message):
			messages++
		default:
			types++
		}
	}
	require.Equal(t, [2]int{20, 50}, [2]int{messages, types})
}
