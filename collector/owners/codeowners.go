package owners

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// codeowners is a CODEOWNERS file, ready for use.
//
// GitHub: https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
// GitLab: https://docs.gitlab.com/user/project/codeowners/reference
type codeowners struct {
	Folders  []string
	Services map[string]string
	Sections []section
}

// section is a part of a file by itself: the last of its rules that fits decides, and the first section in which one has an
// owner. A file of GitHub is one section.
type section struct {
	Name  string
	Rules []owned
	team  string // of rules that name nobody
}

// owned says whose the files are that fit a pattern. Team is "" where they are said to be nobody's.
type owned struct {
	Pattern string
	Team    string
	pattern *regexp.Regexp
	all     bool // it fits every file
}

// readCodeowners reads a file.
func (o *Owners) readCodeowners(c Codeowners) {
	content, err := read(c.File)
	if err != nil {
		o.problems = append(o.problems, Problem{File: c.File, Want: err.Error()})
		return
	}
	f := codeowners{Folders: c.Folders, Services: c.Services, Sections: []section{{}}}
	current, n := 0, 0
	for line := range strings.Lines(string(content)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		var err error
		if heading.MatchString(line) && c.Format == GitLab {
			current = f.section(line)
		} else {
			err = f.Sections[current].add(line, c.Format)
		}
		if err != nil {
			o.problems = append(o.problems, Problem{File: c.File, Line: n, Want: err.Error()})
		}
	}
	o.files = append(o.files, f)
}

// heading begins a section of GitLab: ^[Name][2] @default-owner. A ^ makes it optional, the number is that of approvals.
var heading = regexp.MustCompile(`^\^?\[([^\]]+)\](?:\[\d*\])?((?:\s+\S+)*)$`)

// section is the number of the section that a heading begins or goes on with.
func (f *codeowners) section(line string) int {
	parts := heading.FindStringSubmatch(line)
	name := strings.ToLower(strings.TrimSpace(parts[1]))
	n := slices.IndexFunc(f.Sections, func(s section) bool { return s.Name == name })
	if n < 0 {
		n = len(f.Sections)
		f.Sections = append(f.Sections, section{Name: name})
	}
	if team := teamOf(strings.Fields(parts[2])); team != "" {
		f.Sections[n].team = team
	}
	return n
}

// add takes in a line: a pattern and its owners.
func (s *section) add(line string, form Format) error {
	words := split(line)
	pattern, owners := words[0], words[1:]
	none := form == GitLab && strings.HasPrefix(pattern, "!")
	pattern = strings.TrimPrefix(pattern, "!")
	switch {
	case form != GitLab && (none || strings.HasPrefix(words[0], "!")):
		return fmt.Errorf("%q: GitHub knows no negation (!); the last pattern that fits decides", words[0])
	case form != GitLab && strings.Contains(pattern, "["):
		return fmt.Errorf("%q: GitHub knows no sets of characters ([…])", pattern)
	}
	if form != GitLab {
		if at := slices.IndexFunc(owners, func(w string) bool { return w[0] == '#' }); at >= 0 {
			owners = owners[:at]
		}
		if at := slices.IndexFunc(owners, func(w string) bool { return !isOwner(w) }); at >= 0 {
			return fmt.Errorf("%q: an owner is @user, @organisation/team or an address of e-mail", owners[at])
		}
	}
	compiled, err := pathPattern(pattern, form)
	if err != nil {
		return fmt.Errorf("%q is no pattern of paths", pattern)
	}
	rule := owned{Pattern: pattern, Team: teamOf(owners), pattern: compiled, all: strings.Trim(pattern, "*/") == ""}
	if rule.Team == "" && !none {
		rule.Team = s.team
	}
	s.Rules = append(s.Rules, rule)
	return nil
}

// split cuts a line at its spaces, except those with a backslash before them.
func split(line string) (words []string) {
	var word strings.Builder
	escaped := false
	for _, r := range line {
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && (r == ' ' || r == '\t'):
			if word.Len() > 0 {
				words = append(words, word.String())
				word.Reset()
			}
			continue
		}
		escaped = false
		word.WriteRune(r)
	}
	if word.Len() > 0 || len(words) == 0 {
		words = append(words, word.String())
	}
	return words
}

// isOwner says whether a word is one; roles (@@maintainer) own nothing by themselves.
func isOwner(word string) bool { return strings.Contains(word, "@") }

// teamOf is the team among the owners of a line: the last part of the first that is a group's path, else the first owner.
func teamOf(words []string) string {
	first := ""
	for _, w := range words {
		if !isOwner(w) || strings.HasPrefix(w, "@@") {
			continue
		}
		name := strings.TrimPrefix(w, "@")
		if at := strings.LastIndexByte(name, '/'); at >= 0 && w[0] == '@' {
			return name[at+1:]
		}
		if first == "" {
			first = name
		}
	}
	return first
}

// pathPattern is a pattern as a regular expression for the path of a file, without a slash before it. In the form of GitHub a
// pattern with a slash before its end begins at the root, as in .gitignore; in that of GitLab only one that begins with one.
func pathPattern(pattern string, form Format) (*regexp.Regexp, error) {
	inner := strings.TrimPrefix(pattern, "/")
	rooted := inner != pattern || form != GitLab && strings.Contains(strings.TrimSuffix(inner, "/"), "/")
	var b strings.Builder
	b.WriteString("^")
	if !rooted {
		b.WriteString("(?:.*/)?")
	}
	for rest := inner; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**/"):
			b.WriteString("(?:.*/)?")
			rest = rest[3:]
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			rest = rest[2:]
		case rest[0] == '*':
			b.WriteString("[^/]*")
			rest = rest[1:]
		case rest[0] == '?':
			b.WriteString("[^/]")
			rest = rest[1:]
		default:
			end := strings.IndexAny(rest, "*?")
			if end < 0 {
				end = len(rest)
			}
			b.WriteString(regexp.QuoteMeta(rest[:end]))
			rest = rest[end:]
		}
	}
	switch {
	case inner == "" || strings.HasSuffix(inner, "/"):
		b.WriteString(".*$")
	case strings.HasSuffix(inner, "/*"):
		b.WriteString("$") // files of the folder itself alone
	default:
		b.WriteString("(?:/.*)?$")
	}
	return regexp.Compile(b.String())
}

// of is the team that owns the folder of a service.
func (f *codeowners) of(service string) string {
	if folder, told := f.Services[service]; told {
		return f.ownerOf(folder, false)
	}
	for _, folder := range f.Folders {
		if team := f.ownerOf(strings.Replace(folder, here, service, 1), true); team != "" {
			return team
		}
	}
	return ""
}

// anyFile stands for a file of a folder. No pattern is meant for it by its name.
const anyFile = "/\x01\x01\x01"

// ownerOf is the team that owns what lies in a folder. When the service is guessed, a rule for all files doesn't tell that
// there is such a folder.
func (f *codeowners) ownerOf(folder string, guessed bool) string {
	file := strings.Trim(folder, "/") + anyFile
	for _, s := range f.Sections {
		for _, r := range slices.Backward(s.Rules) {
			if !r.pattern.MatchString(file) {
				continue
			}
			if r.Team != "" && !(guessed && r.all) {
				return r.Team
			}
			break
		}
	}
	return ""
}
