// Package source answers: what is a source of facts, and what must one do?
//
// A source knows how one system says "a change started, finished, failed" or "an incident opened, was resolved", and
// nothing else. It has no network, no clock and no state: a receiver (webhook, kafka) hands it a Request and gets
// Deliveries back. The receiver owns limits, the answer to the sender and the way to the ledger.
//
// # Adding a source
//
//  1. One folder, named as users name the system: collector/source/<name>/ with <name>.go, whose package comment is the
//     table of what is mapped to what, and testdata/*.http: header lines, an empty line, the body (payloads written by
//     us from the documented schema).
//  2. New refuses a configuration that can't be right: CheckSecrets first.
//  3. Authenticate checks the signature over the raw bytes, in constant time, against each live secret: a row of the
//     table SchemesOf. What the scheme doesn't cover must not tell one delivery from another.
//  4. Parse maps; it never guesses. ParseJSON reads just the fields that are needed where they lie and remembers the
//     path of the first that is wrong. A payload that is authentic and well-formed but says nothing of a change or an
//     incident returns a Delivery with a Problem (Unmapped): it is kept and counted, and the sender gets 202. A payload
//     that can't be read returns a *ParseError with the JSON path of what is wrong: 400. Neither repeats a value.
//  5. Pass sourcetest.Run, whose -update records what Parse makes of each payload in testdata/*.golden.json; add a fuzz
//     target that calls sourcetest.Fuzz, and one line in all/.
package source
