package importer

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressTellsTheShareTheRateAndWhatIsLeft(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	sent := int64(1_000)
	var out bytes.Buffer
	p := NewProgress(&out, true, nil, func() int64 { return sent }, func() time.Time { return at })
	p.total, p.first = 4_000_000, sent
	p.bytes(1_000_000)
	at, sent = at.Add(20*time.Second), 101_000
	p.tell()
	require.Equal(t, "\r\x1b[K[=======                       ]  25 %  101,000 facts  5,000/s  1m0s left", out.String())
	out.Reset()
	p.terminal = false
	p.bytes(3_000_000)
	p.tell()
	require.Equal(t, "100 %  101,000 facts  5,000/s\n", out.String())
}

func TestProgressOnATerminalLeavesNothingBehind(t *testing.T) {
	var out bytes.Buffer
	ended := make(chan struct{})
	close(ended)
	NewProgress(&out, true, nil, func() int64 { return 0 }, time.Now).Run(ended)
	require.Equal(t, "\r\x1b[K", out.String())
}
