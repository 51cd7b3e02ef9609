package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// report writes what was measured as Markdown. The first subject is the reverse proxy, which the others are held against.
type report struct {
	plan     plan
	subjects []*subject
}

func (r *report) heading(out io.Writer, cores int) {
	fmt.Fprintf(out, "%d cores shared by all parts; %d rounds of %s each, alternating; medians over the rounds. Ratios are to the reverse proxy in the same round,\n"+
		"with the lowest and the highest round in brackets; cpu is the processor time of the subject's own process.\n", cores, r.plan.Rounds, r.plan.Duration)
}

// section writes one job's table.
func (r *report) section(out io.Writer, j job, connections int, samples map[*subject][]sample) {
	fmt.Fprintf(out, "\n### %s, %d connection%s\n\n", j.name, connections, map[bool]string{true: "s"}[connections > 1])
	fmt.Fprintln(out, "| | calls/s | ratio | cpu a call | ratio | median | ratio | p99 | ratio |")
	fmt.Fprintln(out, "| --- | --: | --: | --: | --: | --: | --: | --: | --: |")
	base := samples[r.subjects[0]]
	for _, s := range r.subjects {
		of := samples[s]
		rate := column(of, base, func(x sample) float64 { return x.rate() })
		cpu := column(of, base, func(x sample) float64 { return float64(x.cpu) })
		middle := column(of, base, func(x sample) float64 { return float64(x.Median) })
		p99 := column(of, base, func(x sample) float64 { return float64(x.P99) })
		fmt.Fprintf(out, "| %s | %.0f | %s | %s | %.2f | %s | %.2f | %s | %.2f |\n", s.name,
			rate.median, rate, micro(cpu.median), cpu.ratio, micro(middle.median), middle.ratio, micro(p99.median), p99.ratio)
	}
}

// figure is one quantity over the rounds.
type figure struct {
	median              float64
	ratio, lowest, most float64
}

func (f figure) String() string { return fmt.Sprintf("%.2f (%.2f–%.2f)", f.ratio, f.lowest, f.most) }

func column(of, base []sample, quantity func(sample) float64) figure {
	var values, ratios []float64
	for i := range of {
		values = append(values, quantity(of[i]))
		ratios = append(ratios, quantity(of[i])/quantity(base[i]))
	}
	return figure{median(values), median(ratios), slices.Min(ratios), slices.Max(ratios)}
}

func micro(nanoseconds float64) string {
	return fmt.Sprintf("%.0f µs", nanoseconds/float64(time.Microsecond))
}
