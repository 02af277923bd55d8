package accuracy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/judge"
)

// Guarded is a guard with the package that it is of.
type Guarded struct {
	Package string
	guard.Guard
}

// Guards are all safeguards that can be switched off.
func Guards() (all []Guarded) {
	for _, of := range []struct {
		name   string
		guards []guard.Guard
	}{{"judge", judge.Guards()}, {"blame", blame.Guards()}, {"engine", engine.Guards()}} {
		for _, g := range of.guards {
			all = append(all, Guarded{of.name, g})
		}
	}
	return all
}

// configured is the default configuration without some guards.
func configured(without ...string) (engine.Config, *guard.Set) {
	cfg, set := engine.DefaultConfig(), guard.Without(without...)
	cfg.KeepRecords = 0
	cfg.Guards, cfg.Judge.Guards, cfg.Blame.Guards = set, set, set
	return cfg, set
}

// Ablated is what became of one case without some guards.
type Ablated struct {
	Case    string
	Set     string // "generator", or the folder of a corpus
	Without string // the guards that were switched off, with commas; "" when none was
	// Asked are the guards that made a difference somewhere in the case. It is only known when none was switched off.
	Asked []string `json:",omitempty"`
	Sum
}

// Sum adds up how right some changes were judged.
type Sum struct {
	Bad, Healthy  int
	Found         int   // bad ones that end regressed
	Alarms        int   // healthy ones that were ever called regressed
	Cleared       int   // healthy ones that end healthy
	FalselyClear  int   // bad ones that end healthy
	Ranked, First int   // cases with a culprit among several changes, and those where it ranks first
	Seconds       int64 // until those that were found were, altogether
}

func (s *Sum) add(o Sum) {
	s.Bad, s.Healthy, s.Found, s.Alarms = s.Bad+o.Bad, s.Healthy+o.Healthy, s.Found+o.Found, s.Alarms+o.Alarms
	s.Cleared, s.FalselyClear = s.Cleared+o.Cleared, s.FalselyClear+o.FalselyClear
	s.Ranked, s.First, s.Seconds = s.Ranked+o.Ranked, s.First+o.First, s.Seconds+o.Seconds
}

// delay is how many seconds it took on average to find what was found.
func (s *Sum) delay() float64 { return float64(s.Seconds) / float64(max(1, s.Found)) }

func summed(r Result) (s Sum) {
	t := Tally(Changes([]Result{r}), func(*Judged) bool { return true })
	s = Sum{Bad: t.Bad, Healthy: t.Healthy, Found: t.TP, Alarms: t.Alarmed, Cleared: t.BothClear, FalselyClear: t.BadHealthy}
	for _, after := range t.TTD {
		s.Seconds += after
	}
	if r.Culprit != "" && ranked(&r) {
		rank, scored := r.rank()
		s.Ranked, s.First = 1, one(scored && rank == 1)
	}
	return s
}

// labelled is a case that can be driven again and again.
type labelled struct {
	name, set string
	load      func() (drive func(engine.Config) Result, err error)
}

// Study is which cases an ablation is about.
type Study struct {
	Seed            uint64
	Kind            string // the only kind of case, all when empty
	Cases, Placebos int    // of each kind, and pseudo-changes
	Corpora         []Corpus
	// Only are the guards that it is about, all when there are none.
	Only []string
	// Together: they are switched off all at once, instead of each by itself.
	Together bool
}

// Ablate drives every case with all guards in force and then, guard by guard, without each that made a difference in it.
// What is known is read from a file that every result is appended to, so that it can be stopped and goes on.
func (s Study) Ablate(ctx context.Context, file string, tell func(Ablated)) error {
	known, err := ReadAblated(file)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	k := &keeper{out: out, tell: tell, known: map[[2]string]Ablated{}}
	for _, a := range known {
		k.known[[2]string{a.Case, a.Without}] = a
	}
	all, err := s.cases()
	for i := 0; i < len(all) && err == nil; i++ {
		err = s.ablate(ctx, all[i], k)
	}
	return err
}

