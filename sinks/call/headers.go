package call

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// headerName is a token of RFC 9110.
var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// CheckHeader names what is wrong with a header, without its value. The key is the one it stands under.
func CheckHeader(key, name, value string) error {
	switch {
	case !headerName.MatchString(name):
		return fmt.Errorf("%s: %q is no name of a header", key, name)
	case value == "":
		return fmt.Errorf("%s::%s: it is empty: set it (is an environment variable unset?) or remove it", key, name)
	case strings.ContainsFunc(value, unicode.IsControl):
		return fmt.Errorf("%s::%s: the value has characters that no header may have", key, name)
	}
	return nil
}
