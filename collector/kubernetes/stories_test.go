package kubernetes

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// Each story is told to a receiver that runs all the time, and to one that was away from the second line on where the story
// says so by w.away.
func TestWhatIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		story func(w *world, d *workload)
		want  string
	}{
		"a rollout": {
			func(w *world, d *workload) { w.start(); d.roll("checkout:v2") },
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-1:01`,
		},
		"a rollout that fails, and is rolled back": {
			func(w *world, d *workload) {
				w.start()
				d.image("checkout:v2")
				d.sync()
				d.pods(1, 0)
				time.Sleep(10 * time.Minute)
				d.exceed()
				time.Sleep(5 * time.Minute)
				d.back(0)
				d.carry()
			},
			`started deployment checkout v2<-v1 0:01
			 failed deployment checkout v2<-v1 0:01-10:01 ProgressDeadlineExceeded
			 started rollback checkout v1<-v2 15:01
			 succeeded rollback checkout v1<-v2 15:01-16:01`,
		},
		"a rollout that fails, and recovers": {
			func(w *world, d *workload) {
				w.start()
				d.image("checkout:v2")
				d.sync()
				d.pods(1, 0)
				time.Sleep(10 * time.Minute)
				d.exceed()
				time.Sleep(time.Minute)
				d.finish()
			},
			`started deployment checkout v2<-v1 0:01
			 failed deployment checkout v2<-v1 0:01-10:01 ProgressDeadlineExceeded
			 succeeded deployment checkout v2<-v1 0:01-11:01`,
		},
		"a rollout that goes back before it is over": {
			func(w *world, d *workload) {
				w.start()
				d.image("checkout:v2")
				d.sync()
				time.Sleep(time.Minute)
				d.pods(1, 0)
				d.back(0)
				d.carry()
			},
			`started deployment checkout v2<-v1 0:01
			 cancelled deployment checkout v2<-v1 0:01-1:01 superseded
			 started rollback checkout v1<-v2 1:01
			 succeeded rollback checkout v1<-v2 1:01-2:01`,
		},
		"a change that is made while the rollout is paused": {
			func(w *world, d *workload) {
				w.start()
				d.edit(func(spec doc) { spec["paused"] = true })
				d.status(func(s doc) { d.progressing(s, "Unknown", "DeploymentPaused") })
				d.image("checkout:v2")
				d.status(func(s doc) { s["updatedReplicas"] = 0 })
				time.Sleep(time.Hour)
				d.edit(func(spec doc) { spec["paused"] = false })
				d.carry()
			},
			`started deployment checkout v2<-v1 60:01
			 succeeded deployment checkout v2<-v1 60:01-61:01`,
		},
		"a rollout that is paused and goes on": {
			func(w *world, d *workload) {
				w.start()
				d.image("checkout:v2")
				d.sync()
				d.pods(1, 1)
				d.edit(func(spec doc) { spec["paused"] = true })
				d.status(func(s doc) { d.progressing(s, "Unknown", "DeploymentPaused") })
				time.Sleep(time.Hour)
				d.edit(func(spec doc) { spec["paused"] = false })
				d.status(func(s doc) { d.progressing(s, "Unknown", "DeploymentResumed") })
				d.finish()
			},
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-60:01`,
		},
		"a restart, and one of somebody else's": {
			func(w *world, d *workload) {
				w.start()
				d.annotate("kubectl.kubernetes.io/restartedAt", "2026-03-01T10:00:00Z")
				d.carry()
				d.annotate("cattle.io/timestamp", "2026-03-01T10:00:00Z")
				d.carry()
				d.back(0)
				d.carry()
			},
			``,
		},
		"a restart in the middle of a rollout": {
			func(w *world, d *workload) {
				w.start()
				d.image("checkout:v2")
				d.sync()
				d.pods(1, 1)
				d.annotate("kubectl.kubernetes.io/restartedAt", "2026-03-01T10:00:00Z")
				d.carry()
			},
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-1:01`,
		},
		"scalings": {
			func(w *world, d *workload) {
				w.start()
				for _, n := range []int{9, 0, 4} {
					d.edit(func(spec doc) { spec["replicas"] = n })
					d.wanted = n
					time.Sleep(time.Minute)
					d.finish()
				}
			},
			``,
		},
		"an image of a sidecar only": {
			func(w *world, d *workload) {
				w.start()
				d.set(template("checkout=registry.example.com/checkout:v1", "proxy=proxy:2"))
				d.carry()
			},
			`started config checkout v1<-v1 0:01
			 succeeded config checkout v1<-v1 0:01-1:01`,
		},
		"a checksum of the configuration": {
			func(w *world, d *workload) { w.start(); d.annotate("checksum/config", "1"); d.carry() },
			`started config checkout v1<-v1 0:01
			 succeeded config checkout v1<-v1 0:01-1:01`,
		},
		"a workload that is made": {
			func(w *world, _ *workload) {
				w.start()
				w.server.create("Deployment", "shop", "cart", template("cart=cart:7")).roll("cart:8")
			},
			`started deployment cart 7<- 0:01
			 succeeded deployment cart 7<- 0:01-0:01
			 started deployment cart 8<-7 0:01
			 succeeded deployment cart 8<-7 0:01-1:01`,
		},
		"a workload that is deleted in the middle of its rollout, and made again": {
			func(w *world, d *workload) {
				w.start()
				d.image("checkout:v2")
				d.sync()
				time.Sleep(time.Minute)
				d.delete()
				time.Sleep(time.Minute)
				w.server.create("Deployment", "shop", "checkout", template("checkout=checkout:v3"))
			},
			`started deployment checkout v2<-v1 0:01
			 cancelled deployment checkout v2<-v1 0:01-1:01 deleted
			 started deployment checkout v3<- 2:01
			 succeeded deployment checkout v3<- 2:01-2:01`,
		},
		"a daemon that is restarted in the middle of a rollout": {
			func(w *world, d *workload) {
				r := w.start()
				d.image("checkout:v2")
				d.sync()
				time.Sleep(time.Minute)
				w.stop(r)
				d.pods(1, 1)
				w.stop(w.start())
				time.Sleep(time.Minute)
				d.finish()
				time.Sleep(time.Hour)
				w.stop(w.start())
				w.start()
			},
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-2:02`,
		},
		"what happens while the daemon is away": {
			func(w *world, d *workload) {
				w.stop(w.start())
				d.roll("checkout:v2")
				d.annotate("kubectl.kubernetes.io/restartedAt", "2026-03-01T10:00:00Z")
				d.carry()
				d.roll("checkout:v3")
				d.back(1)
				d.carry()
				w.server.create("Deployment", "shop", "cart", template("cart=cart:7"))
				time.Sleep(time.Hour)
				w.start()
			},
			`started deployment cart 7<- 4:01
			 succeeded deployment cart 7<- 4:01-4:01
			 started deployment checkout v2<-v1 0:01
			 started deployment checkout v3<-v2 2:01
			 started rollback checkout v2<-v3 3:01
			 succeeded rollback checkout v2<-v3 3:01-4:01`,
		},
		"a rollout that is deleted while the daemon is away": {
			func(w *world, d *workload) {
				r := w.start()
				d.image("checkout:v2")
				d.sync()
				time.Sleep(time.Minute)
				w.stop(r)
				d.delete()
				time.Sleep(time.Minute)
				w.start()
			},
			`started deployment checkout v2<-v1 0:01
			 cancelled deployment checkout v2<-v1 0:01-2:01 deleted`,
		},
		"a first start in the middle of a rollout": {
			func(w *world, d *workload) {
				d.image("checkout:v2")
				d.sync()
				time.Sleep(time.Minute)
				d.pods(1, 1)
				w.start()
				d.finish()
			},
			`started deployment checkout v2<-v1 0:00
			 succeeded deployment checkout v2<-v1 0:00-1:01`,
		},
		"a first start after a rollout, and beside one that hangs for long": {
			func(w *world, d *workload) {
				d.roll("checkout:v2")
				hung := w.server.create("Deployment", "shop", "cart", template("cart=cart:7"))
				hung.image("cart:8")
				hung.sync()
				hung.exceed()
				time.Sleep(2 * time.Hour)
				w.start()
			},
			``,
		},
		"a watch that the server has forgotten": {
			func(w *world, d *workload) {
				w.start()
				d.image("checkout:v2")
				d.sync()
				w.server.refuse(func(r *http.Request) int {
					if r.URL.Query().Get("watch") != "" {
						return 503
					}
					return 0
				})
				w.server.end(false)
				time.Sleep(time.Minute)
				d.finish()
				d.roll("checkout:v3")
				w.server.end(true)
				w.server.refuse(nil)
				time.Sleep(5 * time.Minute)
				d.roll("checkout:v4")
			},
			`started deployment checkout v2<-v1 0:01
			 started deployment checkout v3<-v2 1:01
			 succeeded deployment checkout v3<-v2 1:01-2:01
			 started deployment checkout v4<-v3 7:01
			 succeeded deployment checkout v4<-v3 7:01-8:01`,
		},
		"watches that end all the time": {
			func(w *world, d *workload) {
				w.start()
				for _, image := range []string{"checkout:v2", "checkout:v3"} {
					d.image(image)
					w.server.end(false)
					d.sync()
					w.server.end(false)
					time.Sleep(time.Minute)
					d.finish()
					w.server.end(false)
					time.Sleep(time.Minute)
				}
			},
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-1:01
			 started deployment checkout v3<-v2 2:01
			 succeeded deployment checkout v3<-v2 2:01-3:01`,
		},
		"events that come twice": {
			func(w *world, d *workload) {
				w.start()
				d.image("checkout:v2")
				w.server.again()
				d.sync()
				w.server.again()
				time.Sleep(time.Minute)
				d.finish()
				w.server.again()
				w.server.again()
			},
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-1:01`,
		},
		"an API server that refuses to list revisions for a while": {
			func(w *world, d *workload) {
				w.start()
				w.server.refuse(func(r *http.Request) int {
					if strings.Contains(r.URL.Path, "replicasets") {
						return 403
					}
					return 0
				})
				d.roll("checkout:v2")
				time.Sleep(10 * time.Minute)
				require.Empty(w.t, w.told())
				w.server.refuse(nil)
				time.Sleep(2 * time.Minute)
			},
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-1:01`,
		},
		"a ledger that takes nothing for ten minutes": {
			func(w *world, d *workload) {
				w.start()
				w.ledger.FailWith(func([]correlate.Entry, *correlate.Move) error { return correlate.ErrUnavailable })
				d.roll("checkout:v2")
				time.Sleep(10 * time.Minute)
				w.ledger.FailWith(nil)
				time.Sleep(2 * time.Minute)
			},
			`started deployment checkout v2<-v1 0:01
			 succeeded deployment checkout v2<-v1 0:01-1:01`,
		},
		"two daemons of one name": {
			func(w *world, d *workload) {
				w.start()
				w.start()
				d.roll("checkout:v2")
				d.roll("checkout:v3")
			},
			`started deployment checkout v2<-v1 0:02
			 succeeded deployment checkout v2<-v1 0:02-1:02
			 started deployment checkout v3<-v2 1:02
			 succeeded deployment checkout v3<-v2 1:02-2:02`,
		},
		"a label by which an old workload comes into sight": {
			func(w *world, d *workload) {
				w.config.LabelSelector = "watched=yes"
				w.start()
				time.Sleep(time.Minute)
				d.o.at("metadata", "labels")["watched"] = "yes"
				w.server.put("deployments", d.o)
				time.Sleep(time.Minute)
				d.roll("checkout:v2")
			},
			`started deployment checkout v2<-v1 2:01
			 succeeded deployment checkout v2<-v1 2:01-3:01`,
		},
		"one namespace of two": {
			func(w *world, d *workload) {
				other := w.server.create("Deployment", "other", "cart", template("cart=cart:7"))
				w.config.Namespaces = []string{"shop"}
				w.start()
				other.roll("cart:8")
				d.roll("checkout:v2")
			},
			`started deployment checkout v2<-v1 1:01
			 succeeded deployment checkout v2<-v1 1:01-2:01`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				c.story(w, w.shop())
				time.Sleep(time.Minute)
				require.Equal(t, trim(c.want), w.told())
			})
		})
	}
}
