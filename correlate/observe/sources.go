package observe

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
)

// sources are the series that the cases of a watch are made of. They are looked up once, and again when a stream, a version, a
// route or a call of the place, or of one that calls it, came or went.
type sources struct {
	service *cells.Service
	of      []*cells.Service // with those that call it
	shape   int              // of all of them
	settled int64            // from this instant on nothing of them begins; Never where that isn't known
	traffic []account        // those that count the requests, of which one is chosen
	others  []account        // that are judged by themselves
	callers [][]account      // of each of those that call the place
	zones   bool             // there may be several
	routed  int64            // from this instant on several routes are known; Never where that isn't known

	fine, coarse []*cells.Series // of the callers' accounts that were chosen, to be overwritten by the next case
}

// track is what is remembered of a stream: the series of the version that a change brings and of the others, their cells as far
// as they were asked for, and what it told of requests and others told that it didn't. Of a zone, old is every version.
type track struct {
	fresh *cells.Series // nil where there is nothing to compare
	rest  []*cells.Series

	whole, history, past, new cells.Reading
	old                       cells.Sum

	told   told
	missed map[*cells.Stream]*missed
}

func (w *Watch) track(s *cells.Stream) *track {
	t := w.tracks[s]
	if t == nil {
		t = &track{}
		w.tracks[s] = t
	}
	return t
}

// sourcesBy are the sources of a watch as of an instant; nil where nothing is known of the place.
func (w *Watch) sourcesBy(st *cells.Store, now int64) *sources {
	if w.sources.hold(now) {
		return &w.sources
	}
	s := st.Service(w.met)
	if s == nil {
		return nil
	}
	is := sources{service: s, of: []*cells.Service{s}, settled: now, routed: Never}
	w.accounts(&is, now)
	for _, caller := range s.Callers() {
		cs := st.Service(correlate.Place{Service: caller, Environment: w.met.Environment})
		if cs == nil {
			is.settled = Never // it may come
			continue
		}
		is.of, is.callers = append(is.of, cs), append(is.callers, w.views(cs, w.met.Service))
	}
	for _, s := range is.of {
		if is.shape += s.Shape(); !s.Settled(now) {
			is.settled = Never
		}
	}
	if len(s.Keys()) == 0 {
		is.settled = Never // telemetry by another name may be meant
	}
	w.sources = is
	return &w.sources
}

// hold says that the sources are those of an instant.
func (is *sources) hold(now int64) bool {
	if is.service == nil || now < is.settled {
		return false
	}
	shape := 0
	for _, s := range is.of {
		shape += s.Shape()
	}
	return shape == is.shape
}

// accounts adds the streams of the place with anything before an instant that are judged by themselves, sorted: those that count
// its requests, and others.
func (w *Watch) accounts(to *sources, now int64) {
	zones := 0
	for _, k := range to.service.Keys() {
		str := to.service.Stream(k)
		if !str.BeganBefore(now) {
			continue
		}
		switch k.Kind {
		case correlate.Traffic:
			to.traffic = append(to.traffic, w.versioned(k, str))
		case correlate.Zone:
			zones++
		case correlate.Edge, correlate.Trace:
		default:
			to.others = append(to.others, w.versioned(k, str))
		}
	}
	to.zones = zones > 1
}

// versioned is the account of a stream whose versions are compared.
func (w *Watch) versioned(k cells.Key, str *cells.Stream) account {
	t := w.track(str)
	if t.fresh, t.rest = nil, nil; w.version != "" {
		if t.fresh = str.Version(w.version); t.fresh != nil {
			t.rest = str.Others(nil, w.version)
		}
	}
	return account{k, str, t}
}

// callerOrigins are the accounts that callers give of their own calls, most trusted first.
var callerOrigins = [...]correlate.Origin{correlate.OriginClient, correlate.OriginClientSpan}

// views are the accounts that a service gives of its calls of another one, the most trusted first.
func (w *Watch) views(s *cells.Service, peer string) (views []account) {
	for _, origin := range callerOrigins {
		k := cells.Key{Kind: correlate.Edge, Origin: origin, Peer: peer}
		if str := s.Stream(k); str != nil {
			views = append(views, account{k, str, w.track(str)})
		}
	}
	return views
}

// severalRoutes says that several routes of the place are known by an instant, in cells of so many seconds.
func (is *sources) severalRoutes(now, width int64) bool {
	if now < is.routed && is.service.RoutesBefore(now-width+1) > 1 {
		is.routed = now
	}
	return now >= is.routed
}
