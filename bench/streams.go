package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// streamsPlan is how many streams are opened, and on what.
type streamsPlan struct {
	count     int
	binary    string // "": the one of this tree
	keepAlive time.Duration
}

// mostStreams is what one MCP server may have open at a time.
const mostStreams = 10000

// measureStreams opens many subscriptions/listen on one process and tells what an idle one costs: resident memory, and processor time while nothing but signs of life
// goes over it. Then it changes the MCP server, which every stream has to hear of, and ends the process, which every stream has to be told.
func measureStreams(ctx context.Context, args []string) error {
	var plan streamsPlan
	flags := flag.NewFlagSet("bench streams", flag.ContinueOnError)
	flags.IntVar(&plan.count, "count", 10000, fmt.Sprintf("streams, at most %d", mostStreams))
	flags.StringVar(&plan.binary, "binary", "", "measure this build of Sluice")
	flags.DurationVar(&plan.keepAlive, "keep-alive", 5*time.Second, "time between the signs of life")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if plan.count < 1 || plan.count > mostStreams {
		return fmt.Errorf("count is %d; it must be from 1 to %d", plan.count, mostStreams)
	}
	dir, err := os.MkdirTemp("", "sluice-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if plan.binary == "" {
		if plan.binary, err = buildSluice(ctx, dir); err != nil {
			return err
		}
	}
	vendor, address, err := startPart(ctx, self, "upstream")
	if err != nil {
		return err
	}
	defer vendor.stop()
	if err := os.Setenv("SLUICE_KEEP_ALIVE", plan.keepAlive.String()); err != nil {
		return err
	}
	s, err := startSluice(ctx, "Sluice", plan.binary, dir, filepath.Join(dir, "sluice.db"), "http://"+address)
	if err != nil {
		return err
	}
	stopped := false
	defer func() {
		if !stopped {
			s.process.stop()
		}
	}()
	return plan.measure(ctx, s, func() { stopped = true; s.process.stop() })
}

func (plan *streamsPlan) measure(ctx context.Context, s *subject, stop func()) error {
	open := &streams{ended: make(chan struct{})}
	defer open.close()
	// The first makes what all share: the compiled tools, caches.
	if err := open.add(ctx, s); err != nil {
		return err
	}
	if err := open.hear(ctx, &open.signs, 2, 4*plan.keepAlive); err != nil {
		return fmt.Errorf("wait for signs of life: %w", err)
	}
	before, err := s.process.resident()
	if err != nil {
		return err
	}
	begun := time.Now()
	for open.count.Load() < int64(plan.count) {
		if err := open.add(ctx, s); err != nil {
			return fmt.Errorf("stream %d: %w", open.count.Load()+1, err)
		}
	}
	opened := time.Since(begun)
	full, err := s.process.resident()
	if err != nil {
		return err
	}

	signs, spent, begun := open.signs.Load(), s.process.cpu(), time.Now()
	if err := open.hear(ctx, &open.signs, signs+3*int64(plan.count), 8*plan.keepAlive); err != nil {
		return fmt.Errorf("wait for signs of life: %w", err)
	}
	signs, spent, idle := open.signs.Load()-signs, s.process.cpu()-spent, time.Since(begun)
	settled, err := s.process.resident()
	if err != nil {
		return err
	}

	begun = time.Now()
	if err := s.narrow(ctx); err != nil {
		return err
	}
	if err := open.hear(ctx, &open.changes, int64(plan.count), 30*time.Second); err != nil {
		return fmt.Errorf("wait for word of the change: %w", err)
	}
	told := time.Since(begun)
	begun = time.Now()
	stop()
	gone := time.Since(begun)
	if err := open.hear(ctx, &open.byes, int64(plan.count), 10*time.Second); err != nil {
		return fmt.Errorf("wait for the good-bye: %w", err)
	}

	each := func(resident int64) string {
		return fmt.Sprintf("%.1f KiB", float64(resident-before)/1024/float64(max(1, plan.count-1)))
	}
	fmt.Printf("%d open subscriptions/listen on one process, with a sign of life every %s:\n\n", plan.count, plan.keepAlive)
	fmt.Printf("| | |\n| --- | --: |\n")
	fmt.Printf("| resident memory with one stream | %.1f MiB |\n", float64(before)/(1<<20))
	fmt.Printf("| with all, just opened | %.1f MiB, %s a stream |\n", float64(full)/(1<<20), each(full))
	fmt.Printf("| with all, after three signs of life | %.1f MiB, %s a stream |\n", float64(settled)/(1<<20), each(settled))
	fmt.Printf("| opened in | %s |\n", opened.Round(time.Millisecond))
	fmt.Printf("| processor time of a sign of life | %s |\n", micro(float64(spent)/float64(max(1, signs))))
	fmt.Printf("| all of one core, idle | %.1f %% |\n", 100*spent.Seconds()/idle.Seconds())
	fmt.Printf("| a change is told to all in | %s |\n", told.Round(time.Millisecond))
	fmt.Printf("| all said good-bye to, and the process ended, in | %s |\n", gone.Round(time.Millisecond))
	return nil
}

