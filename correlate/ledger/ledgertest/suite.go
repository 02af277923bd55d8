// Package ledgertest answers: does this ledger keep what package ledger promises?
//
// Every ledger passes Run. The examples say what each promise means; the model throws random operations and restarts at
// a ledger and at maps, and compares.
package ledgertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/ledger"
)

// Opener opens the ledger kept at a place, which is a directory that the suite has made. Opening the same place again
// after Close is a restart.
type Opener func(ctx context.Context, place string) (ledger.Ledger, error)

// Run holds a ledger to its promises, also while the faults given make writes fail.
func Run(t *testing.T, open Opener, faults ...Fault) {
	tests := map[string]func(*testing.T, Opener){
		"a committed fact is there after a restart, as it was returned":                         commitAndRestart,
		"a delivery that comes again is counted and changes nothing":                            duplicates,
		"a delivery without facts is kept and counted as quarantined":                           quarantine,
		"a delivery that can't be recognised again is refused":                                  unrecognisable,
		"a held delivery is released once, with the time at which it was received":              held,
		"stale deliveries are gone through in parts":                                            staleMany,
		"a delivery read again states what is new and retracts what is gone":                    readAgain,
		"a fact that two deliveries state is retracted when neither does":                       statedTwice,
		"a change of digest that changes no fact adds nothing to the log":                       readTheSame,
		"a cursor moves only from where it is, and facts only with it":                          fencing,
		"many callers are answered together, and the wrong one alone is refused":                concurrency,
		"a caller who has gone is not committed":                                                cancelled,
		"after Close writes are unavailable":                                                    closed,
		"facts are unapplied until the effects are committed":                                   unapplied,
		"effects stored twice are stored once":                                                  effectsTwice,
		"a change shows its highest revision, and every revision is kept":                       revisions,
		"the last two series of a change are kept, as they were first told":                     series,
		"changes are listed newest first, ties by id, page by page":                             changePages,
		"a name selects what has it in a namespace, where asked for":                            namesakes,
		"changes are selected by each field of the filter":                                      changeFilters,
		"incidents and regressions are selected by each field of their filters":                 otherFilters,
		"what was recorded after a mark is read page by page, each record once and as it is":    recorded,
		"a restore has what is open and what was touched since":                                 restore,
		"notes on what nobody reported come back, until somebody does":                          heldNotes,
		"runs of checks come back that were applied, and that a delivery states":                savedChecks,
		"checkpoints come back in order, and are forgotten when they expire":                    checkpoints,
		"a message is queued once, handed out in order until delivered, and never queued again": outbox,
		"a message set aside waits until it is called back, and old ones go":                    parking,
		"of the messages of a subject that wait only the newest stays, and those that count":    coalescing,
		"a receipt comes back with the next message of its subject, until it is old":            receipts,
		"decisions on rollbacks are listed newest first, by each field of the filter":           rollbacks,
		"the last turn of the kill switch counts":                                               killSwitch,
		"it is known when the first message with a key arrived":                                 arrived,
		"the health counts commits":                                                             health,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
	t.Run("random operations, faults and restarts leave what maps would hold", func(t *testing.T) { randomly(t, open, faults) })
}

// start opens a fresh ledger that is closed at the end of the test, and says where it is.
func start(t *testing.T, open Opener) (ledger.Ledger, string) {
	t.Helper()
	place := t.TempDir()
	return reopen(t, open, place), place
}

func reopen(t *testing.T, open Opener, place string) ledger.Ledger {
	t.Helper()
	l, err := open(t.Context(), place)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}
