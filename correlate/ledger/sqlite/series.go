package sqlite

import (
	"context"
	"fmt"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/codec"
)

// keptSeries is how many series of a change are kept, each of at most codec.MaxSeries bytes.
const keptSeries = 2

func seriesWrites(s correlate.Series) []write {
	return []write{
		{"INSERT INTO evidence_series (change_id, revision, blob) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			[]any{s.ChangeID, s.Revision, codec.EncodeSeries(s)}},
		{`DELETE FROM evidence_series WHERE change_id = ?1 AND revision NOT IN
			(SELECT revision FROM evidence_series WHERE change_id = ?1 ORDER BY revision DESC LIMIT ?2)`, []any{s.ChangeID, keptSeries}},
	}
}

// Series implements ledger.Ledger.
func (l *Ledger) Series(ctx context.Context, changeID string) ([]correlate.Series, error) {
	all, err := list(ctx, l.readers, scanSeries, "SELECT revision, blob FROM evidence_series WHERE change_id = ? ORDER BY revision", changeID)
	for i := range all {
		all[i].ChangeID = changeID
	}
	return all, err
}

func scanSeries(scan func(...any) error) (correlate.Series, error) {
	var revision int64
	var blob []byte
	if err := scan(&revision, &blob); err != nil {
		return correlate.Series{}, err
	}
	s, err := codec.DecodeSeries(blob)
	if s.Revision = int(revision); err != nil {
		return s, fmt.Errorf("the stored series of revision %d can't be read: %w", revision, err)
	}
	return s, nil
}
