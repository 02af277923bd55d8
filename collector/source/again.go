package source

import (
	"net/http"

	"github.com/shipwake/shipwake/correlate"
)

// Recaller is a source whose messages can't be read from the body alone. Recall returns the headers that Parse needs, made
// of what the delivery kept of them.
type Recaller interface {
	Recall(correlate.Delivery) http.Header
}

// Again parses a delivery that was kept, as the sender's request would be parsed now. It returns the delivery with its
// facts, or with the Problem there is now. Facts may be dated in the future.
func Again(s Reader, d correlate.Delivery) correlate.Delivery {
	header := http.Header{}
	if r, ok := s.(Recaller); ok {
		header = r.Recall(d)
	}
	header.Set("Content-Type", d.ContentType)
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
