package reduce

import (
	"cmp"
	"math"
	"strings"

	"github.com/shipwake/shipwake/collector/reduce/bins"
	"github.com/shipwake/shipwake/correlate"
)

// Resource says who sent a batch of records. Its strings need to live no longer than the Sender.
type Resource struct {
	Service     string // service.name
	Namespace   string // service.namespace
	Version     string // service.version
	Environment string // deployment.environment.name
	Location
	// Instance tells senders of one service apart: service.instance.id, else k8s.pod.uid, k8s.pod.name, host.name.
	Instance string
	// Container tells the containers of one instance apart: k8s.container.name, "" when it isn't told.
	Container string

	settled bool
	zone    string
	stream  streamID // of no metric
}

// Settled is the resource with its names as they are counted, and what tells its streams from those of others: worth it for
// one that comes again.
func (r Resource) Settled() Resource {
	r.settle()
	r.stream = senderStream(&r)
	return r
}

func (r *Resource) settle() {
	if r.settled {
		return
	}
	r.settled = true
	r.Service, r.Namespace, r.Version = clip(r.Service), clip(r.Namespace), clip(r.Version)
	r.Environment, r.zone = cmp.Or(clip(r.Environment), correlate.DefaultEnvironment), clip(r.name())
	if !names(r.Service) {
		r.Service = ""
	}
}

func (r *Resource) identity() identity {
	return identity{r.Service, r.Namespace, r.Environment, r.Version}
}

// Sender takes the records of one resource after the other. It serves one batch, in one goroutine.
type Sender struct {
	r          *Reducer
	settings   *settings
	resource   Resource
	scope      *scope     // nil when the resource doesn't name a service
	zone       string     // in which requests are counted; "" when they aren't
	latest     int64      // the newest time that isn't in the future
	recent     period     // the bucket that was asked for last
	met        [16]*scope // of others, each in the place that its id tells
	cumulative cumulative
	bins       bins.Latest
	named      [4]namedMetric
	template   []byte // of the latest message

	accounts  [mostAccounts]account // of the batch
	announced int
}

// Sender begins a batch.
func (r *Reducer) Sender(resource Resource) Sender {
	s := Sender{r: r, settings: r.settings.Load(), latest: math.MaxInt64}
	if r.now != nil {
		s.latest = r.now().Add(future).UnixNano()
	}
	s.Next(&resource)
	return s
}

// Next goes on with another resource of the batch.
func (s *Sender) Next(resource *Resource) {
	s.resource = *resource
	s.resource.settle()
	s.scope, s.zone = nil, ""
	if s.resource.Service != "" {
		s.scope = s.r.scopes.at(s.resource.identity())
		s.zone = s.r.zones.counted(s.scope.place(), s.resource.zone)
	}
	s.announced, s.cumulative.latest = 0, nil
}

// names is false for no name and for the one that SDKs make up when they weren't told one.
func names(service string) bool {
	return service != "" && !strings.HasPrefix(service, "unknown_service")
}

// identity tells the sender's streams from those of others.
func (s *Sender) identity() streamID {
	if s.resource.stream == (streamID{}) {
		s.resource.stream = senderStream(&s.resource)
	}
	return s.resource.stream
}

// timely checks an event time in nanoseconds.
func (s *Sender) timely(at int64) Result {
	switch {
	case at <= 0:
		return Unusable
	case at > s.latest:
		return Future
	}
	return Accepted
}

// period is a bucket: from and to in Unix nanoseconds, and its start in Unix seconds.
type period struct{ from, to, start int64 }

// bucket is the start of the bucket that holds an event time, in Unix seconds.
func (s *Sender) bucket(at int64) int64 {
	if at < s.recent.from || at >= s.recent.to {
		from := at - at%s.settings.width
		s.recent = period{from, from + s.settings.width, from / 1e9}
	}
	return s.recent.start
}

// other is the scope with an id; nil when it was forgotten.
func (s *Sender) other(id uint32) *scope {
	place := &s.met[id%uint32(len(s.met))]
	if *place == nil || (*place).id != id {
		*place = s.r.scopes.withID(id)
	}
	return *place
}

// longest is how long a name may be.
const longest = 200

// clip bounds a name from outside and makes it valid UTF-8.
func clip(name string) string {
	if len(name) > longest {
		name = name[:longest]
	}
	return strings.ToValidUTF8(name, "")
}
