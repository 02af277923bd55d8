package source

import (
	"bytes"
	"encoding/json"
	"slices"
)

// inBody is what a message holds in the member of its body that carries the proof; "" when it isn't there.
func (s Scheme) inBody(req Request) string {
	doc, err := ParseJSON(req.Body, "$")
	if err != nil {
		return ""
	}
	return doc.Get(s.Field).AnyText()
}

// addField puts a secret into the body, in place of one that is there.
func (s Scheme) addField(req *Request, secret string) error {
	doc, err := ParseJSON(req.Body, "$")
	if err != nil {
		return err
	}
	value, err := json.Marshal(secret)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("{")
	writeMember(&b, s.Field, value)
	writeOthers(&b, doc, []string{s.Field})
	b.WriteString("}")
	req.Body = b.Bytes()
	return nil
}

// withoutProof is a message without the secrets that its senders prove themselves by in its body. What is no JSON object stays as it
// is: nobody is authenticated by it.
func (c Configured) withoutProof(req Request) Request {
	var secret []string
	for _, s := range c.source.Schemes {
		if s.Kind == Field {
			secret = append(secret, s.Field)
		}
	}
	if len(secret) == 0 {
		return req
	}
	doc, err := ParseJSON(req.Body, "$")
	if err != nil || !hasMember(doc, secret) {
		return req
	}
	var b bytes.Buffer
	b.WriteString("{")
	writeOthers(&b, doc, secret)
	b.WriteString("}")
	req.Body = b.Bytes()
	return req
}

func hasMember(doc JSON, names []string) bool {
	for name := range doc.Members() {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// writeOthers writes the members of an object whose names are none of the given, as they stood there.
func writeOthers(b *bytes.Buffer, doc JSON, names []string) {
	for name, v := range doc.Members() {
		if !slices.Contains(names, name) {
			writeMember(b, name, v.Raw())
		}
	}
}

func writeMember(b *bytes.Buffer, name string, value []byte) {
	if b.Len() > 1 {
		b.WriteByte(',')
	}
	key, _ := json.Marshal(name) // a string doesn't fail
	b.Write(key)
	b.WriteByte(':')
	b.Write(value)
}
