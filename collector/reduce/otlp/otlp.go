// Package otlp answers: which plain records are in this pdata?
//
// One iterator for each signal and, below it, one function for each record. Every record is counted in the reducer's
// tally. Nothing of the pdata is kept.
package otlp

import (
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/convention"
)

// resource reads who sent the records.
func resource(r pcommon.Resource) reduce.Resource {
	var res reduce.Resource
	var old, uid, pod, host string
	for key, value := range r.Attributes().All() {
		switch key {
		case "service.name":
			res.Service = text(value)
		case "service.namespace":
			res.Namespace = text(value)
		case "service.version":
			res.Version = text(value)
		case "deployment.environment.name":
			res.Environment = text(value)
		case "deployment.environment":
			old = text(value)
		case "cloud.availability_zone":
			res.Zone = text(value)
		case "k8s.cluster.name":
			res.Cluster = text(value)
		case "cloud.region":
			res.Region = text(value)
		case "service.instance.id":
			res.Instance = text(value)
		case "k8s.container.name":
			res.Container = text(value)
		case "k8s.pod.uid":
			uid = text(value)
		case "k8s.pod.name":
			pod = text(value)
		case "host.name":
			host = text(value)
		}
	}
	res.Environment = first(res.Environment, old)
	res.Instance = first(res.Instance, uid, pod, host)
	return res
}

func first(names ...string) string {
	for _, name := range names {
		if name != "" {
			return name
		}
	}
	return ""
}

// text is a value as text, without a copy when it is a string. Composite values are never names: "".
func text(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return v.Str()
	case pcommon.ValueTypeInt, pcommon.ValueTypeBool, pcommon.ValueTypeDouble:
		return v.AsString()
	}
	return ""
}

// number is a status code, as a number or as digits; 0 when it isn't one.
func number(v pcommon.Value) int {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		if n := v.Int(); n > 0 && n < 1000 {
			return int(n)
		}
	case pcommon.ValueTypeStr:
		return convention.Code(v.Str())
	}
	return 0
}

// nanos is a timestamp as event time; one beyond the range is negative, which no reader takes.
func nanos(t pcommon.Timestamp) int64 { return int64(t) }

// scratch is what the iterators fill again for every record.
type scratch struct {
	spans      [reduce.Chunk]reduce.Span
	log        reduce.Log
	point      reduce.Point
	attributes []reduce.Attribute
	buckets    []uint64
	bounds     []float64
	exceptions []string
	servers    reduce.Servers // of the resource that is read
}

var pool = sync.Pool{New: func() any { return &scratch{} }}

// roomy is the largest list that is kept for the next request.
const roomy = 1024

// release gives a scratch back without the strings of the request.
func release(s *scratch) {
	if max(cap(s.attributes), cap(s.exceptions), cap(s.buckets), cap(s.bounds)) > roomy {
		return
	}
	s.servers.Reset()
	clear(s.spans[:])
	clear(s.attributes[:cap(s.attributes)])
	clear(s.exceptions[:cap(s.exceptions)])
	s.log, s.point = reduce.Log{}, reduce.Point{}
	pool.Put(s)
}
