// Package callback answers: how is a tool answered that asks once, and isn't there any more when there is an answer?
//
// Each tool is a Caller. It reads the request by which the tool asks, after it has seen that the tool sent it, as an Ask: the
// question, and in the caller's own words where the answer goes. The ask is kept until there is an answer, however often the
// daemon starts in between, and so is the answer until it has arrived. A secret among it is kept sealed.
package callback
