// Package source answers: what is a source of facts, and what must one do?
//
// A source knows how one system says "a change started, finished, failed" or "an incident opened, was resolved", and
// nothing else. It is a value of Source: names, authentication schemes and pure functions. It has no network, no clock and
// no state. Receivers (webhook, Kafka, pull) hand it what came in and pass the deliveries on to the Intake, which keeps them
// as they came; what Parse reads from them is a projection, and is read again when the source's Version or the part of its
// configuration that bears on the facts is another one. A better Parse thus corrects what was read before.
//
// # Adding a source
//
// A system that only moves fields is a mapping: a folder of package vendors with a YAML file and payloads, and no Go. Package
// mapping says what such a file has. What follows is for a system that needs more: one folder and one line. The folder is named as users name the system, and is the type in the configuration and the
// path /hooks/{name}.
//
//	collector/source/<name>/<name>.go         the source; the package comment is the table of what is mapped to what
//	collector/source/<name>/<name>_test.go    sourcetest.Run and sourcetest.Fuzz
//	collector/source/<name>/testdata/*.http   payloads: header lines, an empty line, the body; written by us from the
//	                                          documented schema
//	collector/source/all/all.go               one line
//
// The smallest source is a function that returns a Source with Name, Version, Schemes and Parse:
//
//  1. Version is any text. Whoever changes what Parse reads changes it.
//  2. Schemes say how senders prove themselves; this package checks them. HubSignature and StandardWebhooks are ready;
//     others are a Scheme with a few fields: a header, a prefix, a hash, what is signed. What a scheme doesn't cover must
//     not tell one delivery from another.
//  3. Headers name those that Parse needs, such as the one with the event's name.
//  4. Parse maps; it never guesses. ParseJSON reads just the fields that are needed where they lie and remembers the path
//     of the first that is wrong; JSON.Time reads every form of time there is; Reading.Add completes and validates a fact.
//     There are three ways to have no facts. Ignored: it is understood, and isn't about a change or an incident. Unmapped:
//     it may be, and can't be mapped; it is kept in quarantine. A *ParseError with the JSON path: it can't be read. None
//     repeats a value. What is asked of an event is what its fact needs: one that isn't about a change is never refused. A
//     change begins when it begins to roll out, not when somebody asks for it, nor while it waits for an approval.
//  5. The test calls sourcetest.Run; run it with -update to record what is read from each payload in
//     testdata/*.golden.json, and read that.
//
// What fewer sources need:
//
//   - Open, where a message holds several deliveries, or a delivery has an id of its own. Without it a message is one
//     delivery, and the same bytes are the same delivery. Events of a batch are deliveries of their own, so that one that
//     can't be read doesn't hold back the others. Where a batch says how many events its sender left out, that is a delivery
//     as well, Unmapped, with Reading.Left; package alertmanager is the example.
//   - Config, for keys beyond the secrets: a struct with mapstructure tags, Validate, and Configure, which sets Parse.
//   - Pull, for asking the system by its API for what its webhooks would have said. Fetch asks for a page, and reads how an API
//     says that it wants to be left alone. Package github is the example, with a server to test against; a mapping says it in
//     its part pull, without Go.
//
// # What the sender is told
//
// 202 when at least one of the deliveries can be read, be it that it is ignored or unmapped; the answer names what is in
// quarantine. 400 with the JSON path when none can. 401 for a wrong or missing proof. Kafka and pull keep what can't be
// read in quarantine, since nobody would send it again.
package source
