package remotewrite

import (
	"context"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"github.com/klauspost/compress/snappy"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/prometheus/history"
)

// sample is one sample of one series.
type sample struct {
	labels [][2]string // sorted by name
	value  float64
	at     time.Time
}

// refusedName is the series that says how many samples were refused so far.
const refusedName = "shipwake_event_refused_samples"

// nameOf is what a counter of package history is called here, where a sample is how many there were.
func nameOf(m history.Metric) string {
	return "shipwake_event_" + strings.TrimPrefix(m.Name, "shipwake_history_")
}

// known is the record as it stood at an instant.
type known struct {
	sinks.Reader
	asOf time.Time
}

func (k known) DORA(ctx context.Context, q dora.Query) (dora.Report, error) {
	q.AsOf = k.asOf
	return k.Reader.DORA(ctx, q)
}

func (k known) Incidents(ctx context.Context, q sinks.IncidentQuery) ([]correlate.IncidentRecord, error) {
	q.AsOf = k.asOf
	return k.Reader.Incidents(ctx, q)
}

// step is by how much a step is other than it was known before. Each delivery writes to a millisecond of its own, since a sample
// can't be changed.
func (s *sink) step(ctx context.Context, from time.Time, was, is receipt) ([]sample, error) {
	to := from.Add(s.config.Step)
	now, before := history.New(known{s.reader, is.AsOf}), history.New(known{s.reader, was.AsOf})
	if err := now.Add(ctx, from, to); err != nil {
		return nil, err
	}
	if !was.AsOf.IsZero() && from.Before(was.AsOf) {
		if err := before.Add(ctx, from, to); err != nil {
			return nil, err
		}
	}
	at := from.Add(time.Duration(is.N%s.config.Step.Milliseconds()) * time.Millisecond)
	counts := map[correlate.Place]history.Counts{}
	for _, p := range before.Places() {
		counts[p.Place] = p.Counts
	}
	var all []sample
	for _, p := range now.Places() {
		all = append(all, s.differences(p.Place, counts[p.Place], p.Counts, at)...)
		delete(counts, p.Place)
	}
	for _, p := range before.Places() {
		if gone, left := counts[p.Place]; left {
			all = append(all, s.differences(p.Place, gone, history.Counts{}, at)...)
		}
	}
	return all, nil
}

func (s *sink) differences(p correlate.Place, before, now history.Counts, at time.Time) (all []sample) {
	for i, m := range history.Metrics() {
		if now[i] != before[i] {
			all = append(all, sample{[][2]string{
				{"__name__", nameOf(m)}, {"environment", p.Environment}, {"job", s.config.Job}, {"service", p.Service},
			}, float64(now[i] - before[i]), at})
		}
	}
	return all
}

func (s *sink) refusedSample(is receipt) sample {
	return sample{[][2]string{{"__name__", refusedName}, {"job", s.config.Job}}, float64(is.Refused), is.AsOf}
}

// encode is a prometheus.WriteRequest of remote write 1.0, compressed: timeseries=1 {labels=1 {name=1, value=2}, samples=2
// {value=1, timestamp=2}}. https://prometheus.io/docs/specs/prw/remote_write_spec/
func encode(samples []sample) []byte {
	var request, series, part []byte
	for _, s := range samples {
		series = series[:0]
		for _, l := range s.labels {
			value := strings.ToValidUTF8(l[1], "")
			if value == "" {
				continue // an empty label is none
			}
			part = protowire.AppendTag(part[:0], 1, protowire.BytesType)
			part = protowire.AppendString(part, l[0])
			part = protowire.AppendTag(part, 2, protowire.BytesType)
			part = protowire.AppendString(part, value)
			series = protowire.AppendTag(series, 1, protowire.BytesType)
			series = protowire.AppendBytes(series, part)
		}
		part = protowire.AppendTag(part[:0], 1, protowire.Fixed64Type)
		part = binary.LittleEndian.AppendUint64(part, math.Float64bits(s.value))
		part = protowire.AppendTag(part, 2, protowire.VarintType)
		part = protowire.AppendVarint(part, uint64(s.at.UnixMilli()))
		series = protowire.AppendTag(series, 2, protowire.BytesType)
		series = protowire.AppendBytes(series, part)
		request = protowire.AppendTag(request, 1, protowire.BytesType)
		request = protowire.AppendBytes(request, series)
	}
	return snappy.Encode(nil, request)
}
