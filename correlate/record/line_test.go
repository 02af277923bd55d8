package record

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Lines that grow out of one another, cut short and taken up again anywhere, hold what slices of their own would, also after
// others grew; and what a run keeps is bounded.
func TestLinesThatShareARunAreAsSlicesOfTheirOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 6).Draw(t, "most")
		lines, want := []line{{}}, [][]*deployed{nil}
		for n := range rapid.IntRange(1, 60).Draw(t, "steps") {
			of := len(lines) - 1 - rapid.IntRange(0, min(3, len(lines)-1)).Draw(t, "back")
			keep := lines[of].len() - rapid.IntRange(0, lines[of].len()).Draw(t, "cut")
			d := &deployed{by: fmt.Sprint(n)}
			all := append(want[of][:keep:keep], d)
			lines = append(lines, lines[of].first(keep).with(d, most))
			want = append(want, all[max(0, len(all)-most):])
			require.LessOrEqual(t, len(lines[len(lines)-1].in.items), most+(most+1)/2)
		}
		for i, l := range lines {
			require.Len(t, want[i], l.len())
			for k, d := range l.all() {
				require.Same(t, want[i][k], d)
			}
			for k, o := range lines {
				require.Equal(t, fmt.Sprint(ids(want[i])) == fmt.Sprint(ids(want[k])), l.same(o))
			}
		}
	})
}

func ids(all []*deployed) (ids []string) {
	for _, d := range all {
		ids = append(ids, d.by)
	}
	return ids
}
