package opaque

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSettingsArePreparedWithoutBeingRepeated(t *testing.T) {
	type m = map[string]any
	texts := func(raw m) error { return Each(raw, "targets", "must be a map of names to texts", Text) }
	for name, c := range map[string]struct {
		raw, want m
		err       string
	}{
		"texts":             {m{"targets": m{"a": "x"}, "b": 1}, m{"targets": m{"a": "x"}, "b": 1}, ""},
		"nothing":           {m{"targets": nil}, m{}, ""},
		"an unset text":     {m{"targets": m{"a": nil}}, m{"targets": m{}}, ""},
		"a number":          {m{"targets": m{"a": 4711}}, nil, "targets::a: must be text; put it in quotes"},
		"a text for a map":  {m{"targets": "4711"}, nil, "targets: must be a map of names to texts"},
		"a list for a text": {m{"targets": m{"a": []any{"4711"}}}, nil, "targets::a: must be text; put it in quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			inner, _ := c.raw["targets"].(m)
			before := len(inner)
			err := texts(c.raw)
			require.Len(t, inner, before, "what was given is left as it is")
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, c.raw)
		})
	}
}
