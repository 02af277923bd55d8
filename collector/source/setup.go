package source

import "embed"

//go:embed */setup.md vendors/*/setup.md
var setups embed.FS

// Setup is how the system of a source is made to send, in Markdown as its page has it; false when there is no such source.
func Setup(name string) (string, bool) {
	for _, folder := range []string{"vendors/", ""} {
		if text, err := setups.ReadFile(folder + name + "/setup.md"); err == nil {
			return string(text), true
		}
	}
	return "", false
}
