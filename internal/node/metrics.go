package node

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sluice/internal/audit"
	"sluice/internal/gateway"
)

// metrics counts calls on their way into the audit, which every call reaches once, whatever became of it. No label holds what a tenant or a client can
// choose: the series stay few.
type metrics struct {
	gateway.Recorder
	registry *prometheus.Registry
	duration *prometheus.HistogramVec
	known    map[callLabels]prometheus.Observer // looked up without making the labels anew
}

type callLabels struct {
	door, outcome string
	write         bool
}

// The doors and outcomes that a Record has.
var (
	doors    = []string{"mcp", "api", "cli", "dashboard", "file"}
	outcomes = []string{"ok", "invalid", "refused", "rate_limited", "unsent", "unknown", "cancelled", "asked", "declined"}
)

func newMetrics(r gateway.Recorder, version string) *metrics {
	m := &metrics{
		Recorder: r,
		registry: prometheus.NewRegistry(),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sluice_call_duration_seconds", Help: "Calls of tools, by the door they came through, whether they write, and what became of them.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"door", "write", "outcome"}),
		known: map[callLabels]prometheus.Observer{},
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sluice_build_info", Help: "1, with the version that runs."}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.duration, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, door := range doors {
		for _, outcome := range outcomes {
			for _, write := range []bool{false, true} {
				m.known[callLabels{door, outcome, write}] = m.duration.WithLabelValues(door, strconv.FormatBool(write), outcome)
			}
		}
	}
	return m
}

// watch adds how many calls are under way.
func (m *metrics) watch(g *gateway.Gateway) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sluice_calls_under_way", Help: "Calls of tools, and downloads, that are under way."},
			func() float64 { calls, _ := g.UnderWay(); return float64(calls) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "sluice_calls_turned_away_total", Help: "Calls that were not made because their environment had as many under way as it may have."},
			func() float64 { _, turned := g.UnderWay(); return float64(turned) }))
}

// Finish implements gateway.Recorder.
func (m *metrics) Finish(r *audit.Record) {
	if o, ok := m.known[callLabels{r.Door, r.Outcome, r.Write}]; ok {
		o.Observe(r.Duration.Seconds())
	}
	m.Recorder.Finish(r)
}

// Metrics serves what a Prometheus server collects. It tells nothing of a tenant, but how much the installation is used: it is not for the public URL.
func (n *Node) Metrics() http.Handler {
	return promhttp.HandlerFor(n.metrics.registry, promhttp.HandlerOpts{})
}
