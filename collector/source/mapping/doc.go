// Package mapping answers: how is a system that only moves fields read without Go?
//
// A mapping is a YAML file: how senders prove themselves, and rules that say which event is which change or incident, and
// which field is where. Its expressions are CEL (https://cel.dev) over the body of a delivery. The first rule whose
// condition holds is the one that counts:
//
//	name: example
//	title: Example
//	authentication:
//	  - {kind: token, header: X-Example-Token}
//	rules:
//	  - when: body.type == 'ping'
//	    ignored: a ping
//	  - when: body.type == 'deploy'
//	    change:
//	      id: body.deploy.id
//	      status: "{'ok': succeeded, 'broken': failed}[body.deploy.state]"
//	      service: body.deploy.app
//	      version: body.deploy.?tag
//	      finished_at: body.deploy.ended
//	  - unmapped: an event of a type that the mapping doesn't know
//
// # What an expression has
//
//	body                the JSON body: body.a.b must be there; body.?a.?b may be missing, and so may has(body.a.b)
//	header['X-Event']   one of the headers that the file names
//	header['Shipwake-Path']  where the file names it, the path below the hook that a request came to; such requests are taken only then
//	param.name          a parameter of the file, which users set in their configuration
//	received            when the delivery came, for systems that say no time
//	item                the element that a rule with each is at
//	names under let     values that several rules use
//	started, succeeded, failed, cancelled, deployment, rollback, feature_flag, config, infrastructure, other
//
// Missing and null are the same. Functions beyond CEL's own, its strings, lists and regular expressions (regex.extract):
//
//	time(x)        a time in any form that source.ParseTime reads, for arithmetic; fields that are times need no time()
//	commit(text)   the last full commit hash in a text, such as a URL, as an optional value
//	image(text)    {repository, name, tag, digest} of a container image; what it doesn't say is missing
//	release(ref, commit)  the version that a deployment of a ref brings: its tag, else the commit
//	first(list)    the first of some optional values that is there and not empty, as an optional value
//	present(list)  those of some optional values that are there and not empty, as a list
//	environment(text)  the first word in a name that environments are called (production, prod, staging, …), as an optional value
//	json(text)     what a JSON document within a text says, as an optional value; none when the text is no JSON
//	slug(text)     a name as services have them: lower case, with dashes for what isn't a letter, a digit or a dot
//
// # Asking the system
//
// Webhooks get lost. The part pull says how the system's API is asked for what they would have said: see Pull. What is found
// is made into the webhook's message, which the rules above read. An item of which that can't be made is kept as it came, with what
// was looked up for it, and waits in quarantine for a mapping that can.
//
// # What a field takes
//
// Text fields take a string or an integer; times take what time() takes, and a time that means "none" is none; an optional
// value that is missing leaves the field out. What can't be read is a *source.ParseError with the JSON path of the value
// that was looked at last, and what would be right. Work is bounded: an expression that costs more than its limit ends.
package mapping
