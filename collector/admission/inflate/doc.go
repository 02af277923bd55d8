// Package inflate answers: what is in a body by gzip that is here as a whole?
//
// A body that came whole, and says how long its content is, needs neither a window nor a stream of its own: what it refers back to is
// in the content already, and eight bytes are read and written at a time. That takes about half as long as reading it through a
// decompressor. The format is that of RFC 1951 and RFC 1952; tables that are looked up by several bits at once, and entries that hold
// a symbol with its extra bits, are as in libdeflate.
//
// It takes what encoders write: one member with a plain header. Anything else, and whatever is broken, it leaves to a
// decompressor, which tells what is wrong. So whatever it takes, a decompressor takes as well, and reads the same in it.
package inflate
