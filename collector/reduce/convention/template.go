package convention

import (
	"unicode"
	"unicode/utf8"
)

// Bounds of a template: what two messages of one kind share lies at their beginning.
const (
	mostRead  = 256 // bytes of a message
	mostWords = 12
)

// Template appends what a message has in common with others of its kind to dst: its words. What holds a digit, follows an
// equals sign or stands in double quotes is a value, and becomes an asterisk. It is dst itself where there are no words.
func Template(dst []byte, message string) []byte {
	message = message[:min(len(message), mostRead)]
	begin, words, value, quoted := len(dst), 0, false, false
	for at := 0; at < len(message) && words < mostWords; {
		r, size := utf8.DecodeRuneInString(message[at:])
		if !isWord(r) {
			value = r == '='
			quoted = quoted != (r == '"')
			at += size
			continue
		}
		end, variable := wordAt(message, at)
		dst = appendWord(dst, begin, message[at:end], variable || value || quoted)
		at, value, words = end, false, words+1
	}
	return dst
}

// wordAt is the end of the word that begins somewhere in a message, and whether it holds a digit.
func wordAt(message string, at int) (end int, digits bool) {
	for at < len(message) {
		r, size := utf8.DecodeRuneInString(message[at:])
		if !isWord(r) {
			break
		}
		digits = digits || unicode.IsDigit(r)
		at += size
	}
	return at, digits
}

func isWord(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// appendWord adds a word after a blank, or one asterisk for any number of values in a row.
func appendWord(dst []byte, begin int, word string, value bool) []byte {
	if value {
		if n := len(dst); n > begin && dst[n-1] == '*' {
			return dst
		}
		word = "*"
	}
	if len(dst) > begin {
		dst = append(dst, ' ')
	}
	return append(dst, word...)
}
