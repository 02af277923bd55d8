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
	Bundle    int // resources in one request: 1 is an SDK, more is a Collector that gathers
}

// Load is one round of requests.
type Load struct {
	Method   string // of gRPC
	Requests []*Request
	Items    int    // spans or data points in a round
	Counted  uint64 // metrics only: observations of http.server.request.duration that a round adds
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

// service is one service of the shop.
type service struct {
	name    string
	version string
	next    string   // the version of its canary, "" when none is out
	routes  []string // templates
	callees []int
}

// services are layered: each calls up to three of a later layer. One in ten has a canary out.
func (s Shape) services(random *rand.Rand) []service {
	nouns := []string{"orders", "carts", "users", "prices", "stocks", "parcels", "refunds", "reviews", "coupons", "sessions"}
	all := make([]service, s.Services)
	for i := range all {
		all[i] = service{name: fmt.Sprintf("%s-%03d", nouns[i%len(nouns)], i), version: fmt.Sprintf("1.%d.0", i%7)}
		if i%10 == 9 {
			all[i].next = fmt.Sprintf("1.%d.0", i%7+1)
		}
		for r := range s.Routes {
			all[i].routes = append(all[i].routes, fmt.Sprintf("/api/v1/%s/{id}/part-%d", nouns[i%len(nouns)], r))
		}
		for range 3 {
			if later := i + 1 + random.IntN(s.Services/3+1); later < s.Services {
				all[i].callees = append(all[i].callees, later)
			}
		}
	}
	return all
}

// versionOf is what an instance runs: the last of a service with a canary is the canary.
func (s Shape) versionOf(of service, instance int) string {
	if of.next != "" && s.Instances > 1 && instance == s.Instances-1 {
		return of.next
	}
	return of.version
}

// ServiceNames are the names of the services of a shop.
func (s Shape) ServiceNames() []string {
	var names []string
	for _, of := range s.services(seeded()) {
		names = append(names, of.name)
	}
	return names
}

// seeded makes the same shop in every run.
func seeded() *rand.Rand { return rand.New(rand.NewPCG(20260101, 50)) }

// bundled tells which request holds the resource of an instance.
func (s Shape) bundled(service, instance int) int {
	return (service*s.Instances + instance) / max(1, s.Bundle)
}

func (s Shape) requests() int {
	return (s.Services*s.Instances + max(1, s.Bundle) - 1) / max(1, s.Bundle)
}
