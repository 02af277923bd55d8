// Package server answers: what does the program under test do with what it is sent, and what does that cost it?
//
// The program runs as a process of its own, started from its binary, so that its CPU time and memory are its alone and
// nothing of it is reached but what its users reach.
package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/shipwake/shipwake/internal/freeport"
)

// Server is a running program.
type Server struct {
	OTLP     string // host:port of gRPC
	OTLPHTTP string // host:port of HTTP
	Hooks    string // URL of the webhooks; shipwake only
	url      string // of its metrics
	dir      string // for its data and its log; removed at the end
	cmd      *exec.Cmd
	ended    chan error
}

// startup is how long a program may take until it answers.
const startup = 60 * time.Second

// start runs a command and waits until it serves its metrics. What is in environment is added to this process's.
func (s *Server) start(ctx context.Context, environment []string, name string, args ...string) error {
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.Command(name, args...)
	s.cmd.Env = append(os.Environ(), environment...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("starting %s (make bench-build builds it): %w", name, err)
	}
	s.ended = make(chan error, 1)
	go func() { s.ended <- s.cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, startup)
	defer cancel()
	for {
		if _, err := s.Scrape(ctx); err == nil {
			return nil
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("%s ended: %w\n%s", name, err, s.log())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer at %s: %w\n%s", name, s.url, ctx.Err(), s.log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop ends the program and removes what it wrote. It may be called on a program that has ended.
func (s *Server) Stop() error {
	var all error
	if s.ended != nil {
		all = s.terminate()
	}
	return errors.Join(all, os.RemoveAll(s.dir))
}

// End ends the program; what it wrote stays until Stop.
func (s *Server) End() error { return s.terminate() }

// Again starts a program that was ended, as it was started before, on what it wrote.
func (s *Server) Again(ctx context.Context) error {
	return s.start(ctx, nil, s.cmd.Args[0], s.cmd.Args[1:]...)
}

// Data is the folder with what the program keeps; shipwake only.
func (s *Server) Data() string { return filepath.Join(s.dir, "data") }

func (s *Server) terminate() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-s.ended:
		s.ended <- err
		return nil
	case <-time.After(startup):
		err := s.cmd.Process.Kill()
		<-s.ended
		return errors.Join(fmt.Errorf("%s did not end at SIGTERM", s.cmd.Path), err)
	}
}

func (s *Server) log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// ticksPerSecond is the unit of /proc/PID/stat: on Linux 100 for every architecture that Go runs on.
const ticksPerSecond = 100

// CPU is the user and system time that the program has used since it started.
func (s *Server) CPU() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading CPU time: %w", err)
	}
	return parseCPU(string(stat))
}

// parseCPU reads fields 14 and 15; the name in field 2 may hold anything, also spaces.
func parseCPU(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("%d fields after the name in /proc/PID/stat, want at least 13", len(fields))
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticksPerSecond, errors.Join(err, err2)
}

// PeakMemory is the largest resident size so far, in bytes.
func (s *Server) PeakMemory() (int64, error) { return s.status("VmHWM:") }

// Memory is the resident size, in bytes.
func (s *Server) Memory() (int64, error) { return s.status("VmRSS:") }

// status is an amount of memory that /proc/PID/status tells in kB.
func (s *Server) status(name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc/PID/status", name)
}

// client asks like Prometheus does: over a connection that stays, compressed.
var client = &http.Client{Timeout: 30 * time.Second}

// freeAddresses is free ports on the loopback interface.
func freeAddresses(addresses ...*string) (err error) {
	for _, address := range addresses {
		if *address, err = freeport.Address(); err != nil {
			return err
		}
	}
	return nil
}
