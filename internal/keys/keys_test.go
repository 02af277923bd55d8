package keys_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/keys"
)

type base struct {
	Shared string `mapstructure:"shared"`
}

type inner struct {
	URL string `mapstructure:"url"`
}

type config struct {
	base   `mapstructure:",squash"`
	Name   string           `mapstructure:"name"`
	Places map[string]inner `mapstructure:"places"`
	List   []*inner         `mapstructure:"list"`
	Free   map[string]any   `mapstructure:"free"`
	hidden string
}

func TestUnknownKeysAreNamedWithTheKnownOnes(t *testing.T) {
	type m = map[string]any
	for name, c := range map[string]struct {
		value any
		want  []string
	}{
		"every key is known":   {m{"name": "a", "shared": "b", "places": m{"x": m{"url": "u"}}, "list": []any{m{"url": "u"}}}, nil},
		"anything under free":  {m{"free": m{"a": m{"b": 1}}}, nil},
		"keys in upper case":   {m{"Name": "a"}, nil},
		"no map at all":        {"text", nil},
		"a list where none is": {m{"name": []any{m{"a": 1}}}, nil},
		"at the top":           {m{"nam": "a"}, []string{"nam: there is no such key in the configuration; known in its place are free, list, name, places, shared"}},
		"in a map":             {m{"places": m{"x": m{"uri": "u"}}}, []string{"places::x::uri: there is no such key in the configuration; known in its place are url"}},
		"in a list":            {m{"list": []any{m{}, m{"uri": "u"}}}, []string{"list::1::uri: there is no such key in the configuration; known in its place are url"}},
		"a field without a key": {m{"hidden": "a", "b": 1}, []string{
			"b: there is no such key in the configuration; known in its place are free, list, name, places, shared",
			"hidden: there is no such key in the configuration; known in its place are free, list, name, places, shared"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, err := range keys.Unknown(c.value, reflect.TypeFor[*config](), nil) {
				got = append(got, err.Error())
			}
			require.Equal(t, c.want, got)
		})
	}
	require.Equal(t, []string{"free", "list", "name", "places", "shared"}, keys.Of(reflect.TypeFor[config]()))
	require.Empty(t, keys.Of(reflect.TypeFor[struct{}]()))
	require.Empty(t, config{}.hidden)
}
