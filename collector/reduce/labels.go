package reduce

import (
	"github.com/shipwake/shipwake/collector/reduce/convention"
	"strings"
)

// labels is what is read of a point's attributes.
type labels struct {
	service, namespace         string // put on the point by a connector, as the next two
	version, environment       string
	subject, exported          string // of span metrics only, see spansOf
	location                   Location
	client, server             string // service graph
	spanKind, spanStatus       string // span metrics
	peerService, serverAddress string // client metrics
	errorType, state           string
	httpRoute, spanName        string
	rpcService, rpcMethod      string
	status                     convention.Status

	// What follows from these.
	zone   string // the name of the location
	failed bool   // the server is to blame: by the protocol's status, else because an error is named
}

// Labels is what the attributes of a point say. It doesn't change, so that one is enough for all points that have them.
type Labels struct {
	attributes []Attribute
	labels     labels
	mark       mark
}

// ReadLabels reads attributes. They are kept, with their strings.
func ReadLabels(attributes []Attribute) *Labels {
	return &Labels{attributes, readLabels(attributes), markOf(attributes)}
}

// readLabels looks at each attribute once. Names with underscores are those of points that went through Prometheus.
func readLabels(attributes []Attribute) labels {
	var l labels
	for i := range attributes {
		l.read(&attributes[i])
	}
	l.zone = clip(l.location.name())
	fault, known := l.status.Fault()
	l.failed = fault || !known && l.errorType != ""
	return l
}

func (l *labels) read(a *Attribute) {
	switch a.Key {
	case "service.name", "service_name":
		l.service = a.Text
	case "service.namespace", "service_namespace":
		l.namespace = a.Text
	case "service":
		l.subject = a.Text
	case "exported_service", "exported_service_name":
		l.exported = a.Text
	case "service.version", "service_version":
		l.version = a.Text
	case "deployment.environment.name", "deployment_environment_name":
		l.environment = a.Text
	case "deployment.environment", "deployment_environment":
		if l.environment == "" {
			l.environment = a.Text
		}
	case "cloud.availability_zone", "cloud_availability_zone":
		l.location.Zone = a.Text
	case "k8s.cluster.name", "k8s_cluster_name":
		l.location.Cluster = a.Text
	case "cloud.region", "cloud_region":
		l.location.Region = a.Text
	case "client":
		l.client = a.Text
	case "server":
		l.server = a.Text
	case "span.kind", "span_kind":
		l.spanKind = a.Text
	case "status.code", "status_code":
		l.spanStatus = a.Text
	case "peer.service", "peer_service":
		l.peerService = a.Text
	case "server.address", "server_address":
		l.serverAddress = a.Text
	case "net.peer.name", "net_peer_name":
		if l.serverAddress == "" {
			l.serverAddress = a.Text
		}
	case "error.type", "error_type":
		l.errorType = a.Text
	case "http.route", "http_route":
		l.httpRoute = a.Text
	case "rpc.service", "rpc_service":
		l.rpcService = a.Text
	case "rpc.method", "rpc_method":
		l.rpcMethod = a.Text
	case "span.name", "span_name":
		l.spanName = a.Text
	case "state", "cpu.mode", "system.memory.state", "cpu_mode":
		l.state = a.Text
	case "http.response.status_code", "http.status_code", "http_response_status_code", "http_status_code":
		l.status.HTTP = a.number()
	case "rpc.grpc.status_code", "rpc_grpc_status_code":
		l.status.RPC, l.status.HasRPC = a.number(), true
	case "rpc.response.status_code", "rpc_response_status_code", "rpc.connect_rpc.error_code", "rpc_connect_rpc_error_code":
		l.status.RPC, l.status.HasRPC = convention.RPCStatus(a.Text)
	}
}

// number is the value as a small whole number; 0 when it isn't one.
func (a *Attribute) number() int {
	if a.IsInt {
		if a.Int < 0 || a.Int > 999 {
			return 0
		}
		return int(a.Int)
	}
	return convention.Code(a.Text)
}

func (l *labels) route() route { return routeNamed(l.httpRoute, l.rpcService, l.rpcMethod, l.spanName) }

func (l *labels) peer() string {
	if l.peerService != "" {
		return clip(l.peerService)
	}
	if l.serverAddress == "" {
		return ""
	}
	return clip(convention.HostName(l.serverAddress))
}

// spansOf is the service whose spans a span metric counts: what the connector calls service.name, Tempo and the Grafana
// Agent service, and a scraper exported_service when its own labels have that name. It is "" when the point doesn't say.
func (l *labels) spansOf() string {
	switch {
	case l.exported != "":
		return l.exported
	case l.service != "":
		return l.service
	}
	return l.subject
}

// serves tells whether a span metric counts requests served.
func (l *labels) serves() bool {
	kind := strings.TrimPrefix(l.spanKind, "SPAN_KIND_")
	return strings.EqualFold(kind, "server") || strings.EqualFold(kind, "consumer")
}

// spanFailed tells whether a span metric counts spans that ended in an error of their server: by the protocol's status if
// that is one of its dimensions, else by the span's.
func (l *labels) spanFailed() bool {
	if fault, known := l.status.Fault(); known {
		return fault
	}
	return strings.EqualFold(strings.TrimPrefix(l.spanStatus, "STATUS_CODE_"), "error")
}
