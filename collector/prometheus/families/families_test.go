package families

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// parse reads name{a="b",c="d"}.
func parse(t *testing.T, text string) Labels {
	t.Helper()
	name, rest, _ := strings.Cut(strings.TrimSuffix(text, "}"), "{")
	l := []Label{{MetricName, name}}
	for _, pair := range strings.Split(rest, ",") {
		if pair == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		require.True(t, ok, text)
		l = append(l, Label{key, strings.Trim(value, `"`)})
	}
	return Sorted(l)
}

// meaning is what is read of a series.
type meaning struct {
	family, namespace, service, version, route string
	role                                       Role
	unit                                       string
	ended                                      Ended
}

func TestWhatASeriesIs(t *testing.T) {
	for series, want := range map[string]meaning{
		`http_server_request_duration_seconds_bucket{job="shop/cart",le="0.1",http_route="/buy",http_response_status_code="503"}`: {
			"otel-http", "shop", "cart", "", "/buy", Bucket, "s", Ended{HTTP: 503}},
		`http.server.request.duration_count{job="cart",http.route="/buy",http.response.status_code="200",error.type="timeout"}`: {
			"otel-http", "", "cart", "", "/buy", Count, "s", Ended{HTTP: 200, Failed: true}},
		`http_server_request_duration_seconds_sum{job="cart",http_response_status_code="404",error_type="404"}`: {
			"otel-http", "", "cart", "", "", Sum, "s", Ended{HTTP: 404}},
		`http_server_duration_milliseconds_bucket{service_name="cart",service_namespace="shop",le="5",http_status_code="200"}`: {
			"otel-http-old", "shop", "cart", "", "", Bucket, "ms", Ended{HTTP: 200}},
		`rpc_server_duration_seconds_bucket{job="cart",rpc_method="Buy",rpc_grpc_status_code="14",le="5"}`: {
			"otel-rpc-old", "", "cart", "", "Buy", Bucket, "s", Ended{RPC: 14, HasRPC: true}},
		`http_server_requests_seconds_count{job="k8s",application="cart",uri="/buy/{id}",status="500"}`: {
			"spring", "", "cart", "", "/buy/{id}", Count, "s", Ended{HTTP: 500}},
		`grpc_server_handled_total{job="cart",grpc_method="Buy",grpc_code="DeadlineExceeded"}`: {
			"grpc", "", "cart", "", "Buy", Requests, "", Ended{RPC: 4, HasRPC: true}},
		`http_requests_total{job="cart",code="5xx",handler="/buy",version="v7"}`: {
			"http", "", "cart", "v7", "/buy", Requests, "", Ended{HTTP: 500}},
		`http_request_duration_seconds_bucket{app="cart",job="pods",le="1",status="2xx"}`: {
			"http", "", "cart", "", "", Bucket, "s", Ended{HTTP: 200}},
		`istio_requests_total{reporter="destination",destination_canonical_service="cart",destination_canonical_revision="v2",destination_version="unknown",response_code="200",grpc_response_status="13"}`: {
			"istio", "", "cart", "v2", "", Requests, "", Ended{RPC: 13, HasRPC: true}},
		`istio_requests_total{reporter="destination",destination_canonical_service="cart",destination_canonical_revision="latest",response_code="0"}`: {
			"istio", "", "cart", "", "", Requests, "", Ended{Left: true}},
		`response_total{direction="inbound",deployment="cart",pod_template_hash="6f9",classification="failure"}`: {
			"linkerd", "", "cart", "6f9", "", Requests, "", Ended{Failed: true}},
		`envoy_cluster_upstream_rq_xx{envoy_cluster_name="cart",envoy_response_code_class="5"}`: {
			"envoy", "", "cart", "", "", Requests, "", Ended{HTTP: 500}},
		`traefik_service_requests_total{service="cart@docker",code="499",job="traefik"}`: {
			"traefik", "", "cart", "", "", Requests, "", Ended{Left: true}},
		`nginx_ingress_controller_requests{exported_service="cart",service="ingress",path="/buy",status="502"}`: {
			"nginx-ingress", "", "cart", "", "/buy", Requests, "", Ended{HTTP: 502}},
		`traces_span_metrics_calls_total{span_kind="SPAN_KIND_SERVER",service_name="cart",job="otel",span_name="buy",status_code="STATUS_CODE_ERROR"}`: {
			"spanmetrics", "", "cart", "", "buy", Requests, "", Ended{Failed: true}},
		`traces_spanmetrics_latency_bucket{span_kind="SPAN_KIND_SERVER",service="cart",span_name="buy",status_code="STATUS_CODE_UNSET",le="2"}`: {
			"tempo", "", "cart", "", "buy", Bucket, "s", Ended{}},
	} {
		t.Run(series, func(t *testing.T) {
			l := parse(t, series)
			table := NewTable(All())
			told, ok := table.Find(l)
			require.True(t, ok)
			f := table.Row(told.Row)
			namespace, service := f.ServiceOf(l)
			ended, known := f.EndedOf(l)
			require.True(t, known)
			require.Equal(t, want, meaning{f.Name, namespace, service, f.VersionOf(l), f.RouteOf(l), told.Role, told.Unit, ended})
		})
	}
}

func TestWhatIsNotCounted(t *testing.T) {
	for series, why := range map[string]string{
		`istio_requests_total{reporter="source",destination_canonical_service="cart"}`:      "the caller counts the same again",
		`response_total{direction="outbound",deployment="cart"}`:                            "likewise",
		`traces_span_metrics_calls_total{span_kind="SPAN_KIND_CLIENT",service_name="cart"}`: "likewise",
		`http_server_requests_seconds_count{application="cart",uri="/actuator/health"}`:     "a probe",
		`http_requests_total{job="cart",handler="/metrics",code="200"}`:                     "a scrape",
		`http_requests_total{job="cart",path="/-/ready",code="200"}`:                        "a probe",
		`job:http_requests:rate5m{job="cart"}`:                                              "a recording rule",
		`go_gc_duration_seconds_count{job="cart"}`:                                          "no requests",
		`hubble_http_requests_total{reporter="client",destination="cart"}`:                  "the caller counts the same again",
	} {
		_, ok := NewTable(All()).Find(parse(t, series))
		require.False(t, ok, "%s: %s", series, why)
	}
}

func TestEveryFamilyCanBeUsed(t *testing.T) {
	names := map[string]bool{}
	for _, f := range All() {
		require.False(t, names[f.Name], f.Name)
		names[f.Name] = true
		require.True(t, f.Counter != "" || len(f.Durations) > 0, f.Name)
		require.NotEmpty(t, f.Status, "%s: without a status nothing ever fails", f.Name)
		for _, d := range f.Durations {
			require.Contains(t, []string{"s", "ms"}, d.Unit, f.Name)
		}
	}
}

func TestLabels(t *testing.T) {
	l := Sorted([]Label{{"b.c", "1"}, {"a", "latest"}, {MetricName, "x.y"}})
	require.Equal(t, Labels{{MetricName, "x_y"}, {"a", "latest"}, {"b_c", "1"}}, l)
	require.Equal(t, "1", l.First("a", "none", "b_c"))
	require.Equal(t, Labels{{"a", "latest"}}, l.Without(MetricName, "b_c"))
	require.NotEqual(t, Labels{{"a", "bc"}}.Key(), Labels{{"ab", "c"}}.Key())
}
