package reduce_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// epoch is a start of a bucket, in seconds and in nanoseconds.
const (
	epoch = int64(1_772_359_200)
	t0    = epoch * 1e9
	ms    = int64(time.Millisecond)
	sec   = int64(time.Second)
)

func checkout() reduce.Resource {
	return reduce.Resource{Service: "checkout", Version: "v2", Environment: "staging", Instance: "pod-1"}
}

// traffic is a measurement of checkout in the first bucket.
func traffic(origin correlate.Origin, requests, errors int64, latency ...correlate.Bin) correlate.Measurement {
	return correlate.Measurement{
		Key: correlate.Key{
			Service: "checkout", Environment: "staging", Version: "v2", Kind: correlate.Traffic, Origin: origin,
		},
		Cell: correlate.Cell{Start: epoch, Requests: requests, Errors: errors, Latency: latency},
	}
}

func at(d time.Duration, n uint32) correlate.Bin {
	return correlate.Bin{Index: correlate.BinIndex(int64(d)), Count: n}
}

// only is the one measurement that a reducer holds.
func only(t *testing.T, r *reduce.Reducer) correlate.Measurement {
	t.Helper()
	drained := r.Drain()
	require.Len(t, drained, 1)
	return drained[0]
}

func tallied(tally *correlate.Tally, source, result string) int64 {
	for _, v := range tally.Values() {
		if v.Count == (correlate.Count{What: "telemetry", Source: source, Result: result}) {
			return v.Value
		}
	}
	return -1
}
