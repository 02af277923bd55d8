package owners

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"sync"

	"github.com/shipwake/shipwake/correlate"
)

// release is raised when the same files come to mean something else, so that kept deliveries are read again.
const release = 1

// Owner is whose a service is. "" is unknown.
type Owner struct {
	Team   string `json:"team,omitempty"`
	System string `json:"system,omitempty"`
}

// or is an owner with what another knows beyond it.
func (o Owner) or(other Owner) Owner {
	return Owner{Team: cmp.Or(o.Team, other.Team), System: cmp.Or(o.System, other.System)}
}

// Problem is a mistake in a file of owners: where it is and what would be right.
type Problem struct {
	File     string `json:"file"`
	Document int    `json:"document,omitempty"` // from 1, of a file that holds several; 0: it is about the file
	Line     int    `json:"line,omitempty"`     // from 1; 0: it is about the document
	Want     string `json:"want"`
}

func (p Problem) Error() string {
	at := p.File
	if p.Document > 0 {
		at += fmt.Sprintf(": document %d", p.Document)
	}
	if p.Line > 0 {
		at += fmt.Sprintf(": line %d", p.Line)
	}
	return at + ": " + p.Want
}

// Owners know whose services are. They are safe for concurrent use; nil knows nobody.
type Owners struct {
	rules    []rule
	catalog  map[string]Owner
	files    []codeowners
	digest   string
	problems []Problem

	mu    sync.Mutex
	known map[string]Owner // what was looked up before
}

// mostKnown bounds what is remembered of look-ups: names come from outside.
const mostKnown = 10_000

// New makes owners of a configuration and the files that it names, which are read here and not again. Service says what a
// service is called that a file names. The error is about the configuration; Problems are about the files.
func New(c Config, service func(told string) string) (*Owners, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	o := &Owners{known: map[string]Owner{}}
	o.rules, _ = compiled(c.Services)
	o.readCatalogs(c.Catalogs, service)
	for _, f := range c.Codeowners {
		o.readCodeowners(f)
	}
	if len(o.rules)+len(o.catalog)+len(o.files) == 0 {
		return o, nil
	}
	text, err := json.Marshal(struct {
		Release  int
		Services []Rule
		Catalog  map[string]Owner
		Files    []codeowners
	}{release, c.Services, o.catalog, o.files})
	sum := sha256.Sum256(text)
	o.digest = hex.EncodeToString(sum[:8])
	return o, err
}

// Digest names what the files and the mapping say: with one digest every service has one owner. What says nothing of owners
// (comments, other kinds) doesn't show in it. It is "" when nobody owns anything.
func (o *Owners) Digest() string {
	if o == nil {
		return ""
	}
	return o.digest
}

// Problems are the mistakes that the files have.
func (o *Owners) Problems() []Problem {
	if o == nil {
		return nil
	}
	return o.problems
}

// Of is whose a service is.
func (o *Owners) Of(service string) Owner {
	if o == nil || o.digest == "" || service == "" {
		return Owner{}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	owner, looked := o.known[service]
	if !looked {
		owner = o.find(service)
		if len(o.known) == mostKnown {
			clear(o.known)
		}
		o.known[service] = owner
	}
	return owner
}

func (o *Owners) find(service string) Owner {
	var owner Owner
	for _, r := range o.rules {
		owner = owner.or(r.of(service))
	}
	owner = owner.or(o.catalog[service])
	for _, f := range o.files {
		owner = owner.or(Owner{Team: f.of(service)})
	}
	return owner
}

func (r rule) of(service string) (owner Owner) {
	if r.team != nil {
		if name, fits := r.team(service); fits {
			owner.Team = name
		}
	}
	if r.system != nil {
		if name, fits := r.system(service); fits {
			owner.System = name
		}
	}
	return owner
}

// Apply gives changes the owners of their services. The facts are copied, not changed.
func (o *Owners) Apply(facts []correlate.Fact) []correlate.Fact {
	if o.Digest() == "" {
		return facts
	}
	all := make([]correlate.Fact, len(facts))
	for i, f := range facts {
		if f.Change != nil {
			c := o.Owned(*f.Change)
			f.Change = &c
		}
		all[i] = f
	}
	return all
}

// LabelSystem is the label of a change that says which system its service belongs to.
const LabelSystem = "system"

// Owned is a change with the owner of its service, where that is known.
func (o *Owners) Owned(c correlate.Change) correlate.Change {
	owner := o.Of(c.Service)
	c.Team = cmp.Or(owner.Team, c.Team)
	if owner.System != "" {
		c.Labels = maps.Clone(c.Labels)
		if c.Labels == nil {
			c.Labels = map[string]string{}
		}
		c.Labels[LabelSystem] = owner.System
	}
	return c
}
