package setup

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/shipwake/shipwake/dashboards"
)

//go:embed texts/*
var texts embed.FS

// templates are the texts, by their file names.
var templates = template.Must(template.New("").Funcs(template.FuncMap{"text": yamlText}).ParseFS(texts, "texts/*.tmpl"))

// yamlText is a text in a configuration of the Collector, where a dollar sign alone begins a variable.
func yamlText(text string) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(text)
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "$", "$$"), err
}

// configuration is what the template of the configuration reads.
type configuration struct {
	*Plan
	PasswordHash, PagesURL, MessagesHost string
	Hooked                               []hooked
	Watches                              bool // a cluster
}

// hooked is a source that is sent to.
type hooked struct{ Name, Variable string }

// Listener is the address that a listener has.
func (c configuration) Listener(name string) string { return c.listen(name) }

// Run is the command that runs the daemon with the plan.
func (p *Plan) Run() string {
	return fmt.Sprintf("shipwake --env-file %s --config builtin:default --config %s", shell(p.Environment), shell(p.Config))
}

// shell quotes a path for a shell where it needs that.
func shell(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// Configuration is the text of the file Config. It holds no secret.
func (p *Plan) Configuration() ([]byte, error) {
	c := configuration{Plan: p, PasswordHash: p.hash, PagesURL: strings.TrimSuffix(p.Pages(), "/"), Watches: slices.Contains(p.Sources(), "kubernetes")}
	for _, name := range p.Sources() {
		if _, ok := find(name); ok {
			c.Hooked = append(c.Hooked, hooked{name, variableOf(name)})
		}
	}
	if to, err := url.Parse(string(p.MessagesURL)); err == nil {
		c.MessagesHost = to.Hostname()
	}
	var b bytes.Buffer
	err := templates.ExecuteTemplate(&b, "shipwake.yaml.tmpl", c)
	return b.Bytes(), err
}

// environment is the text of the file Environment.
func (p *Plan) environment() []byte {
	var b bytes.Buffer
	b.WriteString("# Written by `shipwake init`: NAME=value, for --env-file, systemd's EnvironmentFile and docker run --env-file. Keep it secret.\n")
	for _, v := range p.Variables() {
		fmt.Fprintf(&b, "%s=%s\n", v.Name, v.Value)
	}
	return b.Bytes()
}

// file is one that is written.
type file struct {
	path string
	text []byte
	mode os.FileMode
}

// files are all that are written.
func (p *Plan) files() ([]file, error) {
	config, err := p.Configuration()
	if err != nil {
		return nil, err
	}
	all := []file{{p.Environment, p.environment(), 0o600}, {p.Config, config, 0o644}}
	err = fs.WalkDir(dashboards.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := dashboards.Files.ReadFile(path)
		all = append(all, file{filepath.Join(filepath.Dir(p.Config), filepath.FromSlash(path)), text, 0o644})
		return err
	})
	return all, err
}

// Write writes the files of the plan, after valid has found nothing wrong with the configuration and the variables, which it is
// given in a folder of their own. Without force it replaces none that is there.
func (p *Plan) Write(force bool, valid func(config, environment string) error) error {
	files, err := p.files()
	if err != nil {
		return err
	}
	if err := p.checkFree(files, force); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.Config), 0o755); err != nil {
		return err
	}
	if err := p.try(files[:2], valid); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.write(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) checkFree(files []file, force bool) error {
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil && !force {
			return fmt.Errorf("%s is there already: --force replaces what is there, with new secrets; or name another directory", f.path)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// try has the configuration and the variables looked at before they are where they will be.
func (p *Plan) try(files []file, valid func(config, environment string) error) (err error) {
	dir, err := os.MkdirTemp(filepath.Dir(p.Config), ".shipwake-init-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var paths []string
	for _, f := range files {
		f.path = filepath.Join(dir, filepath.Base(f.path))
		if err := f.write(); err != nil {
			return err
		}
		paths = append(paths, f.path)
	}
	if err := valid(paths[1], paths[0]); err != nil {
		return fmt.Errorf("the configuration of these answers can't be used, and nothing is written: %w", err)
	}
	return nil
}

// write replaces a file as a whole, so that nobody reads half of it, and nobody a secret in the meantime.
func (f file) write() error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = temporary.Write(f.text)
	err = errors.Join(err, temporary.Chmod(f.mode), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), f.path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(temporary.Name()))
	}
	return err
}
