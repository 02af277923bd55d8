package accuracy

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLook(t *testing.T) {
	for _, k := range kinds() {
		for seed := uint64(0); seed < 4; seed++ {
			began := time.Now()
			c := k.build(seed)
			made := time.Since(began)
			n := len(c.Replay.Cells)
			began = time.Now()
			r := Drive(c)
			fmt.Fprintf(os.Stderr, "%s/%d made %v, %d cells, drove %v\n", k.name, seed, made.Round(time.Millisecond), n, time.Since(began).Round(time.Millisecond))
			for _, l := range c.Changes {
				fmt.Fprintf(os.Stderr, "   %+v\n", l)
				for _, v := range r.Verdicts[l.ID] {
					fmt.Fprintf(os.Stderr, "      %s %s +%ds %s\n", v.Outcome, v.Reason, v.DecidedAt.Unix()-l.Start, v.Grade)
				}
			}
		}
	}
	require.NotEmpty(t, Kinds())
}
