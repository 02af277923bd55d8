// Package admission answers: may this come in, and what will it take?
//
// A request of a few kilobytes can make a decoder allocate hundreds of megabytes. So bytes are reserved from a Budget
// before they are read, decompressed sizes are bounded, and a walk over the decompressed bytes adds up what decoding
// would allocate before anything is decoded. What is refused is refused with a Refusal, which names its reason.
//
// The walks know the messages of OTLP from a table (fields.go) and allocate nothing. What they don't know, they charge
// as if it were the most expensive thing that they do know.
package admission
