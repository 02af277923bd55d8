package sqlite

import (
	"context"
	"testing"

	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

func TestTheLedgerKeepsItsPromises(t *testing.T) {
	ledgertest.Run(t, func(ctx context.Context, place string) (ledger.Ledger, error) {
		return Open(ctx, Options{Dir: place})
	})
}
