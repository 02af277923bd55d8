package host

import (
	"context"
	"fmt"
	"strconv"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Receivers that send deliveries down a pipeline as log records ask for positions and say how deliveries are parsed in
// terms of correlate.Delivery. What follows translates that for the intake.

var (
	_ source.Positions  = (*Host)(nil)
	_ source.Quarantine = (*Host)(nil)
)

// Position implements source.Positions.
func (h *Host) Position(ctx context.Context, stream string) (int64, error) {
	at, err := h.Cursor(ctx, stream)
	if err != nil || len(at) == 0 {
		return 0, err
	}
	offset, err := strconv.ParseInt(string(at), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the cursor of %s is %q, not an offset in decimal: %w", stream, at, err)
	}
	return offset, nil
}

// ParseAgain implements source.Quarantine. Such a parser has no version of its own but the program's.
func (h *Host) ParseAgain(name string, parse func(correlate.Delivery) correlate.Delivery) {
	h.Register(name, source.Projector{
		Digest: "release " + h.opt.Version,
		Project: func(raw correlate.Raw) correlate.Projection {
			d := parse(raw.Delivery())
			if d.Problem == "" && len(d.Facts) == 0 {
				d.Problem = "unmapped: it holds no change and no incident"
			}
			return correlate.Projection{Facts: d.Facts, Problem: d.Problem}
		},
	})
}
