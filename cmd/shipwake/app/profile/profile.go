// Package profile answers: which daemon does a person ask by a name, and how may they?
//
// Profiles are kept in a file of the user's own. What is written by hand in it, comments too, stays when a profile is set.
package profile

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/internal/strictyaml"
)

// Profile is one daemon, and how it may be asked. Files are named from the folder of the profiles; "~/" is the home folder.
type Profile struct {
	URL string `yaml:"url"`
	// Token is a bearer token; TokenFile a file that holds one, instead.
	Token     configopaque.String `yaml:"token,omitempty"`
	TokenFile string              `yaml:"token_file,omitempty"`
	CAFile    string              `yaml:"ca_file,omitempty"`
	CertFile  string              `yaml:"cert_file,omitempty"`
	KeyFile   string              `yaml:"key_file,omitempty"`
}

// Profiles is what a file says.
type Profiles struct {
	// Current is the profile that is meant when nobody names one; "" for none.
	Current  string             `yaml:"current,omitempty"`
	Profiles map[string]Profile `yaml:"profiles"`
}

// File is where profiles are kept: shipwake/config.yaml in $XDG_CONFIG_HOME, or in ~/.config without it.
func File(getenv func(string) string) (string, error) {
	base := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(base) { // one that isn't is to be ignored, says the XDG base directory specification
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("where the profiles are: %w", err)
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "shipwake", "config.yaml"), nil
}

// Read reads the profiles of a file. Without the file there are none.
func Read(file string) (Profiles, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return Profiles{}, nil
	}
	if err != nil {
		return Profiles{}, fmt.Errorf("the profiles: %w", err)
	}
	p, err := parse(text)
	if err == nil {
		err = p.check()
	}
	if err == nil {
		err = p.private(file)
	}
	if err != nil {
		return Profiles{}, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

func parse(text []byte) (p Profiles, err error) {
	if strings.TrimSpace(string(text)) == "" {
		return p, nil
	}
	return p, strictyaml.Decode(text, &p, "profiles")
}

// nameForm is what the name of a profile looks like.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// CheckName refuses what is no name of a profile.
func CheckName(name string) error {
	if nameForm.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%q is no name of a profile: want up to 64 letters, digits, dots, dashes and underscores, the first a letter or a digit", name)
}

func (p Profiles) check() error {
	for _, name := range p.Names() {
		if err := CheckName(name); err != nil {
			return err
		}
		if err := p.Profiles[name].Check(); err != nil {
			return fmt.Errorf("profile %s: %w", name, err)
		}
	}
	if _, known := p.Profiles[p.Current]; p.Current != "" && !known {
		return p.unknown(p.Current)
	}
	return nil
}

// Check refuses a profile that nothing can be asked by.
func (p Profile) Check() error {
	switch {
	case p.URL == "":
		return errors.New("url: required: the address of the daemon, such as http://127.0.0.1:8788")
	case p.Token != "" && p.TokenFile != "":
		return errors.New("token and token_file: give one of them")
	}
	return nil
}

// private refuses a file that holds a secret and that others than its owner can read.
func (p Profiles) private(file string) error {
	if !p.secret() || runtime.GOOS == "windows" { // where access isn't in the mode
		return nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("holds a secret, and others than you can read it (mode %04o): run chmod 600 %s, and give the daemon another token if somebody may have read this one", mode, file)
	}
	return nil
}

// secret: there is a token in it, or a password in an address.
func (p Profiles) secret() bool {
	for _, one := range p.Profiles {
		if one.Token != "" || strings.Contains(one.URL, "@") {
			return true
		}
	}
	return false
}

// Names are the profiles, sorted.
func (p Profiles) Names() []string { return slices.Sorted(maps.Keys(p.Profiles)) }

// Get is the profile of a name, its files named from the folder of the file that it is in.
func (p Profiles) Get(name, file string) (Profile, error) {
	one, known := p.Profiles[name]
	if !known {
		return Profile{}, p.unknown(name)
	}
	for _, path := range []*string{&one.TokenFile, &one.CAFile, &one.CertFile, &one.KeyFile} {
		*path = from(filepath.Dir(file), *path)
	}
	return one, nil
}

func (p Profiles) unknown(name string) error {
	known := "there is none"
	if len(p.Profiles) > 0 {
		known = "there are " + strings.Join(p.Names(), ", ")
	}
	return fmt.Errorf("no profile %q; %s; shipwake profiles set makes one", name, known)
}

// from is a path as a file in a folder names it.
func from(folder, path string) string {
	if below, home := strings.CutPrefix(path, "~/"); home {
		if at, err := os.UserHomeDir(); err == nil {
			return filepath.Join(at, below)
		}
	}
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// node is a profile as it is written.
func (p Profile) node() (*yaml.Node, error) {
	type plain struct {
		URL       string `yaml:"url"`
		Token     string `yaml:"token,omitempty"`
		TokenFile string `yaml:"token_file,omitempty"`
		CAFile    string `yaml:"ca_file,omitempty"`
		CertFile  string `yaml:"cert_file,omitempty"`
		KeyFile   string `yaml:"key_file,omitempty"`
	}
	var n yaml.Node
	return &n, n.Encode(plain{p.URL, string(p.Token), p.TokenFile, p.CAFile, p.CertFile, p.KeyFile})
}

// Absolute is a path that means the same from any folder; "" stays "".
func Absolute(path string) (string, error) {
	if path == "" || strings.HasPrefix(path, "~/") {
		return path, nil
	}
	return filepath.Abs(path)
}
