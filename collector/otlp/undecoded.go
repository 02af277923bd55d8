package otlp

import (
	"regexp"
	"strings"
)

// decodersWords are how the decoder of JSON says where it gave up: by what it is called inside, and by quoting the body.
var decodersWords = regexp.MustCompile(`(?s)^(?:Read[A-Za-z0-9]*: |[A-Za-z0-9]+\.UnmarshalJSONIter: )*(.*?)(?:, error found in #.*)?$`)

// undecoded is why a request can't be decoded, without the parts of its body that decoders repeat.
func undecoded(err error) string {
	text := err.Error()
	if strings.HasPrefix(text, "ID.UnmarshalJSONIter: ") {
		return "traceId and spanId must be hexadecimal, of 32 and 16 digits; OTLP/JSON has no Base64 there"
	}
	return decodersWords.FindStringSubmatch(text)[1]
}
