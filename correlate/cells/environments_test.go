package cells

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestTheEnvironmentsOfAServiceAreKnown(t *testing.T) {
	st := New(Config{Resolution: 10, Coarse: 300})
	for _, p := range []correlate.Place{
		{Service: "cart", Environment: "staging"}, {Service: "cart", Environment: "prod-eu"}, {Service: "mail", Environment: "production"},
	} {
		st.Add(correlate.Measurement{
			Key:  correlate.Key{Service: p.Service, Environment: p.Environment, Kind: correlate.Traffic, Origin: correlate.OriginSpan},
			Cell: correlate.Cell{Start: 1000, Requests: 1},
		})
	}
	require.Equal(t, []string{"prod-eu", "staging"}, Environments(st, "cart"))
	require.Equal(t, []string{}, Environments(st, "nobody"))
}
