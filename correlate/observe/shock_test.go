package observe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
)

// troubled is a shop that was changed and fails since, with what it calls, and services that nobody near it calls.
func troubled(t *testing.T, failing map[string]int64) *world {
	w := newWorld(t)
	for at := int64(-3600); at < 900; at += 10 {
		w.call("shop", "db", at)
		for _, name := range []string{"shop", "db", "far", "other"} {
			errors := int64(2)
			if at >= 100 {
				errors += failing[name]
			}
			w.measure(correlate.Key{Service: name, Kind: correlate.Traffic}, at, correlate.Cell{Requests: 1000, Errors: errors})
		}
	}
	w.change("c1", "shop", "v2", 0)
	return w
}

func fault() Fault { return Fault{Place: place("shop"), Signal: "error_ratio", Onset: now(100)} }

func TestBystandersAreThoseThatGotWorseToo(t *testing.T) {
	for name, c := range map[string]struct {
		failing map[string]int64
		want    []string
	}{
		"nobody else":                         {map[string]int64{"shop": 100}, nil},
		"what it depends on":                  {map[string]int64{"shop": 100, "db": 100}, []string{"db"}},
		"a service that has nothing to do":    {map[string]int64{"shop": 100, "far": 100}, []string{"far"}},
		"everybody but the one that changed":  {map[string]int64{"shop": 100, "db": 100, "far": 100, "other": 100}, []string{"db", "far", "other"}},
		"what gets worse a little is no news": {map[string]int64{"shop": 100, "far": 0}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := troubled(t, c.failing)
			around := NewAround(now(900), map[correlate.Place]int64{place("db"): now(0)})
			all, own, _ := w.Bystanders(w.view(900), fault(), around)
			var names []string
			for _, b := range all {
				names = append(names, b.Service)
				require.True(t, b.moved)
				require.Greater(t, b.ratio, worse)
			}
			require.Equal(t, c.want, names)
			require.Greater(t, own, 10.0)
		})
	}
}

func TestABystanderMayBeAtFaultOtherwise(t *testing.T) {
	w := troubled(t, map[string]int64{"shop": 100})
	around := NewAround(now(900), map[correlate.Place]int64{place("db"): now(0)})
	for name, c := range map[string]struct {
		fault Fault
		want  []Bystander
	}{
		"in something else, about then":      {Fault{Place: place("db"), Signal: "latency_p90", Onset: now(150)}, []Bystander{{Place: place("db")}}},
		"it gets fewer requests":             {Fault{Place: place("db"), Signal: "throughput", Onset: now(150)}, []Bystander{{Place: place("db"), less: true}}},
		"long before":                        {Fault{Place: place("db"), Signal: "latency_p90", Onset: now(-900)}, nil},
		"as its callers say, who are faulty": {Fault{Place: place("db"), Signal: "client_error_ratio", Onset: now(150)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			around.Faults = []Fault{c.fault}
			all, _, _ := w.Bystanders(w.view(900), fault(), around)
			for i := range all {
				all[i].ratio = 0
			}
			require.Equal(t, c.want, all)
		})
	}
}

func TestChangedServicesAreNoBystanders(t *testing.T) {
	w := troubled(t, map[string]int64{"shop": 100, "db": 100, "far": 100})
	w.change("c2", "far", "v2", 0)
	all, _, _ := w.Bystanders(w.view(900), fault(), NewAround(now(900), map[correlate.Place]int64{}))
	require.Len(t, all, 1)
	require.Equal(t, "db", all[0].Service)
}

func TestWhatAChangeCannotHaveReachedSpeaksForIt(t *testing.T) {
	calls := blame.NewGraph([]blame.Edge{{From: "shop", To: "db"}})
	far := func(ratio float64, moved bool) []Bystander {
		return []Bystander{{Place: place("far"), ratio: ratio, moved: moved}}
	}
	for name, c := range map[string]struct {
		others []Bystander
		own    float64
		want   blame.Shock
	}{
		"nobody":                             {nil, 10, blame.NoShock},
		"what it calls is no witness":        {[]Bystander{{Place: place("db"), ratio: 10, moved: true}}, 10, blame.NoShock},
		"as much as the faulty one":          {far(10, true), 10, blame.ShockAlike},
		"much less":                          {far(1.3, true), 10, blame.NoShock},
		"at fault otherwise":                 {far(0, false), 10, blame.ShockOther},
		"the faulty one hardly moved at all": {far(1.3, true), 1.1, blame.NoShock},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, Shocked(calls, "shop", c.others, c.own)) })
	}
}

func TestAFaultIsExplainedByWhatItDependsOn(t *testing.T) {
	calls := blame.NewGraph([]blame.Edge{{From: "shop", To: "db"}, {From: "db", To: "disk"}})
	db := Bystander{Place: place("db"), ratio: 10, moved: true}
	idle := Bystander{Place: place("db"), less: true}
	for name, c := range map[string]struct {
		others     []Bystander
		candidates []string
		want       bool
	}{
		"nobody changed what it depends on":     {[]Bystander{db}, []string{"shop"}, true},
		"its own change was of that":            {[]Bystander{db}, []string{"disk"}, false},
		"it only gets fewer requests":           {[]Bystander{idle}, []string{"shop"}, false},
		"what it doesn't depend on is no cause": {[]Bystander{{Place: place("far"), ratio: 10, moved: true}}, []string{"shop"}, false},
		"nobody got worse":                      {nil, []string{"shop"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var all []blame.Candidate
			for _, service := range c.candidates {
				all = append(all, blame.Candidate{Service: service})
			}
			require.Equal(t, c.want, Explained(calls, fault(), c.others, all))
		})
	}
}

func TestAFaultHasACourseSinceTheOldestChangeNearIt(t *testing.T) {
	w := troubled(t, map[string]int64{"shop": 100})
	course := w.Course(w.view(900), fault(), Around{At: now(900)})
	require.EqualValues(t, 60, course.Width)
	require.NotEmpty(t, course.Windows)
	last := course.Windows[len(course.Windows)-1]
	require.Less(t, last.At, now(900))
	healed := fault()
	healed.Recovered = now(400)
	require.Less(t, len(w.Course(w.view(900), healed, Around{At: now(900)}).Windows), len(course.Windows), "it ends with the fault")
	lonely := fault()
	lonely.Place = place("far")
	require.Empty(t, w.Course(w.view(900), lonely, Around{At: now(900)}).Windows, "no change is near")
}

func TestAFaultIsOutsideWhereOnlyCallersSeeIt(t *testing.T) {
	for name, c := range map[string]struct {
		failing map[string]int64
		signal  string
		want    bool
	}{
		"the service is as it was":          {nil, "client_error_ratio", true},
		"it fails by its own account too":   {map[string]int64{"shop": 100}, "client_error_ratio", false},
		"what it says itself isn't outside": {nil, "error_ratio", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := troubled(t, c.failing)
			f := fault()
			f.Signal = c.signal
			_, _, outside := w.Bystanders(w.view(900), f, NewAround(now(900), map[correlate.Place]int64{place("db"): now(0)}))
			require.Equal(t, c.want, outside)
		})
	}
}
