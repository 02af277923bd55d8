package mapping

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Pull says how the system is asked for what its webhooks would have said. What is found takes the form of a message of the
// webhook, so that the rules read both, and both give one change. Its expressions have
//
//	of         one of the names that users give under the key of Of
//	api        the address of the API, without a slash at its end
//	param      the parameters of the file
//	received   the time at which it is asked
//
// and, where it is asked,
//
//	since      the instant from which on items are wanted, in whole seconds
//	until      Window after it
//	page       what Next said of the page before; "" for the first
//
// and, of an answer, body, link (the next page by the header Link, or ""), page, and for one of its items item. Beyond the
// functions of rules there are uri(text), which escapes a text for a path or a query; digest(value), the SHA-256 of a JSON value; and
// transformMapEntry, which makes an object of a list. `shipwake source test NAME --pull OF < answer.json` shows what comes of an
// answer.
type Pull struct {
	// Docs is the address of the vendor's description of the API, and Read which state of it was read.
	Docs string `yaml:"docs"`
	Read string `yaml:"read"`
	// API is the address of the API unless users give another; "" when they have to. Example shows one.
	API     string `yaml:"api_url"`
	Example string `yaml:"example"`
	// Secret is how the secret goes into a request.
	Secret Credential `yaml:"secret"`
	// Of is what is asked for, each with a cursor of its own.
	Of Of `yaml:"of"`
	// Headers go with each request.
	Headers map[string]string `yaml:"headers"`
	// Request is the path and the query below API, or the whole URL of a page on the same host.
	Request string `yaml:"request"`
	// Items is the list in an answer.
	Items string `yaml:"items"`
	// At is when an item was last changed. The newest tells where the next round begins.
	At string `yaml:"at"`
	// Next tells the next page; it has no value, or an empty one, after the last.
	Next string `yaml:"next"`
	// Ascending says that items come in the order of At, and that Request asks for those from since on. Each page is then
	// asked for from the last item on, so that none is missed while items change, but where more than a page of them changed
	// within Step. Otherwise items come newest first, or all at once; a round ends at a page whose last item is older than its time.
	Ascending bool `yaml:"ascending"`
	// Step is how coarse since is in Request; 0 is a second.
	Step time.Duration `yaml:"step"`
	// Overlap is how long before the newest item the next round begins, for items that show late; 0 is 5 minutes.
	Overlap time.Duration `yaml:"overlap"`
	// Window is how much time is asked for at once, from since until until, where an API can't list more; 0 is all.
	Window time.Duration `yaml:"window"`
	// Let are values of an item by name, each of which may use those before it.
	Let Bindings `yaml:"let"`
	// Lookups are requests by name for more about an item, such as its environment: each is an expression for a path below
	// API, and its answer an optional value for bodies, which is none when it isn't found or may not be read. They may use Let.
	Lookups Bindings `yaml:"lookups"`
	// Deliveries are what the webhook would have sent of an item.
	Deliveries []Pulled `yaml:"deliveries"`
	// Missing is what the API doesn't tell, for people.
	Missing string `yaml:"missing"`
}

// Of is what users name that is asked for, such as projects.
type Of struct {
	// Key is the key in the configuration.
	Key string `yaml:"key"`
	// Help says what they are, Example is one.
	Help    string   `yaml:"help"`
	Example string   `yaml:"example"`
	Default []string `yaml:"default"`
}

// Credential is how a secret goes into a request: as bearer, the default; as basic, where a secret with a colon is a user and
// a password, and one without a bearer token; or in a header of its own, or with a prefix of its own.
type Credential struct {
	Kind   string `yaml:"kind"`
	Header string `yaml:"header"`
	Prefix string `yaml:"prefix"`
	// Help is what secret it must be, for people.
	Help string `yaml:"help"`
}

// Pulled is one delivery of an item.
type Pulled struct {
	// Each is a list in the item, for each element of which, entry, there is a delivery; without it there is one.
	Each string `yaml:"each"`
	// When is a condition; without one there always is the delivery.
	When string `yaml:"when"`
	// ID tells the delivery from all others of the source. What is asked for again must have the same.
	ID string `yaml:"id"`
	// Body is the message: an object, whose values may be parts of the item.
	Body string `yaml:"body"`
	// Headers are those of the message that rules read.
	Headers map[string]string `yaml:"headers"`
}

const (
	defaultStep    = time.Second
	defaultOverlap = 5 * time.Minute
)

// pullWords are the names that let and lookups can't take.
func pullWords() []string {
	return append(words(), "body", "param", "received", "item", "of", "api", "since", "until", "page", "link", "entry")
}

func (p *Pull) validate() error {
	for name, text := range map[string]string{"request": p.Request, "items": p.Items, "at": p.At} {
		if text == "" {
			return fmt.Errorf("%s: required: an expression", name)
		}
	}
	switch {
	case p.Of.Key != "" && slices.Contains([]string{"api_url", "parameters", "file"}, p.Of.Key):
		return fmt.Errorf("of.key: %s is a key already", p.Of.Key)
	case p.Of.Key == "" && len(p.Of.Default) == 0:
		return errors.New("of: required: a key, or a default")
	case !slices.Contains([]string{"", "bearer", "basic", "header"}, p.Secret.Kind):
		return errors.New("secret.kind: must be bearer, basic or header")
	case (p.Secret.Kind == "header") != (p.Secret.Header != ""):
		return errors.New("secret.header: goes with the kind header")
	case len(p.Deliveries) == 0:
		return errors.New("deliveries: required: at least one")
	}
	for i, d := range p.Deliveries {
		if d.ID == "" || d.Body == "" {
			return fmt.Errorf("deliveries[%d]: must have an id and a body", i)
		}
	}
	for _, binding := range slices.Concat(p.Let, p.Lookups) {
		if slices.Contains(pullWords(), binding.Name) {
			return fmt.Errorf("let.%s: the name is taken", binding.Name)
		}
	}
	return nil
}

func (p *Pull) step() time.Duration {
	if p.Step == 0 {
		return defaultStep
	}
	return p.Step
}

func (p *Pull) overlap() time.Duration {
	if p.Overlap == 0 {
		return defaultOverlap
	}
	return p.Overlap
}

// header is what goes with each request.
func (p *Pull) header() http.Header {
	header := http.Header{"Accept": {"application/json"}}
	for name, value := range p.Headers {
		header.Set(name, value)
	}
	return header
}
