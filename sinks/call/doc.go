// Package call answers: how is a receiver called over HTTP, and what does its answer mean?
//
// It is what sinks that send over HTTP share: the settings of a client, the one request that a try makes, and the reading of
// an answer as one of the causes of package sinks. Redirects are not followed, addresses inside a network are open only when
// they are listed (package outgoing), and no error repeats a URL, a header or a body that was sent.
package call
