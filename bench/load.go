package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// workload is one request, sent again and again over a number of connections.
type workload struct {
	Address     string            `json:"address"`
	Method      string            `json:"method"`
	Path        string            `json:"path"`
	Header      map[string]string `json:"header"`
	Body        string            `json:"body"`
	Has         string            `json:"has"`   // every answer must have this in it…
	Lacks       string            `json:"lacks"` // …and not this
	Connections int               `json:"connections"`
	Warmup      time.Duration     `json:"warmup"`
	Duration    time.Duration     `json:"duration"`
}

// measurement is what came of a workload. Calls counts what was answered within Duration; Total what was answered at all, warm-up included,
// which is what the upstream must have counted.
type measurement struct {
	Calls  int           `json:"calls"`
	Total  int64         `json:"total"`
	Took   time.Duration `json:"took"`
	Median time.Duration `json:"median"`
	P99    time.Duration `json:"p99"`
}

func (m measurement) rate() float64 { return float64(m.Calls) / m.Took.Seconds() }

// load carries out the workload given as JSON in its argument and prints the measurement. One wrong answer ends it: a rate of errors is no rate.
func load(args []string) error {
	var w workload
	if err := json.Unmarshal([]byte(args[0]), &w); err != nil {
		return fmt.Errorf("read the workload: %w", err)
	}
	m, err := w.run()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

func (w *workload) run() (measurement, error) {
	client := &fasthttp.HostClient{Addr: w.Address, MaxConns: w.Connections, MaxIdemponentCallAttempts: 1,
		ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, ReadBufferSize: 32 << 10}
	begin := time.Now().Add(w.Warmup)
	end := begin.Add(w.Duration)

	callers := make([]struct {
		total     int64
		latencies []time.Duration
		err       error
	}, w.Connections)
	var running sync.WaitGroup
	for i := range callers {
		c := &callers[i]
		c.latencies = make([]time.Duration, 0, 1<<16)
		running.Go(func() {
			req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			req.SetRequestURI("http://" + w.Address + w.Path)
			req.Header.SetMethod(w.Method)
			for name, value := range w.Header {
				req.Header.Set(name, value)
			}
			req.SetBodyString(w.Body)
			for {
				started := time.Now()
				if started.After(end) {
					return
				}
				if c.err = client.Do(req, res); c.err != nil {
					return
				}
				took := time.Since(started)
				c.total++
				if c.err = w.check(res); c.err != nil {
					return
				}
				if started.After(begin) {
					c.latencies = append(c.latencies, took)
				}
			}
		})
	}
	running.Wait()

	m := measurement{Took: time.Since(begin)}
	var all []time.Duration
	for i := range callers {
		if callers[i].err != nil {
			return m, fmt.Errorf("call %s: %w", w.Address, callers[i].err)
		}
		m.Total += callers[i].total
		all = append(all, callers[i].latencies...)
	}
	if len(all) == 0 {
		return m, fmt.Errorf("call %s: no call ended in %s", w.Address, w.Duration)
	}
	slices.Sort(all)
	m.Calls, m.Median, m.P99 = len(all), all[len(all)/2], all[len(all)*99/100]
	return m, nil
}

func (w *workload) check(res *fasthttp.Response) error {
	body := res.Body()
	switch {
	case res.StatusCode() != fasthttp.StatusOK:
		return fmt.Errorf("answered %d: %.300s", res.StatusCode(), body)
	case !bytes.Contains(body, []byte(w.Has)):
		return fmt.Errorf("answer lacks %q: %.300s", w.Has, body)
	case w.Lacks != "" && bytes.Contains(body, []byte(w.Lacks)):
		return fmt.Errorf("answer has %q: %.300s", w.Lacks, body)
	}
	return nil
}
