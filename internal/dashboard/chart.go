package dashboard

import (
	"fmt"
	"math"
	"strings"
	"time"

	"sluice/internal/audit"
)

// chart is calls, faults and lengths over time, drawn on the server. The sizes are those of the drawing; it scales with the page.
type chart struct {
	Width, Height int
	Plot          int // the height of the bars
	Bars          []bar
	Median, Slow  string // paths of the two lines
	Most          int    // calls in the highest bar
	Longest       string // what the lines' top is
	Calls, Failed int
	Rate          string // of failures
	Ticks         []tick
	Rows          []audit.Span // as a table, for those who read and do not see
	Step          time.Duration
	Typical, Late string // of all
}

type bar struct {
	X, Width          float64
	Y, Height         float64
	BadY, BadHeight   float64
	Title             string
	HitY, HitH        float64
	Empty, WithFaults bool
}

// tick is a time under the chart: in UTC, until the script writes it in the reader's own zone.
type tick struct {
	X                      float64
	Machine, Style, Anchor string
	Label                  string
}

const (
	chartWidth, chartHeight = 720, 150
	plotTop, plotHeight     = 12, 110
)

func newChart(spans []audit.Span, since, until time.Time) *chart {
	c := &chart{Width: chartWidth, Height: chartHeight, Plot: plotHeight}
	if len(spans) == 0 {
		return c
	}
	c.Step = until.Sub(since) / time.Duration(len(spans))
	var longest time.Duration
	for _, s := range spans {
		c.Calls += s.Calls
		c.Failed += s.Failed
		c.Most = max(c.Most, s.Calls)
		longest = max(longest, s.Slow)
		if s.Calls > 0 {
			c.Rows = append(c.Rows, s)
		}
	}
	if c.Calls == 0 {
		return c
	}
	c.Rate = fmt.Sprintf("%.1f %%", 100*float64(c.Failed)/float64(c.Calls))
	c.Longest = took(longest)
	step := float64(chartWidth) / float64(len(spans))
	y := func(share float64) float64 { return round(plotTop + plotHeight*(1-share)) }
	var median, slow line
	for i, s := range spans {
		all, bad := float64(s.Calls)/float64(c.Most), float64(s.Failed)/float64(c.Most)
		c.Bars = append(c.Bars, bar{
			X: round(float64(i)*step + step*.12), Width: round(step * .76), Y: y(all), Height: round(plotHeight * all), BadY: y(bad), BadHeight: round(plotHeight * bad),
			HitY: plotTop, HitH: plotHeight, Empty: s.Calls == 0, WithFaults: s.Failed > 0,
			Title: fmt.Sprintf("%s: %d calls, %d failed, half within %s, 95%% within %s", s.Start.UTC().Format("2 Jan 15:04 UTC"), s.Calls, s.Failed, took(s.Median), took(s.Slow)),
		})
		x := round((float64(i) + .5) * step)
		median.to(x, y(share(s.Median, longest)), s.Calls > 0)
		slow.to(x, y(share(s.Slow, longest)), s.Calls > 0)
	}
	c.Median, c.Slow = median.String(), slow.String()
	layout, style := "15:04", "time"
	if until.Sub(since) > 36*time.Hour {
		layout, style = "2 Jan", "date"
	}
	for i := range 5 {
		at := since.Add(until.Sub(since) * time.Duration(i) / 4)
		t := tick{X: round(float64(chartWidth) * float64(i) / 4), Machine: at.UTC().Format(time.RFC3339), Style: style, Label: at.UTC().Format(layout), Anchor: "middle"}
		switch i {
		case 0:
			t.Anchor, t.Label = "start", t.Label+" UTC"
		case 4:
			t.Anchor = "end"
		}
		c.Ticks = append(c.Ticks, t)
	}
	return c
}

// share is a length on a scale by which short and long ones can both be told apart.
func share(d, longest time.Duration) float64 {
	if longest <= 0 {
		return 0
	}
	return math.Log1p(float64(d.Microseconds())/500) / math.Log1p(float64(longest.Microseconds())/500)
}

// line is the path of a line that is broken where nothing happened, and a dot where one span stands alone.
type line struct {
	strings.Builder
	drawing bool
}

func (l *line) to(x, y float64, there bool) {
	switch {
	case !there:
		l.drawing = false
	case l.drawing:
		fmt.Fprintf(l, "L%g %g", x, y)
	default:
		fmt.Fprintf(l, "M%g %gh.01", x, y)
		l.drawing = true
	}
}

func round(f float64) float64 { return math.Round(f*10) / 10 }
