package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Dry is a door that prints the facts that a daemon would read, a line for each.
type Dry struct {
	Out     io.Writer
	Sources []source.Source

	mu sync.Mutex
}

// Take implements Door.
func (d *Dry) Take(_ context.Context, p Parcel) (Receipt, error) {
	text, receipt := p.Lines, Receipt{}
	if p.Message != nil {
		var err error
		if text, receipt, err = d.read(p); err != nil {
			return Receipt{}, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.Out.Write(text)
	return receipt, err
}

// read reads a message as a daemon with the built-in configuration does.
func (d *Dry) read(p Parcel) ([]byte, Receipt, error) {
	header := http.Header{"Content-Type": {"application/json"}}
	for name, value := range p.Message.Header {
		header.Set(name, value)
	}
	for _, s := range d.Sources {
		if s.Name != p.Message.Source {
			continue
		}
		c, err := s.Configure(s.Name, nil)
		if err != nil {
			return nil, Receipt{}, err
		}
		items, err := c.Read(source.Request{Header: header, Body: p.Message.Body, ReceivedAt: time.Now()})
		if err != nil {
			return nil, Receipt{}, &RefusedError{err.Error()}
		}
		return factsOf(items)
	}
	return nil, Receipt{Why: "only the daemon knows the source " + p.Message.Source}, nil
}

func factsOf(items []source.Item) (text []byte, receipt Receipt, err error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	for _, item := range items {
		if item.Wrong != nil && len(items) == 1 {
			return nil, Receipt{}, &RefusedError{item.Wrong.Error()}
		}
		receipt.Why, receipt.Silent = first(receipt.Why, item.Problem), first(receipt.Silent, item.Ignored)
		for _, f := range item.Facts {
			if err := encoder.Encode(unsigned(f)); err != nil {
				return nil, Receipt{}, err
			}
		}
	}
	return b.Bytes(), receipt, nil
}

// unsigned is a fact that names no source, for that is the one who takes it.
func unsigned(f correlate.Fact) correlate.Fact {
	if f.Change != nil {
		c := *f.Change
		c.Source = ""
		return correlate.Fact{Change: &c}
	}
	i := *f.Incident
	i.Source = ""
	return correlate.Fact{Incident: &i}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
