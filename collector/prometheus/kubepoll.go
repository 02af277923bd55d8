package prometheus

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/prometheus/kube"
	"github.com/shipwake/shipwake/collector/prometheus/points"
)

// Bounds of what is asked of kube-state-metrics.
const (
	podsAgain   = 5 * time.Minute // after that a pod is asked for again
	podsSoon    = time.Minute     // likewise, when nothing was told since its process began
	mostPods    = 300             // in one query
	leastPods   = 10              //
	podsTimeout = 10 * time.Second
	podsWidth   = 6 * 60_000 // of the samples, in milliseconds: more than there is between two queries
)

// podPoll asks now and then for the pods whose processes tell no version, a bounded number at once.
type podPoll struct {
	asked    map[kube.Name]time.Time
	most     int
	next     time.Time // nothing is asked before
	failures int
	exported bool // see askForPods
}

func newPodPoll() podPoll { return podPoll{asked: map[kube.Name]time.Time{}, most: mostPods} }

// due is the pods to ask for, those that never were before others.
func (p *podPoll) due(all []points.Wanted, now time.Time) []points.Wanted {
	asked := map[kube.Name]time.Time{}
	var due []points.Wanted
	for _, w := range all {
		at, known := p.asked[w.Name]
		if known {
			asked[w.Name] = at
		}
		if age := now.Sub(at); !known || age >= podsAgain || age >= podsSoon && (!w.Known || w.Set != "") {
			due = append(due, w)
		}
	}
	p.asked = asked // others are gone
	slices.SortStableFunc(due, func(a, b points.Wanted) int { return asked[a.Name].Compare(asked[b.Name]) })
	return due[:min(len(due), p.most)]
}

// pods asks for what is due. That it fails is no reason not to go on.
func (s *server) pods(ctx context.Context, to int64) {
	p, now := &s.poll, time.Now()
	if now.Before(p.next) {
		return
	}
	due := p.due(s.reader.Pods(to), now)
	if len(due) == 0 {
		return
	}
	for _, w := range due {
		p.asked[w.Name] = now
	}
	ctx, cancel := context.WithTimeout(ctx, podsTimeout)
	defer cancel()
	found, err := s.askForPods(ctx, due, to, &p.exported, func(one series) { give(s.reader, one) })
	switch {
	case err == nil && found:
		p.most, p.failures, p.next = min(2*p.most, mostPods), 0, time.Time{}
		return
	case err != nil && tooMuch(err):
		p.most = max(p.most/2, leastPods)
	}
	s.log.Debug("kube-state-metrics tells nothing of the pods that tell no version", zap.Int("pods", len(due)), zap.Error(err))
	p.next = now.Add(min(podsSoon<<min(p.failures, 10), 2*podsAgain))
	p.failures++
}

// askForPods asks for pods, and for the ReplicaSets that are to be asked for as well. What is told may have the prefix exported_,
// since the labels of who tells it go before: exported is whether it did the last time.
func (c *client) askForPods(ctx context.Context, due []points.Wanted, to int64, exported *bool, tell func(series)) (found bool, err error) {
	var names, sets []string
	for _, w := range due {
		names = append(names, w.Name.Name)
		if w.Set != "" {
			sets = append(sets, w.Set)
		}
	}
	for range 2 {
		label := "pod"
		if *exported {
			label = "exported_pod"
		}
		if found, err = c.tellOf(ctx, "kube_pod_container_info|kube_pod_owner", label, names, to, tell); err != nil || found {
			break
		}
		*exported = !*exported
	}
	if err == nil && len(sets) > 0 {
		_, err = c.tellOf(ctx, "kube_replicaset_created", "replicaset", sets, to, tell)
	}
	return found, err
}

// tellOf tells of the series of some metrics that have one of some values in a label.
func (c *client) tellOf(ctx context.Context, metrics, label string, values []string, to int64, tell func(series)) (found bool, err error) {
	slices.Sort(values)
	values = slices.Compact(values)
	for i := range values {
		values[i] = regexp.QuoteMeta(values[i])
	}
	selector := fmt.Sprintf("{__name__=~%q,%s=~%s}", metrics, label, strconv.Quote(strings.Join(values, "|")))
	all, _, err := c.window(ctx, selector, to, podsWidth)
	for _, one := range all {
		tell(one)
	}
	return len(all) > 0, err
}
