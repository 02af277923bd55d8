package counts

// Target is a process that is scraped. Times are Unix milliseconds.
type Target struct {
	first  int64            // its first scrape that we know of; 0: none
	newest int64            // its newest
	last   map[string]int64 // by each replica
	every  int64            // the shortest time between two scrapes that were read one after the other; 0: unknown
	starts Timeline[int64]  // when its process began
	reads  string           // the replica that is listened to; "" when there are none
	heard  int64            // when that was heard last
}

// awayAfter is how long a target may be silent before it is as new as at first, in milliseconds. It is less than groups are
// remembered for: none of the same process comes back as a new child.
const awayAfter = forgetAfter / 2

// mostReplicas bounds the servers that are told apart.
const mostReplicas = 16

// Scraped notes that the target answered a scrape of a replica.
func (t *Target) Scraped(at int64, replica string) {
	if t.first == 0 || at < t.first || at > t.newest+awayAfter {
		t.first = at
	}
	t.newest = max(t.newest, at)
	last, known := t.last[replica]
	if gap := at - last; known && gap > 0 && (t.every == 0 || gap < t.every) {
		t.every = gap
	}
	if t.last == nil {
		t.last = map[string]int64{}
	}
	if known || len(t.last) < mostReplicas {
		t.last[replica] = max(last, at)
	}
}

// Started notes, as of a scrape, when the process began.
func (t *Target) Started(at, began int64) { t.starts.Note(at, began) }

// Newest is the newest scrape; 0 before the first.
func (t *Target) Newest() int64 { return t.newest }

// Every is how long it is from one scrape to the next; 0 while that is unknown.
func (t *Target) Every() int64 { return t.every }

// Began is when the process began that was scraped at an instant; 0 when that is unknown.
func (t *Target) Began(at int64) int64 {
	began, _ := t.starts.At(at)
	return began
}

// listens says whether a sample of a replica counts. Replicas of one Prometheus scrape the same process at different instants,
// so one of them is listened to until it has been silent for two scrapes.
func (t *Target) listens(replica string, at int64) bool {
	switch {
	case t.heard == 0:
		t.reads = replica
	case replica != t.reads && at-t.heard <= 2*t.every:
		return false
	case replica != t.reads:
		t.reads = replica
	}
	t.heard = max(t.heard, at)
	return true
}

// Forget drops what nobody asks for after an instant.
func (t *Target) Forget(before int64) { t.starts.Forget(before) }
