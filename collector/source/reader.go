package source

import (
	"context"
	"net/http"

	"github.com/shipwake/shipwake/correlate"
)

// Reader reads messages into deliveries with their facts.
type Reader interface {
	Parse(Request) ([]correlate.Delivery, error)
}

// ReaderConfig is the configuration of a Reader: there is none.
type ReaderConfig struct{}

// Factory makes a Reader.
type Factory struct {
	Name string
	New  func(ReaderConfig) (Reader, error)
}

// Factories makes readers of sources.
func Factories(sources []Source) []Factory {
	all := make([]Factory, len(sources))
	for i, s := range sources {
		all[i] = Factory{s.Name, func(ReaderConfig) (Reader, error) {
			c, err := s.Configure(s.Name, nil)
			return reader{c}, err
		}}
	}
	return all
}

type reader struct{ Configured }

// Parse implements Reader.
func (r reader) Parse(req Request) ([]correlate.Delivery, error) {
	items, err := r.Read(req)
	if err != nil {
		return nil, err
	}
	deliveries := make([]correlate.Delivery, len(items))
	for i, item := range items {
		deliveries[i] = correlate.Delivery{
			Source: item.Source, ID: item.ID, ReceivedAt: item.ReceivedAt, ContentType: item.Header["Content-Type"],
			Raw: item.Body, Facts: item.Facts, Problem: item.Problem,
		}
		if len(item.Facts) == 0 && item.Problem == "" {
			deliveries[i].Problem = "unmapped: " + item.Ignored
		}
	}
	return deliveries, nil
}

// Stamp says under which name the source that parsed the deliveries is configured, and holds those back that are dated
// in the future. Receivers call it before they send deliveries on.
func Stamp(deliveries []correlate.Delivery, name string) {
	for i := range deliveries {
		deliveries[i] = deliveries[i].HoldFuture()
		deliveries[i].Source = name
		sign(deliveries[i].Facts, name)
	}
}

// Again parses a delivery that was kept, as the sender's request would be parsed today. It returns the delivery with its
// facts, or with the Problem there is. Facts may be dated in the future.
func Again(s Reader, d correlate.Delivery) correlate.Delivery {
	header := http.Header{"Content-Type": {d.ContentType}}
	found, err := s.Parse(Request{Header: header, Body: d.Raw, ReceivedAt: d.ReceivedAt})
	d.Facts, d.Problem = nil, ""
	if err != nil {
		d.Problem = "unreadable: " + err.Error()
		return d
	}
	for _, one := range found {
		if one.Problem != "" {
			d.Facts, d.Problem = nil, one.Problem
			return d
		}
		d.Facts = append(d.Facts, one.Facts...)
	}
	sign(d.Facts, d.Source)
	return d
}

// Quarantine is told how a source's deliveries are parsed, so that those that are held can be parsed again. The component
// that owns the ledger implements it. The last one told of a name wins.
type Quarantine interface {
	ParseAgain(source string, parse func(correlate.Delivery) correlate.Delivery)
}

// Register tells the host's quarantine, if it has one, how to parse a source's deliveries.
func Register[K comparable, V any](host interface{ GetExtensions() map[K]V }, source string, parse func(correlate.Delivery) correlate.Delivery) {
	for _, extension := range host.GetExtensions() {
		if q, ok := any(extension).(Quarantine); ok {
			q.ParseAgain(source, parse)
		}
	}
}

// Positions tells a reader of a partitioned log where the ledger stands. The component that owns the ledger
// implements it; a receiver finds it among the host's extensions.
type Positions interface {
	// Position is the next offset to read, 0 for a stream that was never read.
	Position(ctx context.Context, stream string) (int64, error)
}
