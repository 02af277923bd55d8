package kubernetes

import (
	"encoding/json"
	"hash/fnv"
	"maps"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/source/kubernetes"
)

// seen is what was reported of a workload.
type seen struct {
	UID string `json:"uid"`
	// Mark is the kind's mark of when its revisions were looked up, and Revision the latest of them.
	Mark     int64 `json:"mark"`
	Revision int64 `json:"revision"`
	// Open is the rollout that is under way.
	Open *rollout `json:"open,omitempty"`
}

// rollout is one that isn't over.
type rollout struct {
	kubernetes.Rollout
	Workload  kubernetes.Workload `json:"workload"`
	StartedAt time.Time           `json:"started_at"`
	// Waits: nothing was reported, since pods are replaced by hand and none was.
	Waits bool `json:"waits,omitempty"`
	// Failed was reported; it may still recover.
	Failed bool `json:"failed,omitempty"`
}

// shards is how many cursors hold what was seen, so that a report writes little, and a start reads little.
const shards = 64

// slack is how far the clocks of a cluster's API servers may be apart.
const slack = 5 * time.Minute

// shard is a part of what was seen, with a cursor of its own.
type shard struct {
	// AsOf is, by what the keys of a kind in a scope begin with, until when everything was seen, by the cluster's clock: what is
	// older and isn't here was not watched then.
	AsOf map[string]time.Time `json:"as_of"`
	// Workloads by key.
	Workloads map[string]seen `json:"workloads"`

	known bool   // held is what the ledger holds
	held  []byte // the cursor
	dirty bool   // there is more than it says
}

// keyOf is a workload's place: the kind, the namespace, the name.
func keyOf(k kind, namespace, name string) string { return k.name + "/" + namespace + "/" + name }

// under is what the keys of a kind in a scope begin with.
func under(k kind, scope string) string {
	if scope == "" {
		return k.name + "/"
	}
	return k.name + "/" + scope + "/"
}

func shardOf(key string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum32() % shards)
}

// load takes over a cursor; there is none at a first start.
func (s *shard) load(cursor []byte) error {
	loaded := shard{Workloads: map[string]seen{}, known: true, held: cursor, dirty: len(cursor) == 0}
	if len(cursor) > 0 {
		if err := json.Unmarshal(cursor, &loaded); err != nil {
			return err
		}
	}
	*s = loaded
	return nil
}

// with is the cursor when a workload is known as next; nil when it is gone.
func (s *shard) with(key string, next *seen, asOf map[string]time.Time) (shard, []byte, error) {
	after := *s
	after.Workloads = make(map[string]seen, len(s.Workloads)+1)
	maps.Copy(after.Workloads, s.Workloads)
	after.set(key, next)
	after.AsOf, after.dirty = asOf, false
	cursor, err := json.Marshal(after)
	after.AsOf, after.held = nil, cursor
	return after, cursor, err
}

func (s *shard) set(key string, next *seen) {
	if next == nil {
		delete(s.Workloads, key)
		return
	}
	s.Workloads[key] = *next
}

// missing are the keys below a prefix that aren't among those present.
func (s *shard) missing(prefix string, present map[string]bool) []string {
	var keys []string
	for key := range s.Workloads {
		if strings.HasPrefix(key, prefix) && !present[key] {
			keys = append(keys, key)
		}
	}
	return keys
}
