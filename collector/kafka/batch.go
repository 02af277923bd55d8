package kafka

import (
	"context"
	"errors"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

const (
	batchMessages = 100
	batchBytes    = 1 << 20
	batchWait     = 5 * time.Millisecond
	// stallAfter is how long a partition may be silent before its leader is asked whether it ought to be.
	stallAfter = 60 * time.Second
)

// errSilent says that nothing came for stallAfter.
var errSilent = errors.New("no message for a minute")

// fetcher hands out the messages of one partition in order; *kafkago.Reader is one.
type fetcher interface {
	FetchMessage(context.Context) (kafkago.Message, error)
}

// gather waits for one message and takes what follows at once. An error comes without messages: one that ends a batch
// comes again, or is over, at the next call.
func gather(ctx context.Context, from fetcher) ([]kafkago.Message, error) {
	first, err := fetch(ctx, from, stallAfter)
	if err != nil {
		return nil, err
	}
	batch := []kafkago.Message{first}
	ctx, cancel := context.WithTimeout(ctx, batchWait)
	defer cancel()
	for size := len(first.Value); len(batch) < batchMessages && size < batchBytes; {
		m, err := from.FetchMessage(ctx)
		if err != nil {
			break
		}
		batch = append(batch, m)
		size += len(m.Value)
	}
	return batch, nil
}

func fetch(ctx context.Context, from fetcher, patience time.Duration) (kafkago.Message, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m, err := from.FetchMessage(limited)
	switch {
	case err == nil:
		return m, nil
	case ctx.Err() != nil:
		return m, ctx.Err()
	case limited.Err() != nil:
		return m, errSilent
	}
	return m, err
}
