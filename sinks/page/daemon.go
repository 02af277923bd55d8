package page

import (
	"context"
	"net/http"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
)

// daemonBody is how the daemon is.
type daemonBody struct {
	Status sinks.Status
	Lag    string // how far the watermark is behind
	Places []correlate.Place
	Held   []correlate.Held
	// Accuracy is what people say of the verdicts, in words.
	Accuracy string
}

// mostHeld is how many deliveries in quarantine are shown.
const mostHeld = 20

func (s *sink) daemon(ctx context.Context, _ *http.Request) (view, error) {
	is := s.reader.Status()
	body := daemonBody{Status: is, Lag: words.None, Places: s.reader.Heard(ctx)}
	if !is.Watermark.IsZero() {
		body.Lag = words.Span(max(0, is.Now.Sub(is.Watermark).Seconds()))
	}
	said, err := sinks.Accuracy(ctx, s.reader, sinks.ChangeQuery{})
	if err != nil {
		return view{}, err
	}
	body.Accuracy = words.Accuracy(said)
	body.Held, err = s.reader.Held(ctx, mostHeld)
	return view{Template: "daemon", Title: "Daemon", Nav: "daemon", Body: body}, err
}
