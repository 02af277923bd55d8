// Package pull answers: what would the webhooks have said that were lost, came before we listened, or can't be sent?
//
// It is the receiver change_pull, a logs receiver. It asks the APIs of systems, by the Puller of their sources:
//
//	receivers:
//	  change_pull:
//	    sources:
//	      github:                          # the name of its deliveries; the same as the webhook's, if there is one
//	        type: github                   # default: the name
//	        secret: ${env:GITHUB_TOKEN}    # or secret_file: its first line; default: none
//	        interval: 1m                   # default; how long after a look at what is there the next one begins
//	        history: 720h                  # default; how far back to read: raised, it reads further back
//	        allow: [private]               # default: only public addresses; see internal/outgoing
//	        proxy_url: http://proxy:3128   # default: no proxy
//	        tls: {ca_file: /etc/ca.pem}    # default: the system's certificates
//	        repositories: [octo/shop]      # the keys of the source: docs/sources has them, at "Reconcile and backfill"
//
//	service:
//	  extensions: [correlate]
//	  pipelines:
//	    logs/changes:
//	      receivers: [change_webhook, change_pull]
//	      exporters: [correlate]
//
// The answers go to the extension's intake; the pipeline only makes the receiver run, and carries nothing.
//
// # Nothing lost, nothing twice
//
// What is asked for comes in pages, and each stream of pages has a cursor in the ledger, "pull/<source>/<stream>". The
// deliveries of a page and the cursor after it are committed in one transaction (correlate.Move), so whatever dies, and at
// whatever instant, reading goes on with the page after the last one stored. A page that is asked for again has the same
// delivery ids. A webhook's delivery and a pulled one of the same event are two deliveries, whose facts are of one change.
//
// An item that lacks what is documented is kept as it came, in quarantine, and read again by the next version of its source's
// mapping; the stream goes on. An answer that as a whole isn't what is documented stops its stream, which is tried again.
//
// # Being a good guest
//
//   - One request at a time to a source, whatever it has of streams.
//   - Answers are remembered (16 MiB a source) and asked for with If-None-Match: what hasn't changed costs no rate limit.
//   - A limit (Retry-After, X-RateLimit-Reset, GitHub's secondary limits) stops the whole source for as long as it says, and
//     for twice as long each time that wasn't enough.
//   - Errors are tried again after 1 s, 2 s, … 5 minutes, of which chance takes up to a half; one failing stream holds up no
//     other.
//   - Credentials go to the host of the stream only, and no redirect is followed.
//
// Each is a counter of the tally, of its source: see counts.go.
package pull