// keeper keeps results.
type keeper struct {
	out   *os.File
	tell  func(Ablated)
	known map[[2]string]Ablated
}

func (k *keeper) keep(a Ablated) error {
	line, err := json.Marshal(a)
	if err == nil {
		_, err = k.out.Write(append(line, '\n'))
	}
	k.tell(a)
	return err
}

// ablate drives one case as often as is needed.
func (s Study) ablate(ctx context.Context, l labelled, k *keeper) error {
	var drive func(engine.Config) Result
	once := func(without string, names ...string) (Ablated, error) {
		if a, done := k.known[[2]string{l.name, without}]; done {
			return a, nil
		}
		if err := ctx.Err(); err != nil {
			return Ablated{}, err
		}
		if drive == nil {
			var err error
			if drive, err = l.load(); err != nil {
				return Ablated{}, err
			}
		}
		cfg, set := configured(names...)
		a := Ablated{Case: l.name, Set: l.set, Without: without, Sum: summed(drive(cfg))}
		if without == "" {
			a.Asked = set.Asked()
		}
		return a, k.keep(a)
	}
	full, err := once("")
	if err != nil {
		return err
	}
	asked := slices.DeleteFunc(slices.Clone(full.Asked), func(name string) bool { return len(s.Only) > 0 && !slices.Contains(s.Only, name) })
	if s.Together {
		if len(asked) > 0 {
			_, err = once(strings.Join(s.Only, ","), s.Only...)
		}
		return err
	}
	for _, name := range asked {
		if _, err := once(name, name); err != nil {
			return err
		}
	}
	return nil
}

// cases are those of the study, in an order in which any beginning holds a part of each set.
func (s Study) cases() ([]labelled, error) {
	sets := [][]labelled{s.generated(), s.placebos()}
	for _, c := range s.Corpora {
		cases, err := c.cases()
		if err != nil {
			return nil, err
		}
		sets = append(sets, cases)
	}
	type placed struct {
		labelled
		at float64
	}
	var all []placed
	for _, set := range sets {
		for i, l := range set {
			all = append(all, placed{l, float64(i) / float64(len(set))})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	out := make([]labelled, len(all))
	for i := range all {
		out[i] = all[i].labelled
	}
	return out, nil
}

func (s Study) generated() (all []labelled) {
	for seed := range uint64(max(0, s.Cases)) {
		for _, k := range kinds() {
			if s.Kind != "" && k.name != s.Kind {
				continue
			}
			all = append(all, made(fmt.Sprintf("%s/%d", k.name, s.Seed+seed), "generator", func() Case { return k.build(s.Seed + seed) }))
		}
	}
	return all
}

func (s Study) placebos() (all []labelled) {
	for n := 0; n*9 < s.Placebos; n += chain {
		for _, noise := range placeboNoises() {
			for _, control := range placeboControls() {
				seed := s.Seed + uint64(n)
				all = append(all, made(fmt.Sprintf("placebo/%s/%s/%d", noise, control, seed), "A/A", func() Case { return placebo(noise, control, seed) }))
			}
		}
	}
	return all
}

func made(name, set string, build func() Case) labelled {
	return labelled{name, set, func() (func(engine.Config) Result, error) {
		c := build()
		return func(cfg engine.Config) Result { return DriveWith(cfg, c) }, nil
	}}
}

// ReadAblated reads what is known, each case once for each list of guards; nothing when there is no such file.
func ReadAblated(file string) (all []Ablated, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	lines, seen := bufio.NewScanner(bytes.NewReader(text)), map[[2]string]bool{}
	for n := 1; err == nil && lines.Scan(); n++ {
		var a Ablated
		if err = json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		if key := [2]string{a.Case, a.Without}; !seen[key] {
			seen[key] = true
			all = append(all, a)
		}
	}
	return all, errors.Join(err, lines.Err())
}
