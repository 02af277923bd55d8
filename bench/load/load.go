// Package load answers: what does a shop of services send, and how is it sent again and again as if it were new?
//
// Requests are made and encoded once. Before each sending only the bytes that must differ are overwritten: times, trace
// ids and cumulative totals. So the generator costs a fraction of what the server does, and no round looks like a
// repetition to the server.
package load

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Shape is the size of a shop.
type Shape struct {
	Services  int
	Instances int // of each service; each is a resource
	Routes    int // of each service
	Canary    int // of so many services one has a canary out: its last instance runs the next version; 0 is none
	Bundle    int // resources in one request: 1 is an SDK, more is a Collector that gathers
}

// Load is one round of requests.
type Load struct {
	Method   string // of gRPC
	Requests []*Request
	Items    int    // spans or data points in a round
	Counted  uint64 // what a round adds: calls of a service by another and of a database, or observations of http.server.request.duration
}

// Request is an encoded export request.
type Request struct {
	body   []byte
	stamps []stamp
	last   time.Time // the previous event time
	born   time.Time // when its processes began
	round  uint64
}

// The gRPC methods.
const (
	tracesMethod  = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	metricsMethod = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
)

// origin is the event time that requests are encoded with.
var origin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Service is one service of the shop.
type Service struct {
	Name    string
	Version string
	Next    string   // the version of its canary, "" when none is out
	routes  []string // templates
	callees []int
}

// List is the services, the same ones at every call. They are layered: each calls up to three of a later layer.
func (s Shape) List() []Service {
	random := seeded()
	nouns := []string{"orders", "carts", "users", "prices", "stocks", "parcels", "refunds", "reviews", "coupons", "sessions"}
	all := make([]Service, s.Services)
	for i := range all {
		noun := nouns[i%len(nouns)]
		all[i] = Service{Name: fmt.Sprintf("%s-%03d", noun, i), Version: fmt.Sprintf("1.%d.0", i%7)}
		if s.Canary > 0 && i%s.Canary == s.Canary-1 {
			all[i].Next = fmt.Sprintf("1.%d.0", i%7+1)
		}
		for r := range s.Routes {
			all[i].routes = append(all[i].routes, fmt.Sprintf("/api/v1/%s/{id}/part-%d", noun, r))
		}
		for range 3 {
			if later := i + 1 + random.IntN(s.Services/3+1); later < s.Services {
				all[i].callees = append(all[i].callees, later)
			}
		}
	}
	return all
}

// versionOf is what an instance runs.
func (s Shape) versionOf(of Service, instance int) string {
	if of.Next != "" && s.Instances > 1 && instance == s.Instances-1 {
		return of.Next
	}
	return of.Version
}

// seeded makes the same load in every run.
func seeded() *rand.Rand { return rand.New(rand.NewPCG(20260101, 50)) }

// bundled tells which request holds the resource of an instance.
func (s Shape) bundled(service, instance int) int {
	return (service*s.Instances + instance) / max(1, s.Bundle)
}

func (s Shape) requests() int {
	return (s.Services*s.Instances + max(1, s.Bundle) - 1) / max(1, s.Bundle)
}
