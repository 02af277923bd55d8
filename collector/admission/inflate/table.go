package inflate

import "math/bits"

// An entry says what a code stands for. From the lowest bit on:
//
//	 8 bits  how many bits to take: of the code, and of the extra bits after it
//	 4 bits  how many of them are the code's; of a link, how many bits more choose in the table that it leads to
//	 1 bit   unused
//	 3 bits  kind
//	15 bits  a byte, the base of a length or a distance, or where the table is that a link leads to
//	 1 bit   a byte
type entry uint32

const (
	isByte entry = 1 << 31
	isLink entry = 1 << 15
	isEnd  entry = 1 << 14 // of the block
	isOdd  entry = 1 << 13 // stands for nothing; 0 is odd as well
	other        = isLink | isEnd | isOdd
)

func (e entry) taken() uint    { return uint(e & 0xff) }
func (e entry) codeBits() uint { return uint(e >> 8 & 0xf) }
func (e entry) value() uint    { return uint(e >> 16 & 0x7fff) }

// number is the value with its extra bits, which lie in the buffer behind the code.
func (e entry) number(buffer uint64) int {
	return int(e.value()) + int(buffer&(1<<(e.taken()&63)-1)>>(e.codeBits()))
}

const (
	symbolBits, symbols     = 10, 288 // of bytes, lengths and the end
	distanceBits, distances = 8, 32
	lengthBits, lengths     = 7, 19 // of the lengths of codes
	longestCode             = 15

	// The most entries that tables with links take, by zlib's enough.c for so many symbols and bits.
	symbolEntries   = 1334
	distanceEntries = 402
)

// meanings are entries without the bits of codes, for each symbol.
var symbolMeanings, distanceMeanings, lengthMeanings = meanings()

func meanings() (of [symbols]entry, far [distances]entry, plain [lengths]entry) {
	for i := range 256 {
		of[i] = isByte | entry(i)<<16
	}
	of[256] = isEnd
	base := 3
	for i := 257; i < 285; i++ {
		extra := max(0, (i-261)/4)
		of[i] = entry(base)<<16 | entry(extra)
		base += 1 << extra
	}
	of[285] = 258 << 16
	of[286], of[287] = isOdd, isOdd
	base = 1
	for i := range 30 {
		extra := max(0, (i-2)/2)
		far[i] = entry(base)<<16 | entry(extra)
		base += 1 << extra
	}
	far[30], far[31] = isOdd, isOdd
	for i := range plain {
		plain[i] = entry(i) << 16
	}
	return of, far, plain
}

// code is the lengths of the codes of symbols, and those that have one in the order of their codes.
type code struct {
	lengths []uint8
	count   [longestCode + 1]int // of each length
	sorted  [symbols]uint16
	used    int
	free    int // how many codes of the longest length are left, less than none when the lengths can't be
}

func (c *code) sort() {
	for _, n := range c.lengths {
		c.count[n]++
	}
	c.count[0] = 0
	var next [longestCode + 2]int
	c.free = 1
	for n := 1; n <= longestCode; n++ {
		next[n+1] = next[n] + c.count[n]
		c.free = c.free<<1 - c.count[n]
		if c.free < 0 {
			return
		}
	}
	c.used = next[longestCode+1]
	for symbol, n := range c.lengths {
		if n > 0 {
			c.sorted[next[n]] = uint16(symbol)
			next[n]++
		}
	}
}

// fill makes the table of a code that is looked up by so many bits, from the length of each symbol's. It is false when that isn't a
// complete code. Where lone says so a single symbol, or none, is one as well, and what it leaves free is odd.
func fill(table []entry, by uint, lengths []uint8, meanings []entry, lone bool) bool {
	c := code{lengths: lengths}
	c.sort()
	if c.free < 0 || c.free > 0 && (!lone || c.used > 1 || c.used != c.count[1]) {
		return false
	}
	table[0], table[1] = isOdd, isOdd // which stays so where there is no code
	l := links{table: table, by: by, end: 1 << by}
	number, before, size := 0, uint(0), 2
	for _, symbol := range c.sorted[:c.used] {
		n := uint(lengths[symbol])
		number <<= n - before
		before = n
		size = double(table, size, min(n, by))
		reversed := int(bits.Reverse16(uint16(number)) >> (16 - n))
		number++
		e := meanings[symbol] + entry(n)
		if n > by {
			l.add(&c, reversed, n, e)
			continue
		}
		table[reversed] = e | entry(n)<<8
	}
	double(table, size, by)
	return true
}

// double makes a table that is looked up by fewer bits one that is looked up by so many: the codes that are in it stand in both
// halves.
func double(table []entry, size int, by uint) int {
	for ; size < 1<<by; size *= 2 {
		copy(table[size:2*size], table[:size])
	}
	return size
}

// links enter the codes that are longer than a table is looked up by into tables of their own, to which it links.
type links struct {
	table []entry
	by    uint
	end   int // of what is in use

	prefix, at int // of the table that was linked to last
	more       uint
}

func (l *links) add(c *code, reversed int, n uint, e entry) {
	if prefix := reversed & (1<<l.by - 1); l.at == 0 || l.prefix != prefix {
		l.link(c, prefix, n)
	}
	c.count[n]--
	for i := reversed >> l.by; i < 1<<l.more; i += 1 << (n - l.by) {
		l.table[l.at+i] = e - entry(l.by) | entry(n-l.by)<<8
	}
}

// link makes a table of the longer codes that begin alike, the first of which is so long: as large as those that are left need.
func (l *links) link(c *code, prefix int, n uint) {
	l.prefix, l.at, l.more = prefix, l.end, n-l.by
	for free := 1 << l.more; l.more+l.by < longestCode; l.more++ {
		if free -= c.count[l.more+l.by]; free <= 0 {
			break
		}
		free <<= 1
	}
	l.end += 1 << l.more
	l.table[prefix] = isLink | entry(l.at)<<16 | entry(l.more)<<8 | entry(l.by)
}
