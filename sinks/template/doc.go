// Package template answers: how is a receiver told that only needs another body?
//
// By a file, without Go. A vendor is one folder in sinks/vendors: sink.yaml, which says how it is called, and testdata with a
// receiver to test against and the exact requests it gets. A file of your own is named by `file` under the sink template:
//
//	extensions:
//	  correlate:
//	    sinks:
//	      template:
//	        targets:
//	          mine:
//	            file: ./mine.yaml
//	            settings: {token: "${env:MINE_TOKEN}"}
//
// # A file
//
//	name: mine
//	title: Mine
//	settings:
//	  token: {help: from the page of the app, secret: true, required: true}
//	create:
//	  url: https://api.mine.example/messages
//	  headers: {Authorization: "Bearer {{.Setting.token}}"}
//	  body: |
//	    {"text": {{.Headline | clip 200 | json}}, "color": {{pick .Kind "regressed" "red" "" "green" | json}}}
//	  keep: {id: body.message.id}
//	update:
//	  method: PUT
//	  url: https://api.mine.example/messages/{{.Receipt.id | path}}
//	  headers: {Authorization: "Bearer {{.Setting.token}}"}
//	  body: '{"text": {{.Headline | clip 200 | json}}}'
//	answers:
//	  - {at: body.ok, in: ["false"], then: refused}
//	error: body.error
//
// Everything in a step is a template of package text/template. File says what each key means.
//
// # What is sent when
//
//   - find asks for what was created before, whenever nothing is remembered of it; so a message that was created just before
//     the daemon died isn't created again.
//   - create opens the conversation on a change, and keeps of the answer what update and follow_up need.
//   - update changes what was created, whenever there is something else to say. What is gone is looked for once more.
//   - follow_up are sent after that, one after the other, when the kind of what is said changed: an answer in a thread, a
//     transition. After create they are only where there is find, since one that fails begins it all again.
//
// Without update, create is sent again, whenever the kind changed; with `revisions: true`, for every revision. A step with a
// `when` that comes to nothing, or to false, is not there.
//
// # What a template has
//
// The fields of Note, such as .Headline and .Service; .Key, which is the same for the same message for ever, for receivers
// that tell by it that a message came before; .Setting, .Receipt (what was kept, "" before) and .Before (the kind of what was
// said last, "" at first). Besides the functions of text/template:
//
//	json             a value as JSON; every text in a JSON body needs it
//	mrkdwn, markdown, html, card, plain   a text with nothing in it that means something to Slack, in Markdown, in HTML, in
//	                 an Adaptive Card; on one line without control characters
//	path, query      a text as a part of a URL's path, as a value in its query
//	clip N           a text with at most N characters, clipBytes N with at most N bytes
//	symbol           the sign of a kind; pick X "a" "1" "b" "2" "" "3" the value beside X, that of "" for any other
//	rfc3339, unix, unixMilli, instant, span   a time, or "" (0 where it is a number) without one; span: seconds in words
//	percent, figure  a probability, a number, in words
//	part "name" .    what a template of `parts` comes to, to go on with
//	list, has LIST X, join, lower, replace, basic USER PASSWORD, add
//
// Whatever is in a text was written by others. A template that puts it into a message without the function for its place lets
// them mention everybody.
//
// # Mistakes
//
// A file is read, and each of its steps run on an example of every kind of message, when the configuration is loaded. What a
// JSON body comes to must be JSON, and a URL a URL. No error repeats a setting that is secret.
package template
