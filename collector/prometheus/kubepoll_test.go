package prometheus

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/prometheus/kube"
	"github.com/shipwake/shipwake/collector/prometheus/points"
)

// inCluster runs a test with a server of which scrape records one scrape each 15 s, of so many pods; the pods after the first
// serve from the sixth minute on.
func inCluster(t *testing.T, pods int, tell func(s *fakeServer, at time.Time, i int), test func(s *fakeServer, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		w := newWorld(t, "http://prometheus:9090/prometheus", func(to *client) { to.http.Transport = s })
		for scrape := range 48 {
			time.Sleep(15 * time.Second)
			for i := range pods {
				if i > 0 && scrape < 24 {
					break
				}
				of := fmt.Sprintf(`{namespace="shop",pod="web-%d",container="app"`, i)
				s.scrape(time.Now(), fmt.Sprintf("10.0.0.%d:80", i), map[string]float64{
					`http_requests_total` + of + `,code="200"}`: float64(10 * scrape),
				})
				tell(s, time.Now(), i)
			}
		}
		time.Sleep(time.Minute)
		test(s, w)
	})
}

// image records what kube-state-metrics tells of a pod.
func image(s *fakeServer, at time.Time, labels string) {
	s.scrape(at, "ksm:8080", map[string]float64{`kube_pod_container_info{` + labels + `}`: 1})
}

func TestPodsAreOfTheVersionOfTheirImage(t *testing.T) {
	for name, labels := range map[string]string{
		"with labels of their own":      `namespace="shop",pod="web-%d",container="app",image="r/app:v%d"`,
		"with labels that are exported": `namespace="mon",pod="ksm-0",container="ksm",exported_namespace="shop",exported_pod="web-%d",exported_container="app",image="r/app:v%d"`,
	} {
		t.Run(name, func(t *testing.T) {
			tell := func(s *fakeServer, at time.Time, i int) { image(s, at, fmt.Sprintf(labels, i, i+1)) }
			inCluster(t, 2, tell, func(s *fakeServer, w *world) {
				require.Equal(t, map[string][2]int64{"v1": {470, 0}, "v2": {230, 0}}, w.requests())
				require.LessOrEqual(t, s.kubeQueries(), 14, "each pod at once, and then each five minutes")
			})
		})
	}
}

func TestWithoutKubeStateMetricsNothingElseSuffers(t *testing.T) {
	for name, wrong := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"there is none": nil,
		"it is too much": func(w http.ResponseWriter, r *http.Request) bool {
			kube := strings.Contains(r.FormValue("query"), "kube_")
			if kube {
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
			return kube
		},
	} {
		t.Run(name, func(t *testing.T) {
			tell := func(s *fakeServer, _ time.Time, _ int) { s.fail(wrong) }
			inCluster(t, 2, tell, func(s *fakeServer, w *world) {
				require.Equal(t, map[string][2]int64{"": {700, 0}}, w.requests())
				require.Zero(t, w.lost())
				require.LessOrEqual(t, s.kubeQueries(), 12, "it is asked less and less")
			})
		})
	}
}

func TestABoundedNumberOfPodsIsAskedForAtOnce(t *testing.T) {
	now := time.Now()
	var all []points.Wanted
	for i := range 25 {
		all = append(all, points.Wanted{Name: kube.Name{Namespace: "shop", Name: fmt.Sprintf("web-%02d", i)}, Known: true})
	}
	p := newPodPoll()
	p.most = 10
	ask := func(after time.Duration) (names []string) {
		now = now.Add(after)
		for _, w := range p.due(all, now) {
			names = append(names, w.Name.Name)
			p.asked[w.Name] = now
		}
		return names
	}
	require.Equal(t, "web-00", ask(0)[0])
	require.Equal(t, "web-10", ask(time.Second)[0])
	require.Equal(t, []string{"web-20", "web-21", "web-22", "web-23", "web-24"}, ask(time.Second))
	require.Empty(t, ask(time.Minute))
	require.Equal(t, "web-00", ask(podsAgain - time.Minute)[0])
	all[7].Known = false
	require.Equal(t, []string{"web-07"}, func() []string { all = all[7:8]; return ask(podsSoon) }())
	require.Len(t, p.asked, 1, "those that are gone are forgotten")
}

func TestACheckTellsTheVersionsOfPods(t *testing.T) {
	s := newFakeServer()
	const pod = `namespace="shop",pod="web-1",container="app"`
	for _, at := range []time.Time{time.Now().Add(-2 * time.Minute), time.Now().Add(-time.Minute)} {
		s.scrape(at, "10.0.0.1:80", map[string]float64{`http_requests_total{` + pod + `,code="200"}`: 1})
		s.scrape(at, "10.0.0.2:80", map[string]float64{`http_requests_total{namespace="shop",pod="web-2",code="200"}`: 1})
		image(s, at, pod+`,image="r/app:v2"`)
		image(s, at, `namespace="shop",pod="web-2",container="app",image="r/app:v3"`)
	}
	server := httptest.NewServer(s)
	defer server.Close()
	cfg, err := configured(t, map[string]any{"endpoint": server.URL + "/prometheus"})
	require.NoError(t, err)
	r, err := Check(t.Context(), &cfg.Servers[0])
	require.NoError(t, err)
	require.Len(t, r.Services, 1)
	require.Equal(t, []string{"v2", "v3"}, r.Services[0].Versions)
	require.Equal(t, 2, r.Services[0].Processes)
}
