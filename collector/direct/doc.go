// Package direct answers: which requests need no decoding?
//
// A receiver's signal is direct when one pipeline has it, and that has no processors and only one exporter, which reads
// requests as they came: nothing stands between the bytes and the records that are made of them. Exporters offer themselves
// to the Registry of an extension, which knows the configuration, and receivers ask it when they start. Everything else is
// decoded, as in any Collector.
package direct

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pipeline"
)

// End is an exporter that reads requests in protobuf.
type End interface {
	// Walk returns the records of a request. It is nil when the request can only be understood, or refused, by decoding it;
	// then nothing was done. The records may be parts of the body, which stays as it is until they are released, and take
	// their memory from the room, whose error Walk returns.
	Walk(signal pipeline.Signal, body []byte, room Room) (Batch, error)
}

// Room is where the memory of records is taken from, in bytes.
type Room interface {
	Take(n int64) error
}

// Batch is the records of a request.
type Batch interface {
	// Len is how many there are.
	Len() int
	// Hand passes them on, with the errors that an exporter returns to a pipeline.
	Hand(context.Context) error
	// Release ends the use of the batch and of the body.
	Release()
}

// Keeper is an extension with a registry.
type Keeper interface {
	DirectEnds() *Registry
}

// Ends is the registry of a host; nil when no extension keeps one.
func Ends(host component.Host) *Registry {
	for _, extension := range host.GetExtensions() {
		if keeper, ok := extension.(Keeper); ok {
			return keeper.DirectEnds()
		}
	}
	return nil
}
