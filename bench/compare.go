package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// plan is how long and how hard to measure.
type plan struct {
	Rounds      int
	Duration    time.Duration
	Connections int
	PostgreSQL  bool
}

// sample is one measurement with what the subject's process spent on it.
type sample struct {
	measurement
	cpu time.Duration // a call; 0: not known
}

// compare starts the parts, measures each job in alternating rounds, and prints the report.
func compare(ctx context.Context, plan plan) error {
	dir, err := os.MkdirTemp("", "sluice-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	binary, err := buildSluice(ctx, dir)
	if err != nil {
		return err
	}

	vendor, address, err := startPart(ctx, self, "upstream")
	if err != nil {
		return err
	}
	defer vendor.stop()
	upstream := "http://" + address
	var database *cluster
	if plan.PostgreSQL {
		if database, err = startPostgreSQL(ctx); err != nil {
			return err
		}
		defer database.stop()
	}

	var subjects []*subject
	defer func() { // before what they call
		for _, s := range subjects {
			s.process.stop()
		}
	}()
	for _, peer := range []struct{ part, name, path string }{{"proxy", "reverse proxy", ""}, {"sdk", "official Go SDK, tool by hand", "/"}} {
		p, address, err := startPart(ctx, self, peer.part, upstream)
		if err != nil {
			return err
		}
		subjects = append(subjects, &subject{name: peer.name, process: p, address: address, path: peer.path, legacy: true}) // where the SDK is faster
	}
	s, err := startSluice(ctx, "Sluice, SQLite", binary, dir, filepath.Join(dir, "sluice.db"), upstream)
	if err != nil {
		return err
	}
	subjects = append(subjects, s)
	if database != nil {
		s, err := startSluice(ctx, "Sluice, PostgreSQL", binary, dir, database.url, upstream)
		if err != nil {
			return err
		}
		subjects = append(subjects, s)
	}

	report := &report{plan, subjects}
	report.heading(os.Stdout, runtime.NumCPU())
	for _, j := range jobs {
		for _, connections := range []int{plan.Connections, 1} {
			samples, err := measure(ctx, plan, self, upstream, subjects, j, connections)
			if err != nil {
				return fmt.Errorf("%s, %d connections: %w", j.name, connections, err)
			}
			report.section(os.Stdout, j, connections, samples)
		}
	}
	return nil
}

// measure runs a job through every subject once a round. The order turns by one each round, so that nobody always follows the same one.
func measure(ctx context.Context, plan plan, self, upstream string, subjects []*subject, j job, connections int) (map[*subject][]sample, error) {
	samples := map[*subject][]sample{}
	for round := range plan.Rounds {
		for i := range subjects {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			s := subjects[(i+round)%len(subjects)]
			got, err := measureOnce(ctx, plan, self, upstream, s, j, connections)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			samples[s] = append(samples[s], got)
		}
	}
	return samples, nil
}

func measureOnce(ctx context.Context, plan plan, self, upstream string, s *subject, j job, connections int) (sample, error) {
	w := s.workload(j)
	w.Connections, w.Duration, w.Warmup = connections, plan.Duration, plan.Duration/6
	argument, err := json.Marshal(w)
	if err != nil {
		return sample{}, err
	}
	before, err := askCounts(ctx, upstream)
	if err != nil {
		return sample{}, err
	}
	spent := s.process.cpu()
	cmd := exec.CommandContext(ctx, self, "load", string(argument))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return sample{}, err
	}
	spent = s.process.cpu() - spent
	after, err := askCounts(ctx, upstream)
	if err != nil {
		return sample{}, err
	}
	var got sample
	if err := json.Unmarshal(out, &got.measurement); err != nil {
		return sample{}, err
	}
	reached := after.Reads - before.Reads
	if j.write {
		reached = after.Writes - before.Writes
	}
	if reached != got.Total {
		return sample{}, fmt.Errorf("%d calls were answered, and the upstream counted %d", got.Total, reached)
	}
	got.cpu = spent / time.Duration(got.Total)
	return got, nil
}

func askCounts(ctx context.Context, upstream string) (c counts, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, upstream+"/_counts", nil)
	if err != nil {
		return c, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return c, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(raw, &c)
}

// median is the middle value; of an even number of values, the lower of the two.
func median[T int64 | float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}
