package words_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

func TestEveryConditionForARollbackHasWords(t *testing.T) {
	everyOne(t, correlate.RollbackReasons(), words.RollbackReason)
	for _, r := range correlate.RollbackReasons() {
		require.NotEqual(t, words.Plain(string(r)), words.RollbackReason(r), "%s is said by its name only", r)
	}
}

func TestWhatBecameOfARollbackIsSaid(t *testing.T) {
	asked := correlate.Rollback{Result: correlate.RollbackRequested, To: "v1", DecidedAt: ten(0)}
	said := map[string]bool{}
	for want, edit := range map[string]func(*correlate.Rollback){
		"no rollback was asked for: another change may have done it": func(r *correlate.Rollback) { r.Result, r.Reason = correlate.RollbackRefused, correlate.RollbackBlame },
		"would have been asked for":                                  func(r *correlate.Rollback) { r.Result = correlate.RollbackWould },
		"nobody has answered yet":                                    func(*correlate.Rollback) {},
		"a receiver took the request at":                             func(r *correlate.Rollback) { r.AcknowledgedAt = ten(1) },
		"checkout-4712 took it back":                                 func(r *correlate.Rollback) { r.DoneAt, r.DoneBy = ten(2), "checkout-4712" },
		"the rollout was ended":                                      func(r *correlate.Rollback) { r.DoneAt = ten(2) },
		"and withdrawn: the kill switch is on":                       func(r *correlate.Rollback) { r.WithdrawnAt, r.WithdrawnFor = ten(2), correlate.RollbackKilled },
		"nobody answered in time":                                    func(r *correlate.Rollback) { r.UnansweredAt = ten(5) },
	} {
		r := asked
		edit(&r)
		text := words.Rollback(r)
		require.Contains(t, text, want)
		require.False(t, said[text])
		said[text] = true
	}
}
