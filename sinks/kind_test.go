package sinks_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/sinks"
)

// settings of a sink for tests.
type settings struct {
	URL   string            `mapstructure:"url"`
	Tries int               `mapstructure:"tries"`
	Rooms map[string]nested `mapstructure:"rooms"`
}

type nested struct {
	Name string `mapstructure:"name"`
}

func (s settings) Validate() error {
	if s.URL == "" {
		return errors.New("url: required")
	}
	return nil
}

// opened is a sink that shows what it was opened with.
type opened struct{ settings }

func (opened) Name() string { return "note" }
func (opened) Close() error { return nil }

func kind() sinks.Kind[settings] {
	return sinks.Kind[settings]{
		Name: "note", Defaults: func() settings { return settings{Tries: 3} },
		Open: func(_ sinks.Reader, c settings) (sinks.Sink, error) { return opened{c}, nil },
	}
}

func TestSettingsAreReadIntoTheirType(t *testing.T) {
	type m = map[string]any
	for name, c := range map[string]struct {
		raw  m
		want string
	}{
		"an unknown key":            {m{"url": "a", "uri": "b"}, "uri: there is no such key in the configuration; known in its place are rooms, tries, url"},
		"an unknown key further in": {m{"url": "a", "rooms": m{"ops": m{"nam": "b"}}}, "rooms::ops::nam: there is no such key in the configuration; known in its place are name"},
		"a value of another type":   {m{"url": "a", "tries": "many"}, "tries"},
		"a value that isn't right":  {m{"tries": 1}, "url: required"},
		"nothing":                   {nil, "url: required"},
	} {
		t.Run(name, func(t *testing.T) {
			f := kind().Factory()
			require.ErrorContains(t, f.Check(c.raw), c.want)
			_, err := f.New(nil, c.raw)
			require.ErrorContains(t, err, c.want)
		})
	}
	f := kind().Factory()
	require.Equal(t, "note", f.Name)
	require.NoError(t, f.Check(m{"url": "a"}))
	s, err := f.New(nil, m{"url": "a", "rooms": m{"ops": m{"name": "b"}}})
	require.NoError(t, err)
	require.Equal(t, opened{settings{URL: "a", Tries: 3, Rooms: map[string]nested{"ops": {"b"}}}}, s)
	require.Nil(t, sinks.Routes(s), "it serves nothing")
}

func TestASinkWithoutSettingsHasNone(t *testing.T) {
	f := sinks.Kind[struct{}]{Name: "note", Open: func(sinks.Reader, struct{}) (sinks.Sink, error) { return opened{}, nil }}.Factory()
	require.NoError(t, f.Check(nil))
	require.EqualError(t, f.Check(map[string]any{"b": 1, "a": 2}), "a: unknown setting; the note sink has none")
}

func TestSettingsArePreparedBeforeTheyAreRead(t *testing.T) {
	k := kind()
	k.Prepare = func(raw map[string]any) (map[string]any, error) {
		if raw["url"] == "hush" {
			return nil, errors.New("url: must be text")
		}
		return map[string]any{"url": "prepared"}, nil
	}
	require.EqualError(t, k.Factory().Check(map[string]any{"url": "hush"}), "url: must be text")
	s, err := k.Factory().New(nil, map[string]any{"url": 7})
	require.NoError(t, err)
	require.Equal(t, "prepared", s.(opened).URL)
}

func TestAnErrorOfDeliveryIsThatOfItsCause(t *testing.T) {
	cause := errors.New("no route")
	u := &sinks.Undelivered{Cause: sinks.Failed, Err: cause}
	require.EqualError(t, u, "no route")
	require.ErrorIs(t, u, cause)
}
