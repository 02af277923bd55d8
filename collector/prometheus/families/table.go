package families

import (
	"regexp"
	"slices"
)

func only(label, values string) map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{label: regexp.MustCompile("^(?:" + values + ")$")}
}

func seconds(names ...string) (all []Duration) {
	for _, name := range names {
		all = append(all, Duration{name, "s"})
	}
	return all
}

func milliseconds(names ...string) (all []Duration) {
	for _, name := range names {
		all = append(all, Duration{name, "ms"})
	}
	return all
}

// All is every family that is known, in the order of preference. Each call makes a new list.
func All() []Family { return slices.Concat(applications(), sidecars(), spans(), gateways()) }

// applications count what they serve themselves.
func applications() []Family {
	all := slices.Concat(otel(), libraries())
	for i := range all {
		all[i].Own = true
	}
	return all
}

// otel is the semantic conventions, newest first. Where nothing puts a unit into the names they have none.
func otel() []Family {
	http := []string{"http_response_status_code", "http_status_code", "error_type"}
	rpc := []string{"rpc_response_status_code", "rpc_grpc_status_code", "rpc_status_code", "error_type"}
	return []Family{
		{
			Name: "otel-http", Protocol: HTTP, Route: []string{"http_route"}, Status: http,
			Durations: seconds("http_server_request_duration_seconds", "http_server_request_duration"),
		},
		{
			Name: "otel-http-old", Protocol: HTTP, Route: []string{"http_route"}, Status: http,
			Durations: append(milliseconds("http_server_duration_milliseconds", "http_server_duration"), seconds("http_server_duration_seconds")...),
		},
		{
			Name: "otel-rpc", Protocol: RPC, Route: []string{"rpc_method"}, Status: rpc,
			Durations: seconds("rpc_server_call_duration_seconds", "rpc_server_call_duration"),
		},
		{
			Name: "otel-rpc-old", Protocol: RPC, Route: []string{"rpc_method"}, Status: rpc,
			Durations: append(milliseconds("rpc_server_duration_milliseconds", "rpc_server_duration"), seconds("rpc_server_duration_seconds")...),
		},
	}
}

func libraries() []Family {
	return []Family{
		{
			Name: "spring", Protocol: HTTP, Durations: seconds("http_server_requests_seconds"),
			Service: []string{"application"}, Route: []string{"uri"}, Status: []string{"status"},
		},
		{
			Name: "grpc", Protocol: RPC, Counter: "grpc_server_handled_total", Durations: seconds("grpc_server_handling_seconds"),
			Route: []string{"grpc_method"}, Status: []string{"grpc_code"},
		},
		{
			Name: "starlette", Protocol: HTTP, Counter: "starlette_requests_total", Durations: seconds("starlette_requests_processing_time_seconds"),
			Route: []string{"path_template", "path"}, Status: []string{"status_code"},
		},
		{
			Name: "flask", Protocol: HTTP, Counter: "flask_http_request_total", Durations: seconds("flask_http_request_duration_seconds"),
			Route: []string{"path", "url_rule"}, Status: []string{"status"},
		},
		{
			Name: "http", Protocol: HTTP, Counter: "http_requests_total", Durations: seconds("http_request_duration_seconds"),
			Route: []string{"route", "handler", "path"}, Status: []string{"code", "status_code", "status"},
		},
	}
}

// sidecars count for one workload each.
func sidecars() []Family {
	return []Family{
		{
			Name: "istio", Counter: "istio_requests_total", Durations: milliseconds("istio_request_duration_milliseconds"),
			Service: []string{"destination_canonical_service", "destination_workload", "destination_service_name"},
			Version: []string{"destination_version", "destination_canonical_revision"},
			Status:  []string{"grpc_response_status", "response_code"}, Only: only("reporter", "destination|waypoint"),
		},
		{
			Name: "linkerd", Counter: "response_total", Durations: milliseconds("response_latency_ms"),
			Service: []string{"deployment", "statefulset", "daemonset"}, Version: []string{"pod_template_hash"},
			Status: []string{"classification"}, Only: only("direction", "inbound"),
		},
		{
			Name: "hubble", Protocol: HTTP, Counter: "hubble_http_requests_total", Durations: seconds("hubble_http_request_duration_seconds"),
			Service: []string{"destination_workload", "destination_app", "destination"}, Status: []string{"status"}, Only: only("reporter", "server"),
		},
		{
			Name: "knative", Counter: "revision_app_request_count", Durations: milliseconds("revision_app_request_latencies"),
			Service: []string{"service_name"}, Version: []string{"revision_name"}, Status: []string{"response_code"},
		},
	}
}

// spans are what connectors make of them: of whoever sends spans, and as many as are sampled.
func spans() []Family {
	row := func(name, counter string, durations []Duration) Family {
		return Family{
			Name: name, Counter: counter, Durations: durations,
			Service: []string{"exported_service", "service_name", "service"}, Route: []string{"http_route", "span_name"},
			Status: []string{"http_response_status_code", "http_status_code", "rpc_grpc_status_code", "status_code"},
			Only:   only("span_kind", "(?i:SPAN_KIND_)?(?i:SERVER|CONSUMER)"),
		}
	}
	return []Family{
		row("spanmetrics", "traces_span_metrics_calls_total",
			append(milliseconds("traces_span_metrics_duration_milliseconds"), seconds("traces_span_metrics_duration_seconds")...)),
		row("tempo", "traces_spanmetrics_calls_total", seconds("traces_spanmetrics_latency")),
	}
}

// gateways count for those behind them.
func gateways() []Family {
	service := []string{"exported_service", "service"}
	return []Family{
		{
			Name: "traefik", Protocol: HTTP, Counter: "traefik_service_requests_total", Durations: seconds("traefik_service_request_duration_seconds"),
			Service: service, Status: []string{"code"},
		},
		{
			Name: "nginx-ingress", Protocol: HTTP, Counter: "nginx_ingress_controller_requests",
			Durations: seconds("nginx_ingress_controller_request_duration_seconds"),
			Service:   service, Route: []string{"path"}, Status: []string{"status"},
		},
		{
			Name: "kong", Protocol: HTTP, Counter: "kong_http_requests_total", Durations: milliseconds("kong_request_latency_ms"),
			Service: service, Route: []string{"route"}, Status: []string{"code"},
		},
		{
			Name: "haproxy", Protocol: HTTP, Counter: "haproxy_backend_http_responses_total",
			Service: []string{"route", "proxy"}, Status: []string{"code"},
		},
		{
			Name: "envoy", Counter: "envoy_cluster_upstream_rq_xx", Durations: milliseconds("envoy_cluster_upstream_rq_time"),
			Service: []string{"envoy_cluster_name"}, Status: []string{"envoy_response_code_class"},
		},
	}
}
