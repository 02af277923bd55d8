package points_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/prometheus/families"
	"github.com/shipwake/shipwake/collector/prometheus/kube"
	"github.com/shipwake/shipwake/collector/prometheus/points"
	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/correlate"
)

func TestAVersionOfAPod(t *testing.T) {
	const of = `job="j",instance="i",namespace="shop",pod="web-1"`
	const requests = `http_requests_total{` + of + `,container="app",code="200"}`
	const image = `kube_pod_container_info{job="ksm",instance="k",namespace="shop",pod="web-1",container="app",image="r/app:v2"}`
	const digest = `kube_pod_container_info{job="ksm",instance="k",namespace="shop",pod="web-1",container="app",image="r/app@sha256:b7f1"}`
	const owner = `kube_pod_owner{job="ksm",instance="k",namespace="shop",pod="web-1",owner_kind="ReplicaSet",owner_name="web-7d9f"}`
	const set = `kube_replicaset_created{job="ksm",instance="k",namespace="shop",replicaset="web-7d9f"}`
	const start = `process_start_time_seconds{` + of + `}`
	for name, test := range map[string]struct {
		requests string
		told     map[string]float64
		want     string
	}{
		"is the tag of its image":       {requests, map[string]float64{image: 1}, "v2"},
		"goes before that of a process": {requests, map[string]float64{image: 1, start: began}, "v2"},
		"is exported where whoever tells it is a pod itself": {requests, map[string]float64{
			`kube_pod_container_info{job="ksm",instance="k",namespace="monitoring",pod="ksm-1",container="ksm",` +
				`exported_namespace="shop",exported_pod="web-1",exported_container="app",image="r/app:v2"}`: 1,
		}, "v2"},
		"comes behind what the process tells":            {requests, map[string]float64{image: 1, `target_info{` + of + `,service_version="v3"}`: 1}, "v3"},
		"comes behind what the build tells":              {requests, map[string]float64{image: 1, `shop_build_info{` + of + `,version="v4"}`: 1}, "v4"},
		"is when its ReplicaSet was made, without a tag": {requests, map[string]float64{digest: 1, owner: 1, set: began - 500, start: began - 10}, fmt.Sprint("of ", began-500)},
		"is by birth, without either":                    {requests, map[string]float64{digest: 1, start: began - 10}, fmt.Sprint("of ", began-10)},
		"isn't that of those behind a gateway":           {`traefik_service_requests_total{` + of + `,service="shop",code="200"}`, map[string]float64{image: 1}, ""},
		"isn't that of a pod with its name elsewhere":    {`http_requests_total{job="j",instance="i",namespace="test",pod="web-1",container="app",code="200"}`, map[string]float64{image: 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := points.New(points.Options{
				Table: families.NewTable(families.All()), Since: began * 1000, Whole: true,
				Born: func(_, _ string, at int64) string { return fmt.Sprint("of ", at/1000) },
			})
			add(r, twice(map[string]float64{test.requests: 5}))
			for series, value := range test.told {
				add(r, []told{{began + 10, series, value}, {began + 20, series, value}})
			}
			into := reduce.New(reduce.Options{})
			otlp.Metrics(into, r.Advance(math.MaxInt64/2))
			var versions []string
			for _, m := range into.Drain() {
				if m.Kind == correlate.Traffic {
					versions = append(versions, m.Version)
				}
			}
			require.Equal(t, []string{test.want}, versions)
			require.Zero(t, r.Lost())
		})
	}
}

func TestOnlyPodsWithoutAVersionAreAskedFor(t *testing.T) {
	r := reader(true)
	for _, instance := range []string{"a", "b", "c", "d", "e", "f"} {
		add(r, []told{{began + 20, fmt.Sprintf("up{job=\"j\",instance=%q}", instance), 1}})
	}
	add(r, twice(map[string]float64{
		`http_requests_total{job="j",instance="a",namespace="shop",pod="web-2",code="200"}`:                       5,
		`http_requests_total{job="j",instance="b",namespace="shop",pod="web-1",code="200"}`:                       5,
		`http_requests_total{job="j",instance="c",namespace="shop",pod="web-3",code="200",version="v1"}`:          5,
		`http_requests_total{job="j",instance="d",namespace="shop",pod="web-4",code="200"}`:                       5,
		`target_info{job="j",instance="d",service_version="v1"}`:                                                  1,
		`traefik_service_requests_total{job="j",instance="e",namespace="shop",pod="in-1",service="s",code="200"}`: 5,
		`http_requests_total{job="j",instance="f",code="200"}`:                                                    5,
		`kube_pod_container_info{namespace="shop",pod="web-2",container="app",image="r/app@sha256:b7f1"}`:         1,
		`kube_pod_owner{namespace="shop",pod="web-2",owner_kind="ReplicaSet",owner_name="web-7d9f"}`:              1,
	}))
	r.Advance((began + 30) * 1000)
	require.Equal(t, []points.Wanted{
		{Name: kube.Name{Namespace: "shop", Name: "web-1"}},
		{Name: kube.Name{Namespace: "shop", Name: "web-2"}, Known: true, Set: "web-7d9f"},
	}, r.Pods((began+30)*1000))
	require.Empty(t, r.Pods((began+3600)*1000), "they are silent")
}
