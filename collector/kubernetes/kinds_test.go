package kubernetes

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source/kubernetes"
	"github.com/shipwake/shipwake/correlate"
)

// The workload is called checkout, and at v1.
func TestWhatIsReportedOfStatefulSetsAndDaemonSets(t *testing.T) {
	for name, c := range map[string]struct {
		kind  string
		story func(w *world, s *workload)
		want  string
	}{
		"a rollout of a StatefulSet, and its rollback": {
			"StatefulSet", func(w *world, s *workload) { w.start(); s.roll("checkout:v2"); s.back(0); s.carry() },
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-1:01
			 started rollback checkout v1<-v2 1:01
			 succeeded rollback checkout v1<-v2 1:01-2:01`,
		},
		"a rollout of a DaemonSet, and its rollback": {
			"DaemonSet", func(w *world, s *workload) { w.start(); s.roll("checkout:v2"); s.back(0); s.carry() },
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-1:01
			 started rollback checkout v1<-v2 1:01
			 succeeded rollback checkout v1<-v2 1:01-2:01`,
		},
		"there and back while the daemon is away": {
			"StatefulSet", func(w *world, s *workload) {
				w.stop(w.start())
				s.roll("checkout:v2")
				s.back(0)
				s.carry()
				time.Sleep(time.Hour)
				w.start()
			},
			`started deployment checkout v2<- 0:01
			 started rollback checkout v1<-v2 1:01
			 succeeded rollback checkout v1<-v2 1:01-2:01`,
		},
		"a restart": {
			"StatefulSet", func(w *world, s *workload) {
				w.start()
				s.annotate("kubectl.kubernetes.io/restartedAt", "2026-03-01T10:00:00Z")
				s.carry()
			},
			``,
		},
		"a scaling": {
			"StatefulSet", func(w *world, s *workload) {
				w.start()
				s.wanted = 7
				s.edit(func(spec doc) { spec["replicas"] = 7 })
				s.pods(4, 4)
				s.finish()
			},
			``,
		},
		"a partition that is lowered in the end": {
			"StatefulSet", func(w *world, s *workload) {
				w.start()
				s.image("checkout:v2")
				s.sync()
				s.pods(1, 1)
				time.Sleep(time.Hour)
				s.edit(func(spec doc) { spec["updateStrategy"] = doc{"rollingUpdate": doc{"partition": 0}} })
				s.finish()
			},
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-60:01`,
		},
		"pods that are replaced by hand": {
			"StatefulSet", func(w *world, s *workload) {
				s.edit(func(spec doc) { spec["updateStrategy"] = doc{"type": "OnDelete"} })
				s.finish()
				w.start()
				s.image("checkout:v2")
				s.sync()
				time.Sleep(time.Hour)
				s.pods(1, 1)
				time.Sleep(time.Minute)
				s.finish()
			},
			`started deployment checkout v2<-v1 60:01
			 succeeded deployment checkout v2<-v1 60:01-61:01`,
		},
		"pods that were to be replaced by hand, and weren't": {
			"DaemonSet", func(w *world, s *workload) {
				s.edit(func(spec doc) { spec["updateStrategy"] = doc{"type": "OnDelete"} })
				s.finish()
				w.start()
				s.image("checkout:v2")
				s.sync()
				time.Sleep(time.Hour)
				s.image("checkout:v3")
				s.sync()
				s.finish()
			},
			`started deployment checkout v3<-v2 60:01
			 succeeded deployment checkout v3<-v2 60:01-60:01`,
		},
		"a node that comes later": {
			"DaemonSet", func(w *world, s *workload) {
				w.start()
				s.roll("checkout:v2")
				s.wanted = 5
				s.pods(4, 4)
				time.Sleep(time.Minute)
				s.finish()
			},
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-1:01`,
		},
		"a first start in the middle of a rollout": {
			"DaemonSet", func(w *world, s *workload) {
				s.image("checkout:v2")
				s.sync()
				s.pods(1, 0)
				w.start()
				s.finish()
			},
			`started deployment checkout v2<-v1 0:00
			 succeeded deployment checkout v2<-v1 0:00-0:01`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				s := w.server.create(c.kind, "shop", "checkout", template("checkout=checkout:v1"))
				time.Sleep(3 * time.Hour)
				w.began = time.Now()
				c.story(w, s)
				time.Sleep(time.Minute)
				require.Equal(t, trim(c.want), w.told())
			})
		})
	}
}

