package kubernetes

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/source/kubernetes"
)

// revision is one of a workload's pod templates under one of the numbers that it had.
type revision struct {
	number int64
	digest string
	pod    kubernetes.Pod
	// created is when it was made, and set when it was last changed, be it that it got another number or that it was scaled.
	created, set time.Time
	// earlier: it has got a higher number since. Undated: and had a lower one before, so that nothing tells when it got this one.
	earlier, undated bool
	// reused: it had a lower number before.
	reused bool
}

// revisionsOf are the revisions that a ReplicaSet or ControllerRevision is or was.
func revisionsOf(o object) []revision {
	r := revision{number: o.Revision, created: o.Metadata.CreationTimestamp, set: o.set()}
	template := o.Data.Spec.Template
	if template == nil {
		template = o.Spec.Template
		r.number, _ = numberOf(o)
	}
	r.digest, r.pod = digestOf(template), podOf(template)
	var all []revision
	for text := range strings.SplitSeq(o.Metadata.Annotations[historyAnnotation], ",") {
		if number, err := strconv.ParseInt(text, 10, 64); err == nil && number < r.number {
			past := r
			past.number, past.earlier, past.undated = number, true, len(all) > 0
			all = append(all, past)
		}
	}
	r.reused = len(all) > 0
	return append(all, r)
}

// history is a workload's revisions by number. What a ControllerRevision was before isn't told: it was reused when one that is
// younger has a lower number.
type history []revision

func newHistory(all []revision) history {
	slices.SortFunc(all, func(a, b revision) int { return cmp.Compare(a.number, b.number) })
	for i := range all {
		for _, lower := range all[:i] {
			if !lower.earlier && lower.created.After(all[i].created) {
				all[i].reused = true
			}
		}
	}
	return all
}

// latest is the highest number; 0 when there is none.
func (h history) latest() int64 {
	if len(h) == 0 {
		return 0
	}
	return h[len(h)-1].number
}

// upTo leaves out what is later than a workload as it was seen: an event of its own tells that. A Deployment has the number of its
// latest revision; others are found by their pod template.
func (h history) upTo(o object) history {
	number, ok := numberOf(o)
	digest := ""
	if !ok {
		digest = digestOf(o.Spec.Template)
	}
	for i, r := range slices.Backward(h) {
		if ok && r.number <= number || !ok && r.digest == digest {
			return h[:i+1]
		}
	}
	return h
}

// returns tells whether the ith has the template of an earlier one.
func (h history) returns(i int) bool {
	return h[i].reused || slices.ContainsFunc(h[:i], func(r revision) bool { return r.digest == h[i].digest })
}
