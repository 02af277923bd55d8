package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// copied is a file of the repository that the image holds.
type copied struct{ from, to string }

// imageConfig reads what the last stage of deploy/Dockerfile says of the image, so that the image that is built without a daemon
// is the one that it builds. An instruction that is not known here is an error, and so is one of two lines.
func imageConfig(dockerfile string) (v1.Config, []copied, error) {
	config := v1.Config{ExposedPorts: map[string]struct{}{}, Volumes: map[string]struct{}{}}
	var files []copied
	stages := strings.Split(dockerfile, "\nFROM ")
	last := stages[len(stages)-1]
	if from, _, _ := strings.Cut(last, "\n"); from != "scratch" {
		return config, nil, fmt.Errorf("deploy/Dockerfile: the last stage is FROM %s, and not from scratch", from)
	}
	for line := range strings.Lines(strings.TrimPrefix(last, "scratch")) {
		line = strings.TrimSpace(line)
		instruction, args, _ := strings.Cut(line, " ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var err error
		switch instruction {
		case "COPY":
			files = append(files, fromRepository(args)...)
		case "USER":
			config.User = args
		case "VOLUME":
			config.Volumes[args] = struct{}{}
		case "EXPOSE":
			for port := range strings.FieldsSeq(args) {
				config.ExposedPorts[port+"/tcp"] = struct{}{}
			}
		case "ENV":
			config.Env = append(config.Env, args)
		case "ENTRYPOINT":
			err = json.Unmarshal([]byte(args), &config.Entrypoint)
		case "CMD":
			err = json.Unmarshal([]byte(args), &config.Cmd)
		case "HEALTHCHECK":
			config.Healthcheck, err = health(args)
		default:
			err = fmt.Errorf("an instruction that the release doesn't know")
		}
		if err != nil {
			return config, nil, fmt.Errorf("deploy/Dockerfile: %q: %w", line, err)
		}
	}
	return config, files, nil
}

// fromRepository are the files that COPY takes from the checkout of the first stage, /src. The rest is made there: the
// program, the certificates and the folder of the ledger.
func fromRepository(args string) []copied {
	words := strings.Fields(args)
	from, ok := strings.CutPrefix(words[len(words)-2], "/src/")
	if !ok {
		return nil
	}
	return []copied{{from, words[len(words)-1]}}
}

var probe = regexp.MustCompile(`^--interval=(\S+) --timeout=(\S+) --start-period=(\S+) CMD (\[.+\])$`)

func health(args string) (*v1.HealthConfig, error) {
	found := probe.FindStringSubmatch(args)
	if found == nil {
		return nil, fmt.Errorf("want --interval= --timeout= --start-period= CMD […], in this order")
	}
	h := &v1.HealthConfig{}
	for i, into := range []*time.Duration{&h.Interval, &h.Timeout, &h.StartPeriod} {
		var err error
		if *into, err = time.ParseDuration(found[i+1]); err != nil {
			return nil, err
		}
	}
	var command []string
	err := json.Unmarshal([]byte(found[4]), &command)
	h.Test = append([]string{"CMD"}, command...)
	return h, err
}
