// Package historytest answers: does a format keep its contract?
//
// One suite for all formats: exports in, goldens out. A case is a folder below testdata with the files of one import, and
// found.golden beside them: what each record holds, by its place. Run it with -update to write these, and read them.
package historytest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/history"
)

var update = flag.Bool("update", false, "write the golden files")

const golden = "found.golden"

// Run tries a format on each case. Options are those of a case, by its name.
func Run(t *testing.T, f history.Format, options map[string]history.Options) {
	require.NotEmpty(t, f.Name)
	require.NotEmpty(t, f.About)
	cases, err := os.ReadDir("testdata")
	require.NoError(t, err)
	tried := 0
	for _, c := range cases {
		if !c.IsDir() {
			continue
		}
		tried++
		t.Run(c.Name(), func(t *testing.T) {
			dir := filepath.Join("testdata", c.Name())
			o := options[c.Name()]
			require.NoError(t, f.Check(o))
			got := Found(t, f, o, dir, nil)
			if *update {
				require.NoError(t, os.WriteFile(filepath.Join(dir, golden), []byte(got), 0o644))
			}
			want, err := os.ReadFile(filepath.Join(dir, golden))
			require.NoError(t, err)
			require.Equal(t, string(want), got)
			require.Equal(t, got, Found(t, f, o, dir, iotest.OneByteReader), "in the smallest pieces")
			require.Equal(t, got, Found(t, f, o, dir, iotest.DataErrReader), "with the end at once")
		})
	}
	require.Positive(t, tried, "a format has at least one case")
	broken(t, f, options)
}

// broken: a file that fails while it is read is an error, and none that can't be read is silently empty.
func broken(t *testing.T, f history.Format, options map[string]history.Options) {
	passes, err := f.Open(options[""])
	if err != nil {
		return // there are no options without which it can't be opened
	}
	for _, p := range passes {
		err := p.Read(history.Input{Name: "broken", Reader: iotest.ErrReader(io.ErrClosedPipe)}, func(history.Found) error { return nil })
		require.ErrorIs(t, err, io.ErrClosedPipe)
	}
}

// Found is what the files of a folder hold, in words; they are read through a reader, when there is one.
func Found(t *testing.T, f history.Format, o history.Options, dir string, through func(io.Reader) io.Reader) string {
	t.Helper()
	passes, err := f.Open(o)
	require.NoError(t, err)
	var b strings.Builder
	steps, err := history.Plan(passes, filesIn(t, dir))
	require.NoError(t, err)
	for _, step := range steps {
		text, err := os.ReadFile(step.File)
		require.NoError(t, err)
		var read io.Reader = bytes.NewReader(text)
		if through != nil {
			read = through(read)
		}
		err = step.Read(history.Input{Name: filepath.Base(step.File), Reader: read}, func(found history.Found) error {
			require.False(t, step.Aside, "a pass that remembers finds nothing")
			write(t, &b, found)
			return nil
		})
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
		}
	}
	return b.String()
}

func filesIn(t *testing.T, dir string) (files []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() != golden {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files
}

func write(t *testing.T, b *strings.Builder, found history.Found) {
	require.NotEmpty(t, found.At.File)
	require.Positive(t, found.At.Line)
	kinds := 0
	for _, is := range []bool{len(found.Facts) > 0, len(found.Messages) > 0, found.Ignored != "", found.Wrong != nil} {
		if is {
			kinds++
		}
	}
	require.Equal(t, 1, kinds, "%s: one of facts, messages, ignored and wrong", found.At)
	for _, fact := range found.Facts {
		text, err := json.Marshal(fact)
		require.NoError(t, err)
		fmt.Fprintf(b, "%s %s\n", found.At, text)
	}
	for _, m := range found.Messages {
		fmt.Fprintf(b, "%s %s %v %s\n", found.At, m.Source, m.Header, m.Body)
	}
	switch {
	case found.Ignored != "":
		fmt.Fprintf(b, "%s ignored: %s\n", found.At, found.Ignored)
	case found.Wrong != nil:
		fmt.Fprintf(b, "wrong: %v\n", found.Wrong)
	}
}
