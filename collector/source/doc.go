// Package source answers: what is a source of facts, and what must one do?
//
// A source knows how one system says "a change started, finished, failed" or "an incident opened, was resolved", and
// nothing else. It has no network, no clock and no state: a receiver (webhook, kafka) hands it a Request and gets
// Deliveries back. The receiver owns limits, the answer to the sender and the way to the ledger.
//
// # Adding a source
//
//  1. One folder, named as users name the system: collector/source/<name>/ with <name>.go (the Source and its small
//     structs of just the fields that are read) and testdata/ (payloads written by us from the documented schema, with
//     goldens).
//  2. Authenticate checks the signature over the raw bytes, in constant time, against each live secret.
//  3. Parse maps; it never guesses. A payload that is authentic and well-formed but says nothing of a change or an
//     incident returns a Delivery with a Problem ("unmapped: …"): it is kept and counted, and the sender gets 202.
//     A payload that can't be read returns a *ParseError with the JSON path of what is wrong: 400.
//  4. Pass sourcetest.Run, add a fuzz target, and one line in all/.
package source
