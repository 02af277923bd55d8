package wire

// Room is where a walk takes the memory of its records from, in bytes. An error ends the walk; what was taken is given back
// by whoever gave the Room.
type Room interface {
	Take(n int64) error
}

// paidAhead is how much is taken at a time.
const paidAhead = 16 << 10

// purse takes room in pieces that are worth the asking.
type purse struct {
	room Room
	left int64
	err  error // of the room, for good
}

// pay is false when there is no room.
func (p *purse) pay(n int64) bool {
	if p.left -= n; p.left >= 0 {
		return true
	}
	return p.more()
}

func (p *purse) more() bool {
	more := max(paidAhead, -p.left)
	if p.err == nil {
		p.err = p.room.Take(more)
	}
	p.left += more
	return p.err == nil
}
