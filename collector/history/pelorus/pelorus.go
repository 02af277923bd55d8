// Package pelorus answers: what do the series of Pelorus in Prometheus say of deployments and failures?
//
// Files are answers of Prometheus' API to instant or range queries (data.result), of the metrics
//
//	commit_timestamp{app, image_sha, commit}            when the commit of an image was made: for lead time
//	deploy_timestamp{app, namespace, image_sha}         a deployment, at the value; each value of a series is one
//	failure_creation_timestamp{app, issue_number}       an incident was opened at the value
//	failure_resolution_timestamp{app, issue_number}     and resolved
//
// A file holds series of one metric or of several: the label __name__ says which, or else the name of the file. The service is app,
// the environment is the word in the namespace (exported_namespace) that environments are called, else production. The ids are those
// of the source pelorus. By the policy ratio these give the numbers of Pelorus.
package pelorus

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Format reads the answers.
func Format() history.Format {
	return history.Format{Name: "pelorus", About: "answers of Prometheus with Pelorus' deploy_timestamp, commit_timestamp and failures", Open: open}
}

const (
	commit     = "commit_timestamp"
	deployed   = "deploy_timestamp"
	created    = "failure_creation_timestamp"
	resolution = "failure_resolution_timestamp"
)

func open(history.Options) ([]history.Pass, error) {
	f := &facts{commits: map[string]string{}}
	return []history.Pass{{Aside: true, Required: true, Read: f.remember}, {Required: true, Read: f.read}}, nil
}

// mostImages bounds the images that are remembered with their commit.
const mostImages = 2_000_000

// facts is what has to be known of commits to read deployments.
type facts struct {
	commits map[string]string // by image
	made    history.Lookup    // when the commit of an image was made
}

// series is one, with what it is of.
type series struct {
	metric, app, namespace string
	doc                    source.JSON
	at                     []time.Time // its values, each once
}

func (s *series) label(name string) string { return s.doc.Get("metric").Get(name).AnyText() }

// seriesOf reads a series.
func seriesOf(in history.Input, d history.Document) *series {
	s := &series{doc: d.JSON}
	s.metric = s.label("__name__")
	if s.metric == "" {
		s.metric = in.Name
	}
	for _, name := range []string{commit, deployed, created, resolution} {
		if strings.Contains(s.metric, name) {
			s.metric = name
		}
	}
	s.app, s.namespace = s.label("app"), s.label("exported_namespace")
	if s.namespace == "" {
		s.namespace = s.label("namespace")
	}
	s.sample(d.JSON.Get("value"))
	for _, sample := range d.JSON.Get("values").Items() {
		s.sample(sample)
	}
	return s
}

// sample takes the value of a sample: a time.
func (s *series) sample(v source.JSON) {
	for i, part := range v.Items() {
		if i != 1 {
			continue
		}
		at := part.Time()
		if !at.IsZero() && (len(s.at) == 0 || !s.at[len(s.at)-1].Equal(at)) {
			s.at = append(s.at, at)
		}
	}
}

func (f *facts) remember(in history.Input, _ func(history.Found) error) error {
	var full error
	return history.Documents(in, "data.result", func(d history.Document) history.Found {
		s := seriesOf(in, d)
		image := s.label("image_sha")
		if s.metric == commit && image != "" && len(s.at) > 0 {
			if len(f.commits) == mostImages {
				full = fmt.Errorf("%s: more than %d images", in.Name, mostImages)
			}
			f.commits[image] = s.label("commit")
			full = errors.Join(full, f.made.Add(image, s.at[0]))
		}
		return history.Found{Ignored: "remembered"}
	}, func(history.Found) error { return full })
}

func (f *facts) read(in history.Input, found func(history.Found) error) error {
	return history.Documents(in, "data.result", func(d history.Document) history.Found {
		s := seriesOf(in, d)
		switch {
		case d.JSON.Err() != nil:
			return history.Found{}
		case s.metric == commit:
			return history.Found{Ignored: "a commit, which isn't deployed by that"}
		case s.app == "" || len(s.at) == 0:
			return history.Found{Wrong: &history.Wrong{At: d.At, Field: "$.metric.app", Want: "required: a series of Pelorus has the label app, and a time as its value"}}
		case s.metric == deployed:
			return history.Found{Facts: f.deployments(s)}
		case s.metric == created || s.metric == resolution:
			return history.Found{Facts: incident(s)}
		}
		return history.Found{Ignored: "a series of another metric"}
	}, found)
}

func (f *facts) deployments(s *series) (all []correlate.Fact) {
	image := s.label("image_sha")
	for _, at := range s.at {
		c := &correlate.Change{
			ID:      "pelorus-" + s.app + "-" + s.namespace + "-" + strconv.FormatInt(at.Unix(), 10),
			Service: s.app, Environment: environment(s.namespace), Digest: image, FinishedAt: at,
		}
		if sha := f.commits[image]; sha != "" {
			c.Commit, c.Version = sha, sha
			c.Commits = []correlate.Commit{{SHA: sha, AuthoredAt: f.made.Find(image)}}
		}
		all = append(all, correlate.Fact{Change: c})
	}
	return all
}

// incident is a report of one: of the end it is as well one of the beginning, the earlier of which counts.
func incident(s *series) []correlate.Fact {
	i := &correlate.Incident{ID: "pelorus-" + s.app + "-" + s.label("issue_number"), Service: s.app, OpenedAt: s.at[0]}
	if s.metric == resolution {
		i.ResolvedAt = s.at[0]
	}
	return []correlate.Fact{{Incident: i}}
}

var environmentWord = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])(production|prod|preprod|staging|stage|development|dev|testing|test|qa|uat)(?:$|[^a-z0-9])`)

// environment is the word in a namespace that environments are called.
func environment(namespace string) string {
	if found := environmentWord.FindStringSubmatch(namespace); found != nil {
		return strings.ToLower(found[1])
	}
	return ""
}
