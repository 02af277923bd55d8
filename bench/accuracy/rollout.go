package accuracy

import "math"

// rollout is how a change reaches the instances of a service.
type rollout struct {
	id         string
	start      int64
	finish     int64   // 0 while it is held
	steps      []int64 // when each instance is replaced, sorted; never when it is held back
	old, fresh []float64
	cold       float64 // a new instance is so much slower at first,
	warm       int64   // for about so many seconds
	warming    warming // what is not over within seconds
	careless   float64 // share of the requests of an instance that fail in the bucket in which it is replaced
	whole      bool    // reported once, when it is complete, instead of at its start too
	other      float64 // factor on the error ratio of the new version: no two versions are quite alike
	harm       harm
}

// never is an instant after every case.
const never = math.MaxInt64

// pace is a way of rolling out.
type pace struct {
	stage  float64 // share of the instances that go first
	wait   int64   // seconds until the rest follows; never when they don't
	during int64   // seconds for the rest
}

func atOnce(r random) pace  { return pace{during: r.seconds(0, 40)} }
func rolling(r random) pace { return pace{during: r.seconds(120, 600)} }
func staged(r random) pace {
	return pace{r.between(0.05, 0.3), r.seconds(600, 1500), r.seconds(0, 180)}
}
func heldBack(r random) pace { return pace{r.between(0.05, 0.3), never, 0} }

// roll plans a rollout over so many instances. Instances are a little different from each other, and the new ones
// are other instances than the old ones.
func roll(r random, id string, start int64, instances int, p pace, differ float64) *rollout {
	o := &rollout{id: id, start: start, other: r.about(2 * differ)}
	version := r.about(differ / 2)
	first := 0
	if p.stage > 0 {
		first = max(1, int(math.Round(p.stage*float64(instances))))
	}
	for i := range instances {
		at := start
		switch {
		case i < first:
		case p.wait == never:
			at = never
		default:
			at = start + p.wait + p.during*int64(i-first)/int64(max(1, instances-first))
		}
		o.steps = append(o.steps, at)
		o.old = append(o.old, r.about(differ))
		o.fresh = append(o.fresh, version*r.about(differ))
	}
	if last := o.steps[instances-1]; last != never {
		o.finish = last
	}
	if r.chance(0.5) {
		o.cold, o.warm = r.between(0.1, 1), r.seconds(10, 40)
	}
	if r.chance(0.3) {
		o.careless = r.spread(0.002, 0.03)
	}
	o.whole = o.finish > 0 && p.stage == 0 && r.chance(0.4)
	return o
}

// half is one version in one bucket.
type half struct {
	share float64 // of the load
	slow  float64
	fails float64 // share of requests that fail for being moved
	more  float64 // errors for being cold, as a multiple of the usual ones
}

// at is the old and the new version in the bucket that begins at an instant; no rollout is all old.
func (o *rollout) at(unix int64) (old, fresh half) {
	if o == nil {
		return half{share: 1, slow: 1}, half{}
	}
	n := float64(len(o.steps))
	for i, step := range o.steps {
		if unix < step {
			old.share, old.slow = old.share+1/n, old.slow+o.old[i]/n
			continue
		}
		slow := o.fresh[i]
		if o.warm > 0 {
			slow *= 1 + o.cold*math.Exp(-float64(unix-step)/float64(o.warm))
		}
		if o.warming.lasts > 0 {
			left := o.warming.left(unix - step)
			slow *= 1 + o.warming.cold*left
			fresh.more += o.warming.errors * left / n
		}
		fresh.share, fresh.slow = fresh.share+1/n, fresh.slow+slow/n
		if unix < step+bucket {
			fresh.fails += o.careless / n
		}
	}
	for _, h := range []*half{&old, &fresh} {
		if h.share > 0 {
			h.slow, h.fails, h.more = h.slow/h.share, h.fails/h.share, h.more/h.share
		}
	}
	return old, fresh
}
