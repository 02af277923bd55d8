package api

import (
	"context"
	"time"
)

// Quarantine is the answer of /api/v1/quarantine, newest first.
type Quarantine struct {
	Held []Held `json:"held"`
}

// Held is one delivery in quarantine, without its body.
type Held struct {
	Source     string     `json:"source"`
	ID         string     `json:"id"`
	Event      string     `json:"event,omitempty"`
	ReceivedAt time.Time  `json:"received_at"`
	Bytes      int64      `json:"bytes"`
	Problem    string     `json:"problem"`
	Due        *time.Time `json:"due"` // null when it waits for a source or a naming rule that can map it
}

func (s *sink) quarantine(ctx context.Context, p *parameters) (any, error) {
	limit := p.limit()
	if p.err != nil {
		return nil, p.err
	}
	found, err := s.reader.Held(ctx, limit)
	answer := Quarantine{Held: []Held{}}
	for _, h := range found {
		answer.Held = append(answer.Held, Held{
			Source: h.Source, ID: h.ID, Event: h.Event, ReceivedAt: h.ReceivedAt, Bytes: h.Bytes, Problem: h.Problem, Due: known(h.Due),
		})
	}
	return answer, err
}
