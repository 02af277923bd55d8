package observe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestTheNamesUnderWhichAServiceMayBeHeard(t *testing.T) {
	w := newWorld(t)
	for i, service := range []string{"api", "API", "shop/api", "billing/api", "shop/db", "apis"} {
		w.serve(service, "v1", int64(10*i), 5)
	}
	staged := correlate.Measurement{
		Key:  correlate.Key{Service: "api", Environment: "Staging", Kind: correlate.Traffic, Origin: correlate.OriginSpan},
		Cell: correlate.Cell{Start: now(0), Requests: 1},
	}
	w.store.Add(staged)
	w.call("shop", "api", 0) // a caller's view alone is no telemetry of it
	for name, c := range map[string]struct {
		of   correlate.Place
		by   int64
		want []correlate.Place
	}{
		"in another environment": {
			correlate.Place{Service: "api", Environment: "prod"}, 10,
			[]correlate.Place{{Service: "api", Environment: "Staging"}, place("api")},
		},
		"under namespaces": {
			place("api"), 100,
			[]correlate.Place{place("API"), {Service: "api", Environment: "Staging"}, place("billing/api"), place("shop/api")},
		},
		"without its namespace":       {place("shop/db"), 100, nil},
		"by its name in the same one": {correlate.Place{Service: "Shop/api", Environment: "x"}, 100, []correlate.Place{place("API"), {Service: "api", Environment: "Staging"}, place("api"), place("shop/api")}},
		"nothing of what comes later": {place("shop/API"), 10, []correlate.Place{{Service: "api", Environment: "Staging"}, place("api")}},
		"another name is another one": {place("ap"), 100, nil},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, Alike(w.store, c.of, now(c.by))) })
	}
}
