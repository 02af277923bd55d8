package source

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// signed is what the signature is over.
func (s Scheme) signed(value string, req Request) ([]byte, error) {
	timestamp, err := s.timestamp(value, req)
	if err != nil {
		return nil, err
	}
	id, err := s.id(req)
	if err != nil {
		return nil, err
	}
	head, tail, _ := strings.Cut(s.content(), "{body}")
	fill := strings.NewReplacer("{timestamp}", timestamp, "{id}", id)
	return slices.Concat([]byte(fill.Replace(head)), req.Body, []byte(fill.Replace(tail))), nil
}

// timestamp is the signed time as it was written; "" when the scheme has none.
func (s Scheme) timestamp(value string, req Request) (string, error) {
	var text string
	switch {
	case s.Timestamp != "":
		text = req.Header.Get(s.Timestamp)
	case s.TimestampPrefix != "":
		text = s.timestampIn(value)
	default:
		return "", nil
	}
	if text == "" {
		return "", unauthorized("the header %s comes with a timestamp in %s", s.Header, s.timestampPlace())
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != text {
		return "", unauthorized("the timestamp in %s must be Unix seconds", s.timestampPlace())
	}
	if late := req.ReceivedAt.Sub(time.Unix(seconds, 0)); late > s.tolerance() || late < -s.tolerance() {
		return "", unauthorized("the timestamp in %s must be within %s of the time of receipt (are the clocks right?)",
			s.timestampPlace(), s.tolerance())
	}
	return text, nil
}

func (s Scheme) timestampIn(value string) string {
	for _, part := range s.split(value) {
		if text, ok := strings.CutPrefix(part, s.TimestampPrefix); ok {
			return text
		}
	}
	return ""
}

func (s Scheme) timestampPlace() string {
	if s.Timestamp != "" {
		return s.Timestamp
	}
	return s.Header + " (" + s.TimestampPrefix + "…)"
}

// id is the signed id; "" when the scheme has none. It must not hold the characters that set it apart in the content, or a
// part of what stands beside it could pass for a part of it.
func (s Scheme) id(req Request) (string, error) {
	if s.ID == "" {
		return "", nil
	}
	id := req.Header.Get(s.ID)
	if id == "" {
		return "", unauthorized("the header %s comes with an id in %s", s.Header, s.ID)
	}
	before, after, _ := strings.Cut(s.content(), "{id}")
	for _, apart := range []string{before[max(0, len(before)-1):], after[:min(1, len(after))]} {
		if apart != "" && strings.Contains(id, apart) {
			return "", unauthorized("the header %s must not hold %q", s.ID, apart)
		}
	}
	return id, nil
}
