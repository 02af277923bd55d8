package watch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/cmd/shipwake/app/watch"
)

type row struct{ id, is string }

// list is an answer of rows.
func list(all ...row) rows.View {
	said, _ := json.Marshal(len(all))
	return rows.List[row]{
		Columns: []rows.Column[row]{rows.Text("ID", func(r row) string { return r.id }), rows.Text("IS", func(r row) string { return r.is })},
		Rows:    all, Said: said, Empty: "Nothing.",
	}
}

var errAway = errors.New("away")

// script answers one question after the other, and remembers when it was asked. After the last it ends the watch.
type script struct {
	answers []any // a view or an error
	asked   []time.Duration
	begin   time.Time
	end     context.CancelFunc
}

func (s *script) ask(context.Context) (rows.View, error) {
	s.asked = append(s.asked, time.Since(s.begin))
	at := len(s.asked) - 1
	if at == len(s.answers) {
		s.end()
		return nil, errAway
	}
	if err, failed := s.answers[at].(error); failed {
		return nil, err
	}
	return s.answers[at].(rows.View), nil
}

// run runs a watch through a script, with news at these times.
func run(t *testing.T, s *script, o watch.Options, news ...time.Duration) error {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	told := make(chan struct{}, 1)
	s.begin, s.end = time.Now(), end
	for _, at := range news {
		time.AfterFunc(at, func() { told <- struct{}{} })
	}
	o.Ask, o.Away, o.News = s.ask, func(err error) bool { return errors.Is(err, errAway) }, told
	return watch.Run(ctx, o)
}

func pipe() screen.Screen { return screen.Screen{Width: 80} }

func TestIntoAPipeGoesOnlyWhatChanged(t *testing.T) {
	for f, want := range map[rows.Format]string{
		rows.Table: "ID  IS\na   observed\nb   observed\nb   regressed\nc   observed\n",
		rows.CSV:   "id,is\na,observed\nb,observed\nb,regressed\nc,observed\n",
		rows.JSON:  "2\n3\n",
		rows.YAML:  "2\n---\n3\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var out, problems bytes.Buffer
			s := &script{answers: []any{
				list(row{"a", "observed"}, row{"b", "observed"}), list(row{"a", "observed"}, row{"b", "observed"}), errAway, errAway,
				list(row{"c", "observed"}, row{"b", "regressed"}, row{"a", "observed"}),
			}}
			require.NoError(t, run(t, s, watch.Options{Every: 5 * time.Second, Format: f, Out: &out, Problems: &problems, Screen: pipe}))
			if f == rows.Table || f == rows.CSV {
				require.ElementsMatch(t, strings.Split(want, "\n"), strings.Split(out.String(), "\n"), f)
				require.True(t, strings.HasPrefix(out.String(), want[:strings.Index(want, "\n")]))
			} else {
				require.Equal(t, want, out.String())
			}
			require.Equal(t, "shipwake: away; asking again\n", problems.String(), "that it is away is said once")
		})
	}
}

func TestItAsksWhenAnIntervalIsOverAndWhenThereIsNews(t *testing.T) {
	for name, c := range map[string]struct {
		every time.Duration
		news  []time.Duration
		want  []time.Duration
	}{
		"every interval":                        {5 * time.Second, nil, []time.Duration{0, 5 * time.Second, 10 * time.Second}},
		"every second":                          {time.Second, nil, []time.Duration{0, time.Second, 2 * time.Second}},
		"at news, and the interval goes on":     {30 * time.Second, []time.Duration{10 * time.Second}, []time.Duration{0, 10 * time.Second, 40 * time.Second}},
		"not more than once a second at news":   {30 * time.Second, []time.Duration{1100 * time.Millisecond, 1200 * time.Millisecond}, []time.Duration{0, 1100 * time.Millisecond, 2100 * time.Millisecond}},
		"what comes while it asks isn't missed": {30 * time.Second, []time.Duration{time.Millisecond}, []time.Duration{0, time.Second, 31 * time.Second}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{answers: []any{list(), list()}}
			require.NoError(t, run(t, s, watch.Options{Every: c.every, Format: rows.Table, Out: io.Discard, Problems: io.Discard, Screen: pipe}, c.news...))
			require.Equal(t, c.want, s.asked, name)
		})
	}
}

func TestAWrongQuestionEndsTheWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong := errors.New("verdict: is unknown")
		s := &script{answers: []any{wrong}}
		require.ErrorIs(t, run(t, s, watch.Options{Every: time.Second, Format: rows.Table, Out: io.Discard, Screen: pipe}), wrong)
	})
}

func TestATerminalIsPaintedOverAndGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		restored := false
		s := &script{answers: []any{list(row{"a", "observed"}), list(row{"a", "regressed"}), errAway}}
		require.NoError(t, run(t, s, watch.Options{
			Every: time.Second, Format: rows.Table, Head: "shipwake changes", Out: &out,
			Screen: func() screen.Screen { return screen.Screen{Width: 80, Height: 10, Terminal: true} },
			Keys:   func(func()) (func(), error) { return func() { restored = true }, nil },
		}))
		text := out.String()
		require.True(t, restored)
		require.True(t, strings.HasPrefix(text, "\x1b[?1049h\x1b[?25l\x1b[H"), "it takes another page, and hides the cursor")
		require.Equal(t, 3, strings.Count(text, "\x1b[H"), "every answer is painted over the one before, and that there is none too")
		require.Contains(t, text, "no answer: away")
		require.True(t, strings.HasSuffix(text, "\x1b[?25h\x1b[?1049lID  IS\na   regressed\n"), "the last answer stays")
	})
}

func TestAKeyEndsTheWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: make([]any, 100)}
		for i := range s.answers {
			s.answers[i] = list()
		}
		require.NoError(t, run(t, s, watch.Options{
			Every: time.Second, Format: rows.Table, Out: io.Discard,
			Screen: func() screen.Screen { return screen.Screen{Width: 80, Height: 10, Terminal: true} },
			Keys: func(quit func()) (func(), error) {
				timer := time.AfterFunc(2500*time.Millisecond, quit)
				return func() { timer.Stop() }, nil
			},
		}))
		require.Len(t, s.asked, 3)
	})
}
