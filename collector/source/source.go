package source

import (
	"embed"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Source is what is known of one system: plain values and pure functions. It has no network of its own, no clock and no
// state, and is safe for concurrent use. Receivers use it as Configured.
type Source struct {
	// Name is that of the folder, of the type in the configuration, and the last element of /hooks/{name} unless the
	// configuration gives another.
	Name string
	// Version changes whenever Parse reads something else from the same delivery; what was read by another version is read
	// again. It is empty where only the configuration says what is read; such a source is there only when it is configured.
	Version string
	// Headers are those without which Parse can't read a body, by canonical name, such as "X-Github-Event". They are kept
	// in Raw.Header. Content-Type always is; a header with a credential must not be.
	Headers []string
	// Schemes are the ways in which a sender proves itself. The first one that a message uses decides, so that none can be
	// downgraded to a weaker one; the last is what is asked of a message that uses none.
	Schemes []Scheme
	// MaxBody is the size in bytes up to which its bodies are taken where the receiver's own limit is lower; 0: the receiver's.
	MaxBody int64
	// Config is a pointer to a struct with the keys that the source has beyond its secrets, and their defaults; nil when it
	// has none.
	Config func() Config
	// Open finds the deliveries in a message, at least one. It sets ID and Body, and Header where it differs from the
	// message's own; the rest is filled in. An empty ID becomes BodyID. The error is a *ParseError: the message as a whole
	// can't be read. Nil: a message is one delivery.
	Open func(Request) ([]correlate.Raw, error)
	// Parse reads one delivery. It is pure: the same delivery is read in the same way. Facts are added by Reading.Add and
	// don't name their source. The error is a *ParseError.
	Parse func(correlate.Raw) (Reading, error)
	// Pull makes the configuration of asking the system for what its webhooks would have said, with its defaults; nil when
	// that isn't possible. Own is the source's own configuration, which is right; nil when it has none.
	Pull func(own Config) (PullConfig, error)
}

// HeaderPath is the path of a request below its hook, without a slash at its ends: "v2/change/enqueue" of
// /hooks/pagerduty-change/v2/change/enqueue. A source that names it among its Headers takes such requests; no sender can set it.
const HeaderPath = "Shipwake-Path"

// HeaderQuery is the query of the URL that a request came to, as it was written: "name=smoke&change=42". A source that names it
// among its Headers is given it; no sender can set it.
const HeaderQuery = "Shipwake-Query"

// Request is one message as it came: an HTTP request that has been read up to its limit, or a Kafka message whose
// headers were turned into a Header.
type Request struct {
	Header     http.Header
	Body       []byte
	ReceivedAt time.Time
}

// Config is the configuration of a source in its own keys: a pointer to a struct with mapstructure tags. All its exported
// fields are part of the digest (as JSON), so that another configuration reads again what is kept; a field that doesn't
// bear on the facts is left out by `json:"-"`.
type Config interface {
	// Validate names the key that is wrong and what would be right.
	Validate() error
	// Configure sets what depends on the configuration, such as Parse. It is called after Validate.
	Configure(*Source) error
}

// Reading is what is read from one delivery: facts, or why there are none. Exactly one of Facts, Ignored and Unmapped is set.
type Reading struct {
	Facts []correlate.Fact
	// Ignored is why a delivery that is understood says nothing of a change or an incident: a ping, a build, a preview. It
	// is kept and counted, and nobody needs to look at it.
	Ignored string
	// Unmapped is why a delivery that may be about a change or an incident can't be mapped: a state that isn't documented,
	// a service that isn't named. It is kept in quarantine.
	Unmapped string
	// Left is how many events a delivery says that its sender left out. It goes with Unmapped.
	Left int
}

//go:embed */setup.md vendors/*/setup.md
var setups embed.FS

// Setup is how the system of a source is made to send, in Markdown as its page has it; false when there is no such source.
func Setup(name string) (string, bool) {
	for _, folder := range []string{"vendors/", ""} {
		if text, err := setups.ReadFile(folder + name + "/setup.md"); err == nil {
			return string(text), true
		}
	}
	return "", false
}
