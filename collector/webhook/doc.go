// Package webhook answers: how does a fact come in by HTTP?
//
// The receiver change_webhook is one HTTP server for every source, at /hooks/{source}. It owns limits, the order of
// checks and the answer; what a body means is the source's business. Deliveries go to the source.Intake among the extensions
// and nowhere else, so that the pipeline that the receiver stands in gets nothing. The answer 202 means that the intake has
// committed them, which in the daemon is fully synced:
//
//	200  to GET /hooks/: the sources with their paths, and where their pages are
//	202  kept, also when an event says nothing of a change: the body is kept to be read again after an upgrade. The answer
//	     has the ids, the number of facts, and what is ignored, known already or in quarantine
//	400  nothing in the body can be read; the answer has the JSON path
//	401  the signature or token is wrong
//	403  a source without a secret got what a web page sent, or what was meant for another host
//	404  no such source; the answer lists those there are
//	405  not a POST
//	408  the body came too slowly
//	413  the body is larger than max_body_size, before or after decompression
//	415  a content encoding other than gzip and deflate
//	500  refused for good; the log has the delivery's id
//	503  can't be kept now; Retry-After says when to come again
package webhook