func TestADeploymentWithoutADeadlineEndsWhenItsStatusSaysSo(t *testing.T) {
	set := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	var o object
	o.Spec.Replicas = new(int64(3))
	o.Status = status{Replicas: 3, UpdatedReplicas: 3, AvailableReplicas: 3}
	o.Metadata.ManagedFields = []managed{{Subresource: "status", Time: set}, {Time: set.Add(time.Hour)}}
	how, at := progressOfDeployment(o, set.Add(-time.Minute))
	require.Equal(t, correlate.StatusSucceeded, how)
	require.Equal(t, set, at)
}

func TestAConditionThatIsOlderThanTheRolloutIsOfTheOneBefore(t *testing.T) {
	began := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		at   time.Time
		want correlate.Status
	}{
		"older":                    {began.Add(-time.Minute), ""},
		"of the second it began":   {began, ""},
		"ten minutes after that":   {began.Add(10 * time.Minute), correlate.StatusFailed},
		"one second is no less so": {began.Add(time.Second), correlate.StatusFailed},
	} {
		t.Run(name, func(t *testing.T) {
			var o object
			o.Status = status{Replicas: 2, UpdatedReplicas: 1, Conditions: []condition{{Type: "Progressing", Status: "False", Reason: deadlineExceeded, LastUpdateTime: c.at}}}
			how, _ := progressOfDeployment(o, began)
			require.Equal(t, c.want, how)
		})
	}
}

func TestPodTemplates(t *testing.T) {
	base := `{"metadata":{"labels":{"app":"shop"}},"spec":{"containers":[{"name":"a","image":"a:1"}]}}`
	for name, c := range map[string]struct {
		template string
		same     bool
	}{
		"in another order":                   {`{"spec":{"containers":[{"image":"a:1","name":"a"}]},"metadata":{"labels":{"app":"shop"}}}`, true},
		"with what controllers add":          {`{"$patch":"replace","metadata":{"creationTimestamp":null,"labels":{"app":"shop","pod-template-hash":"x"}},"spec":{"containers":[{"name":"a","image":"a:1"}]}}`, true},
		"restarted":                          {`{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"x"},"labels":{"app":"shop"}},"spec":{"containers":[{"name":"a","image":"a:1"}]}}`, true},
		"restarted, with an annotation":      {`{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"x","a":"b"},"labels":{"app":"shop"}},"spec":{"containers":[{"name":"a","image":"a:1"}]}}`, false},
		"with another number":                {`{"metadata":{"labels":{"app":"shop"}},"spec":{"containers":[{"name":"a","image":"a:1"}],"terminationGracePeriodSeconds":30}}`, false},
		"with another image":                 {`{"metadata":{"labels":{"app":"shop"}},"spec":{"containers":[{"name":"a","image":"a:2"}]}}`, false},
		"of something that isn't a template": {`[]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.same, digestOf([]byte(base)) == digestOf([]byte(c.template)))
		})
	}
}

func TestOfAPodTemplateOnlyWhatNamesIsKept(t *testing.T) {
	pod := podOf([]byte(`{
		"metadata": {"labels": {"app": "shop", "pod-template-hash": "x"},
			"annotations": {"resource.opentelemetry.io/service.name": "till", "kubectl.kubernetes.io/default-container": "a", "vault": "canary"}},
		"spec": {"containers": [
			{"name": "a", "image": "a:1", "args": ["--password=canary"], "env": [
				{"name": "PASSWORD", "value": "canary"},
				{"name": "OTEL_RESOURCE_ATTRIBUTES", "value": "service.name=other, service.version=9,secret=canary,deployment.environment.name=$(ENV)"},
				{"name": "OTEL_SERVICE_NAME", "value": "till"},
				{"name": "OTEL_EXPORTER_OTLP_HEADERS", "value": "canary"}]},
			{"name": "b", "image": "b:1", "env": [
				{"name": "OTEL_SERVICE_NAME", "value": "proxy"},
				{"name": "OTEL_RESOURCE_ATTRIBUTES", "value": "service.name=other"},
				{"name": "OTEL_SERVICE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}]}}`))
	require.Equal(t, kubernetes.Pod{
		Labels:      map[string]string{"app": "shop"},
		Annotations: map[string]string{"resource.opentelemetry.io/service.name": "till", "kubectl.kubernetes.io/default-container": "a"},
		Containers: []kubernetes.Container{
			{Name: "a", Image: "a:1", Resource: map[string]string{"service.name": "till", "service.version": "9"}},
			{Name: "b", Image: "b:1", Resource: map[string]string{"service.name": "proxy"}},
		},
	}, pod)
	require.Equal(t, kubernetes.Pod{}, podOf([]byte(`[]`)))
}
