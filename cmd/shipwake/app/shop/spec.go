package shop

import "time"

// Service is one service of the shop.
type Service struct {
	Name     string
	Replicas int
	// Work is the median time an instance spends on a request by itself, without the services that it calls.
	Work time.Duration
	// Exporter is how the service's instances send telemetry.
	Exporter Exporter
	Routes   []Route
}

// Route is one kind of request and the services it needs, called one after the other.
type Route struct {
	Method, Path string
	Calls        []Call
}

// Call is a request to another service.
type Call struct {
	Service, Method, Path string
	// Optional: the caller answers without it when it fails.
	Optional bool
}

// Exporter is a way to send telemetry.
type Exporter int

// The two OTLP transports. The HTTP one also reports delta temporality and exponential histograms, so that both kinds
// of metric stream are in use.
const (
	GRPC Exporter = iota
	HTTP
)

// Visit is one thing that visitors do, and how often it is done among all visits.
type Visit struct {
	Service, Method, Path string
	Share                 float64
}

// Release is one version of a service, with the fault that it carries.
type Release struct {
	Version string
	// Errors is the share of requests that fail, 0 to 1.
	Errors float64
	// Slowdown multiplies the service's own work; 0 and 1 both mean none.
	Slowdown float64
}

// Services is the shop:
//
//	visitors ─┬─ frontend ─┬─ recommendations (optional)
//	          │            └─ catalog
//	          ├─ search ───── catalog
//	          └─ checkout ─┬─ catalog
//	                       └─ payment
func Services() []Service {
	products := Call{Service: "catalog", Method: "GET", Path: "/products"}
	similar := Call{Service: "recommendations", Method: "GET", Path: "/similar", Optional: true}
	charge := Call{Service: "payment", Method: "POST", Path: "/charge"}
	return []Service{
		{Name: "frontend", Replicas: 4, Work: 120 * time.Millisecond, Exporter: GRPC,
			Routes: []Route{{Method: "GET", Path: "/browse", Calls: []Call{products, similar}}}},
		{Name: "catalog", Replicas: 4, Work: 240 * time.Millisecond, Exporter: HTTP,
			Routes: []Route{{Method: "GET", Path: "/products"}}},
		{Name: "recommendations", Replicas: 4, Work: 300 * time.Millisecond, Exporter: GRPC,
			Routes: []Route{{Method: "GET", Path: "/similar"}}},
		{Name: "search", Replicas: 4, Work: 480 * time.Millisecond, Exporter: HTTP,
			Routes: []Route{{Method: "GET", Path: "/query", Calls: []Call{products}}}},
		{Name: "checkout", Replicas: 2, Work: 180 * time.Millisecond, Exporter: GRPC,
			Routes: []Route{{Method: "POST", Path: "/orders", Calls: []Call{products, charge}}}},
		{Name: "payment", Replicas: 4, Work: 360 * time.Millisecond, Exporter: HTTP,
			Routes: []Route{{Method: "POST", Path: "/charge"}}},
	}
}

// Visits is what the shop's visitors do.
func Visits() []Visit {
	return []Visit{
		{Service: "frontend", Method: "GET", Path: "/browse", Share: 0.45},
		{Service: "search", Method: "GET", Path: "/query", Share: 0.1},
		{Service: "checkout", Method: "POST", Path: "/orders", Share: 0.45},
	}
}