// streams are open streams, and what has come over them.
type streams struct {
	count, signs, changes, byes atomic.Int64

	mu    sync.Mutex
	conns []net.Conn
	lost  error // the first stream that ended without a good-bye
	ended chan struct{}
}

const listenBody = `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
	`"io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1.0.0"},"io.modelcontextprotocol/clientCapabilities":{}}}}`

// add opens one more, and returns once it is acknowledged.
func (all *streams) add(ctx context.Context, s *subject) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	all.mu.Lock()
	all.conns = append(all.conns, conn)
	all.mu.Unlock()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"+
		"MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\nContent-Length: %d\r\n\r\n%s", s.path, s.address, len(listenBody), listenBody)
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(conn, 512)
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case err != nil:
			return fmt.Errorf("it ended before it was acknowledged: %w", err)
		case bytes.Contains(line, []byte("subscriptions/acknowledged")):
			all.count.Add(1)
			go all.read(lines)
			return nil
		case bytes.HasPrefix(line, []byte("HTTP/1.1 ")) && !bytes.Contains(line, []byte(" 200 ")):
			return fmt.Errorf("it was answered %s", bytes.TrimSpace(line))
		}
	}
}

func (all *streams) read(lines *bufio.Reader) {
	bye := false
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			all.mu.Lock()
			defer all.mu.Unlock()
			if !bye && all.lost == nil {
				all.lost = fmt.Errorf("a stream ended without a good-bye: %w", err)
				close(all.ended)
			}
			return
		}
		switch {
		case line[0] == ':':
			all.signs.Add(1)
		case bytes.Contains(line, []byte("list_changed")):
			all.changes.Add(1)
		case bytes.Contains(line, []byte(`"resultType":"complete"`)):
			bye = true
			all.byes.Add(1)
		}
	}
}

// hear waits until as many of something have come.
func (all *streams) hear(ctx context.Context, what *atomic.Int64, want int64, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for what.Load() < want {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d came within %s", what.Load(), want, patience)
		case <-all.ended:
			all.mu.Lock()
			defer all.mu.Unlock()
			return all.lost
		case <-tick.C:
		}
	}
	return nil
}

func (all *streams) close() {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.lost == nil {
		all.lost = errors.New("closed")
	}
	for _, conn := range all.conns {
		conn.Close()
	}
}

// narrow changes the MCP server's config, so that its list of tools is another one.
func (s *subject) narrow(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, "http://"+s.address+s.admin, strings.NewReader(`{"config":{"methods":["read"]}}`))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("change the MCP server: %s", res.Status)
	}
	return nil
}

// resident is the memory that the process has, in bytes (proc_pid_status(5)).
func (p *process) resident() (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("memory is measured on Linux alone: %w", err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("the system does not tell how much memory the process has")
}
