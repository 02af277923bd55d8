package keys_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/keys"
)

// size reads itself from a text.
type size int64

func (s *size) UnmarshalText([]byte) error { *s = 1; return nil }

type values struct {
	Wait  time.Duration            `mapstructure:"wait"`
	Many  int                      `mapstructure:"many"`
	Share *float64                 `mapstructure:"share"`
	On    bool                     `mapstructure:"on"`
	Size  size                     `mapstructure:"size"`
	Text  string                   `mapstructure:"text"`
	Below []values                 `mapstructure:"below"`
	Named map[string]time.Duration `mapstructure:"named"`
}

func TestUnfitValuesAreNamedWithWhatWouldBeRight(t *testing.T) {
	type m = map[string]any
	const (
		duration = ": must be a duration such as 30s, 15m or 36h; its units are h, m, s and ms"
		whole    = ": must be a whole number, without quotes and without a unit"
	)
	for name, c := range map[string]struct {
		value m
		want  []string
	}{
		"every value fits":           {m{"wait": "15m", "many": 3, "share": 0.5, "on": true, "size": "512MiB", "text": "one"}, nil},
		"a word is no duration":      {m{"wait": "one"}, []string{"x::wait" + duration}},
		"nor is a number of days":    {m{"wait": "3d"}, []string{"x::wait" + duration}},
		"a text is no whole number":  {m{"many": "1GB"}, []string{"x::many" + whole}},
		"a text is no number":        {m{"share": "half"}, []string{"x::share: must be a number"}},
		"a number in quotes":         {m{"share": "0.5"}, []string{"x::share: must be a number, without quotes"}},
		"a text is no truth value":   {m{"on": "maybe"}, []string{"x::on: must be true or false"}},
		"in a list, and each by key": {m{"below": []any{m{}, m{"wait": "one", "many": "two"}}}, []string{"x::below::1::many" + whole, "x::below::1::wait" + duration}},
		"in a map":                   {m{"named": m{"a": "one"}}, []string{"x::named::a" + duration}},
		"nobody knows the key":       {m{"other": "one"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, err := range keys.Unfit(c.value, reflect.TypeFor[values](), []string{"x"}) {
				got = append(got, err.Error())
				require.NotContains(t, err.Error(), "half")
			}
			require.Equal(t, c.want, got)
		})
	}
}
