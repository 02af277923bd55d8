// Package wire answers: which plain records are in these bytes?
//
// It walks an OTLP request in protobuf once, without making objects of it, and collects the records that package reduce
// takes. Their strings are parts of the request. Nothing is reduced before the whole request was walked, so a request is
// taken whole or not at all.
//
// A walk knows messages as encoders write them, with their fields in any order. What is legal and odd (a field that isn't
// in the protocol, a message that comes in two parts, several values where there is room for one), and what isn't legal, it
// leaves to the decoder: then it says that the request is odd, and nothing was done. So whatever a walk takes, the
// decoder takes as well, and reads the same in it. Lengths are checked before anything is read, and records take
// their memory from a Room before they are made.
package wire
