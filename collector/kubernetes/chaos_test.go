package kubernetes

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source/kubernetes"
	"github.com/shipwake/shipwake/correlate"
)

// done is a rollout as it was played.
type done struct {
	version   string
	began     time.Time
	ended     map[correlate.Status]time.Time
	restarted bool // after its end
}

// played is a workload with its rollouts by revision, of which the first isn't told.
type played struct {
	*workload
	name     string
	rollouts map[int64]*done
	latest   int64
	going    bool
}

func (p *played) begin(version string) {
	p.sync()
	p.latest, p.going = int64(p.count), true
	p.rollouts[p.latest] = &done{version: version, began: time.Now(), ended: map[correlate.Status]time.Time{}}
}

func (p *played) end(status correlate.Status, step func()) {
	step()
	if p.going && p.latest > 0 {
		p.rollouts[p.latest].ended[status] = time.Now()
	}
	if status == correlate.StatusSucceeded {
		p.going = false
	}
}

// act does something to a workload.
func (p *played) act(random *rand.Rand, n int) {
	switch action := random.IntN(10); {
	case action < 3:
		version := fmt.Sprintf("v%d", n+1)
		p.image(p.name + ":" + version)
		p.begin(version)
	case action < 6 && p.going:
		p.end(correlate.StatusSucceeded, p.finish)
	case action == 6 && p.going && p.kind.name == "Deployment" && p.rolled(correlate.StatusFailed).IsZero() && time.Since(p.rollouts[p.latest].began) > time.Second:
		p.end(correlate.StatusFailed, p.exceed)
	case action == 7 && !p.going:
		if r := p.rollouts[p.latest]; r != nil {
			r.restarted = true
		}
		p.annotate("kubectl.kubernetes.io/restartedAt", fmt.Sprint(n))
		p.sync()
		p.finish()
	case action == 8 && !p.going:
		p.wanted = 2 + random.IntN(5)
		p.edit(func(spec doc) { spec["replicas"] = p.wanted })
		p.finish()
	case p.going:
		p.pods(p.wanted/2, 0)
	}
}

func (p *played) rolled(status correlate.Status) time.Time {
	if r := p.rollouts[p.latest]; r != nil {
		return r.ended[status]
	}
	return time.Time{}
}

// Receivers come and go, watches end and are forgotten, and the API server and the ledger fail, in random order while there are
// rollouts. Each is told once, with its own times; the end of the last one of each workload is known.
func TestNothingIsLostOrDoubledInAChaosOfReceivers(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { chaos(t, rand.New(rand.NewPCG(seed, 13))) })
		})
	}
}

func chaos(t *testing.T, random *rand.Rand) {
	w := newWorld(t)
	var all []*played
	for i, kind := range []string{"Deployment", "Deployment", "StatefulSet", "DaemonSet"} {
		name := fmt.Sprintf("w%d", i)
		all = append(all, &played{workload: w.server.create(kind, "shop", name, template(name+"="+name+":v0")), name: name, rollouts: map[int64]*done{}})
	}
	time.Sleep(3 * time.Hour)
	running := []*watching{w.start()}
	for n := range 60 {
		all[random.IntN(len(all))].act(random, n)
		time.Sleep(time.Duration(random.IntN(40)) * time.Second)
		switch random.IntN(14) {
		case 0:
			w.server.end(false)
		case 1:
			w.server.end(true)
		case 2:
			w.server.again()
		case 3:
			w.stop(running[0])
			running = running[1:]
		case 4:
			w.server.refuse(func(r *http.Request) int { return []int{0, 500, 503, 429, 403}[len(r.URL.String())%5] })
		case 5:
			w.ledger.FailWith(func([]correlate.Entry, *correlate.Move) error { return correlate.ErrUnavailable })
		}
		if random.IntN(4) == 0 {
			w.server.refuse(nil)
			w.ledger.FailWith(nil)
		}
		if len(running) == 0 || len(running) < 2 && random.IntN(12) == 0 {
			running = append(running, w.start())
		}
	}
	w.server.refuse(nil)
	w.ledger.FailWith(nil)
	time.Sleep(10 * time.Minute)
	requirePlayed(t, w, all)
}

// requirePlayed compares what was told with what was played.
func requirePlayed(t *testing.T, w *world, all []*played) {
	told := map[string]map[correlate.Status]kubernetes.Report{}
	for _, e := range w.ledger.Entries() {
		var r kubernetes.Report
		require.NoError(t, json.Unmarshal(e.Body, &r))
		key := fmt.Sprintf("%s/%d", r.Workload.Name, r.Revision)
		if told[key] == nil {
			told[key] = map[correlate.Status]kubernetes.Report{}
		}
		require.NotContains(t, told[key], r.Status, "%s is told twice", key)
		told[key][r.Status] = r
	}
	number := 0
	for _, p := range all {
		for revision, d := range p.rollouts {
			key := fmt.Sprintf("%s/%d", p.name, revision)
			number++
			started, ok := told[key][correlate.StatusStarted]
			require.True(t, ok, "%s isn't told", key)
			require.Equal(t, p.name+":"+d.version, started.Pod.Containers[0].Image)
			require.Equal(t, d.began.Truncate(time.Second).UTC(), started.StartedAt, key)
			for status, r := range told[key] {
				ended := d.ended[status].Truncate(time.Second).UTC()
				switch {
				case status != correlate.StatusSucceeded && status != correlate.StatusFailed:
				case p.kind.name == "Deployment" && !d.restarted:
					require.Equal(t, ended, r.FinishedAt, "%s %s", key, status)
				default: // when its status was set last, or the restart was over
					require.Contains(t, d.ended, status, key)
					require.False(t, r.FinishedAt.Before(ended), "%s %s", key, status)
				}
			}
			if revision == p.latest {
				_, succeeded := told[key][correlate.StatusSucceeded]
				require.Equal(t, !p.going, succeeded, "%s is the last, and its end is known", key)
				require.NotContains(t, told[key], correlate.StatusCancelled)
			}
		}
	}
	require.Len(t, told, number, "nothing else is told")
}
