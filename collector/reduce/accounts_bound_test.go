package reduce

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMadeUpSendersFillNoMemoryWithAccounts(t *testing.T) {
	const most = 10
	r := New(Options{MaxSeries: most})
	at := int64(time.Hour)
	tell := func(instance string) {
		sender := r.Sender(Resource{Service: "checkout", Instance: instance})
		reader := sender.Metric(Metric{Name: "http.server.request.duration", Type: HistogramMetric, Delta: true})
		reader.Point(&Point{Time: at, Count: 1, Sum: 1})
	}
	for i := range 10 * most {
		tell(fmt.Sprint(i))
	}
	require.Len(t, r.accounts.elected, most)
	require.EqualValues(t, 10*most, r.Drain()[0].Requests, "what isn't remembered counts all the same")

	at += 3 * int64(idleAfter)
	tell("later")
	r.Drain()
	require.LessOrEqual(t, len(r.accounts.elected), 1, "the idle ones are forgotten")
}
