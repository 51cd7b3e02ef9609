package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a part that was started, and is ended with stop.
type process struct {
	cmd  *exec.Cmd
	line string // the first that it printed: it is up
}

// start runs a program and waits for its first line.
func start(ctx context.Context, program string, args ...string) (*process, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, fmt.Errorf("%s printed nothing for 30 s", program))
	defer cancel()
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	type first struct {
		line string
		err  error
	}
	lines := make(chan first, 1)
	go func() {
		in := bufio.NewReader(out)
		line, err := in.ReadString('\n')
		lines <- first{strings.TrimSpace(line), err}
		io.Copy(io.Discard, in)
	}()
	select {
	case got := <-lines:
		if got.err != nil {
			p.stop()
			return nil, fmt.Errorf("start %s %s: it ended before it was up", program, strings.Join(args, " "))
		}
		p.line = got.line
		return p, nil
	case <-ctx.Done():
		p.stop()
		return nil, context.Cause(ctx)
	}
}

// stop asks the process to end, and makes it.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	overdue := time.AfterFunc(10*time.Second, func() { p.cmd.Process.Kill() })
	defer overdue.Stop()
	p.cmd.Wait()
}

// cpu is the processor time that the process has used, to the hundredth of a second; 0 where the system does not tell.
func (p *process) cpu() time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	// The fields after the program's name in brackets: state is the first, utime and stime the 12th and 13th (proc_pid_stat(5)).
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, _ := strconv.ParseInt(f, 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
