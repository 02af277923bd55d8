package kafka

import (
	"fmt"
	"strconv"
)

// cursor is where the ledger says that a partition's reader stands: the next offset, as decimal digits. No text says that
// the partition was never read.
type cursor struct {
	text   []byte
	offset int64
}

func cursorAt(offset int64) cursor {
	return cursor{strconv.AppendInt(nil, offset, 10), offset}
}

func parseCursor(text []byte) (cursor, error) {
	if len(text) == 0 {
		return cursor{}, nil
	}
	offset, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || offset < 0 {
		return cursor{}, fmt.Errorf("the ledger's cursor must be an offset in decimal digits, not %.32q", text)
	}
	return cursor{text, offset}, nil
}

// never tells that nothing was read yet.
func (c cursor) never() bool { return c.offset == 0 }
