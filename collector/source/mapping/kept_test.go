package mapping_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/mapping"
)

// pulledOf is a mapping that can be pulled.
func pulledOf(t *testing.T, text string) source.Pulled {
	s, err := mapping.Load([]byte(text))
	require.NoError(t, err)
	pulled, err := s.ConfigurePull("example", map[string]any{"teams": []any{"shop"}})
	require.NoError(t, err)
	return pulled
}

// TestAnItemThatLacksAFieldHoldsUpNoStream: it goes to quarantine as it came, once, and the others are told.
func TestAnItemThatLacksAFieldHoldsUpNoStream(t *testing.T) {
	now := time.Now().UTC()
	at := now.Add(-time.Minute).Format(time.RFC3339)
	good := `{"id": 1, "state": "ok", "changed": "` + at + `"}`
	for name, c := range map[string]struct{ bad, problem string }{
		"no state":             {`{"id": 2, "changed": "` + at + `"}`, "unreadable: $.item.state: required"},
		"no id":                {`{"state": "ok", "changed": "` + at + `"}`, "unreadable: $.item.id: required"},
		"no time":              {`{"id": 2, "state": "ok"}`, "unreadable: $.item.changed: required"},
		"no item":              {`null`, "unreadable: $.item: must have what"},
		"an item that is none": {`"canary"`, "unreadable: $.item"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{ascending, newestFirst} {
				pulled := pulledOf(t, text)
				body := `{"deploys": [` + good + `, ` + c.bad + `]}`
				client := &http.Client{Transport: respond(func(*http.Request) (int, string) { return 200, body })}
				page, err := pulled.Streams[0].Pull(t.Context(), client, nil, now.Add(-time.Hour))
				require.NoError(t, err)
				items := pulled.ReadPage(page, now)
				require.Len(t, items, 2)
				require.Equal(t, "1", items[0].Facts[0].Change.ID)
				require.Contains(t, items[1].Problem, c.problem)
				require.NotContains(t, items[1].Problem, "canary")

				again, err := pulled.Streams[0].Pull(t.Context(), client, page.Next, now.Add(-time.Hour))
				require.NoError(t, err)
				for _, raw := range again.Raws {
					require.Equal(t, page.Raws[1].ID, raw.ID, "what is told again is the same delivery")
				}
			}
		})
	}
}

// TestAKeptItemIsReadByABetterMapping: with what was looked up when it was pulled.
func TestAKeptItemIsReadByABetterMapping(t *testing.T) {
	asking := strings.Replace(ascending, "  deliveries:", `  lookups:
    place: "has(item.place) ? optional.of('/places/' + item.place) : optional.none()"
  deliveries:`, 1)
	asking = strings.Replace(asking, "'name': 'shop'", "'name': place.?name.orValue('nobody')", 1)
	better := strings.Replace(asking, "'state': item.state", "'state': item.?state.orValue('ok')", 1)
	better = strings.Replace(better, "string(item.id) + '/' + item.state", "string(item.id)", 1)
	now := time.Now().UTC()
	at := now.Add(-time.Minute).Format(time.RFC3339)
	asked := 0
	client := &http.Client{Transport: respond(func(r *http.Request) (int, string) {
		if strings.Contains(r.URL.Path, "/places/") {
			asked++
			return 200, `{"name": "checkout"}`
		}
		return 200, `{"deploys": [{"id": 2, "place": "eu", "changed": "` + at + `"}, {"id": 3, "changed": "` + at + `"}]}`
	})}
	page, err := pulledOf(t, asking).Streams[0].Pull(t.Context(), client, nil, now.Add(-time.Hour))
	require.NoError(t, err)
	require.Len(t, page.Raws, 2)
	require.Equal(t, 1, asked)

	items := pulledOf(t, better).ReadPage(page, now)
	require.Equal(t, "checkout", items[0].Facts[0].Change.Service)
	require.Equal(t, "nobody", items[1].Facts[0].Change.Service, "nothing was to be looked up for it")

	page.Raws[0].Body = []byte(`{"of": "shop", "api": "https://api.example.com/v1", "item": {"id": 2, "place": "eu", "changed": "` + at + `"}}`)
	items = pulledOf(t, better).ReadPage(page, now)
	require.Equal(t, "unreadable: $.lookups.place: was not looked up when the item was pulled", items[0].Problem)
}

// TestWhatCantBeLookedUpStopsTheStream: that is no fault of the item.
func TestWhatCantBeLookedUpStopsTheStream(t *testing.T) {
	asking := strings.Replace(ascending, "  deliveries:", "  lookups:\n    place: \"'/places/1'\"\n  deliveries:", 1)
	for name, body := range map[string]string{
		"for an item that can be read": `{"id": 2, "state": "ok", "changed": "2026-03-01T10:00:00Z"}`,
		"for one that can't":           `{"id": 2, "changed": "2026-03-01T10:00:00Z"}`,
	} {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: respond(func(r *http.Request) (int, string) {
				if strings.Contains(r.URL.Path, "/places/") {
					return 200, `<html>`
				}
				return 200, `{"deploys": [` + body + `]}`
			})}
			_, err := pulledOf(t, asking).Streams[0].Pull(t.Context(), client, nil, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
			require.ErrorContains(t, err, "the answer to what is looked up is $: must be a JSON document")
		})
	}
}
