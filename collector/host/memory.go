package host

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

// MemoryConfig bounds the memory of the daemon.
type MemoryConfig struct {
	// Limit is the most resident memory that the daemon takes. Beyond what fits, detail is dropped in a fixed order, and
	// then telemetry is refused; changes and incidents never are. More holds more services, versions and routes.
	Limit Bytes `mapstructure:"limit"`
}

const (
	defaultLimit = 512 * mebibyte
	leastLimit   = 192 * mebibyte
	// apart is what isn't taken of Go's runtime.
	apart = Waiting + sqlite.PageCache + program
	// Waiting is for edges and traces that wait for their other parts.
	Waiting = 64 * mebibyte
	// program is the pages of the program itself and of the ledger's index of its log, as far as they are in use.
	program = 40 * mebibyte
)

func (c MemoryConfig) validate() error {
	if c.Limit < leastLimit {
		return fmt.Errorf("memory::limit: %s: must be at least %s, of which %s are for what every daemon needs", c.Limit, leastLimit, apart)
	}
	return nil
}

// room is how a limit is divided.
type room struct {
	limit   int64
	runtime int64 // soft limit of all that Go's runtime takes
	store   int64 // the engine's measurements
	reducer int64 // what is kept from one drain to the next
	refuse  int64 // live heap from which telemetry is refused
}

// room divides the limit: two fifths of the heap are for measurements, a quarter for what comes in; the rest is for what
// is in flight, what is being written and garbage. A lower limit of the runtime that was set in the environment counts.
func (c MemoryConfig) room(runtime int64) room {
	soft := min(int64(c.Limit-apart), runtime)
	return room{
		limit: int64(c.Limit), runtime: soft, store: soft / 5 * 2, reducer: soft / 4, refuse: soft / 20 * 17,
	}
}

// heap is the host's view of the memory it may take.
type heap struct {
	room
	given  bool         // the soft limit of Go's runtime was set in the environment
	looked atomic.Int64 // when the heap was last looked at, Unix nanoseconds
	live   atomic.Int64
}

// counted is how many changes DORA numbers are told of from memory: they take a quarter of it at most, 130 bytes each.
func counted(limit int64) int { return int(limit / 4 / 130) }

// newMemory divides the memory. A soft limit of Go's runtime that whoever started the program set is left as it is.
func newMemory(c MemoryConfig) *heap {
	if os.Getenv("GOMEMLIMIT") != "" {
		return &heap{room: c.room(debug.SetMemoryLimit(-1)), given: true}
	}
	return &heap{room: c.room(math.MaxInt64)}
}

// apply sets the soft limit of Go's runtime.
func (m *heap) apply() {
	if !m.given {
		debug.SetMemoryLimit(m.runtime)
	}
}

// lookEvery is how old a look at the heap may be.
const lookEvery = 50 * time.Millisecond

// heapLive is the heap that the latest garbage collection found in use.
func (m *heap) heapLive() int64 {
	now := time.Now().UnixNano()
	if last := m.looked.Load(); now-last > int64(lookEvery) && m.looked.CompareAndSwap(last, now) {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		m.live.Store(int64(sample[0].Value.Uint64()))
	}
	return m.live.Load()
}

// admit refuses telemetry while the heap is almost full.
func (m *heap) admit() error {
	if live := m.heapLive(); live > m.refuse {
		return fmt.Errorf("no memory for telemetry now, send it again later: %d MiB are in use, "+
			"and the limit (extensions::correlate::memory::limit) leaves %d MiB", live>>20, m.refuse>>20)
	}
	return nil
}

// resident is the resident memory of the process, 0 where the system doesn't tell.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
