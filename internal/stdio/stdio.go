// Package stdio bridges an MCP server's URL to stdin and stdout, for hosts that only start programs: each line in is one JSON-RPC message and becomes
// a POST, each message of an answer becomes a line out. It imports jsonscan only, and knows of the protocol what a transport has to: the headers that
// mirror a message, event streams, cancellation.
//
// The bridge outlives restarts of the server. What was surely not sent is sent again; what may have been done is reported as such and never repeated.
package stdio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

// Options are the bridge's settings. The zero value is the usual one.
type Options struct {
	Header   http.Header   // sent with each request: Authorization, where the server wants an API token
	RetryFor time.Duration // how long an unreachable server is tried again; 0: 10 s
	Grace    time.Duration // how long answers under way are waited for once stdin has ended; 0: 5 s

	parent func() int // the parent's process id; nil: os.Getppid
	poll   time.Duration
}

// Run bridges until stdin ends, the parent process is gone, or ctx ends. It answers each request: with the server's answer, or with an error
// that says in words why there is none. An error of its own means that it could not begin, or that stdout is closed.
func Run(ctx context.Context, serverURL string, in io.Reader, out, errOut io.Writer, o Options) error {
	u, err := url.Parse(serverURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("the URL of an MCP server begins with http:// or https://; copy it whole, token included")
	}
	if o.RetryFor <= 0 {
		o.RetryFor = 10 * time.Second
	}
	if o.Grace <= 0 {
		o.Grace = 5 * time.Second
	}
	if o.parent == nil {
		o.parent = os.Getppid
	}
	if o.poll <= 0 {
		o.poll = time.Second
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16
	transport.ResponseHeaderTimeout = 5 * time.Minute
	defer transport.CloseIdleConnections()

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	b := &bridge{
		ctx: ctx, stop: stop, url: u, options: o, out: out, errOut: errOut,
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		calls:  map[string]context.CancelFunc{},
	}
	return b.run(in)
}

// bridge is one run.
type bridge struct {
	ctx     context.Context // ends the run
	stop    context.CancelCauseFunc
	url     *url.URL
	options Options
	client  *http.Client

	outMu  sync.Mutex
	out    io.Writer
	errOut io.Writer

	mirrors Mirrors

	requests sync.WaitGroup // those whose answers are worth waiting for
	streams  sync.WaitGroup // those that never end by themselves

	mu       sync.Mutex
	calls    map[string]context.CancelFunc // under way, by id as it is spelled
	revision string                        // what a handshake agreed on, "" without one
	listens  bool                          // the stream by GET is open, or was refused for good
}

// Why a run ended.
var (
	errParentGone = errors.New("the parent process is gone")
	errInputEnded = errors.New("stdin has ended")
)

func (b *bridge) run(in io.Reader) error {
	// A read of stdin cannot be interrupted: its goroutine ends with the process, or with the read.
	messages, ended := make(chan *message), make(chan error, 1)
	go func() { ended <- b.read(in, messages) }()

	parent, poll := b.options.parent(), time.NewTicker(b.options.poll)
	defer poll.Stop()
	for running := true; running; {
		select {
		case m := <-messages:
			b.take(m)
		case err := <-ended:
			if err == nil {
				b.finish()
				err = errInputEnded
			}
			b.stop(err)
			running = false
		case <-poll.C:
			// Hosts that are killed do not always take their children's stdin with them.
			if b.options.parent() != parent {
				b.stop(errParentGone)
			}
		case <-b.ctx.Done():
			running = false
		}
	}
	b.requests.Wait()
	b.streams.Wait()
	switch err := context.Cause(b.ctx); {
	case errors.Is(err, errInputEnded), errors.Is(err, errParentGone), errors.Is(err, context.Canceled):
		return nil
	default:
		return err
	}
}

// finish waits for the answers that are under way, but not long.
func (b *bridge) finish() {
	done := make(chan struct{})
	go func() {
		b.requests.Wait()
		close(done)
	}()
	timer := time.NewTimer(b.options.Grace)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-b.ctx.Done():
	}
}

// read takes stdin line by line. At its end it returns nil.
func (b *bridge) read(in io.Reader, messages chan<- *message) error {
	reader := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := reader.ReadBytes('\n')
		if m := parse(line); m != nil {
			select {
			case messages <- m:
			case <-b.ctx.Done():
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read stdin: %w", err)
		}
	}
}

// take sends one message on its way.
func (b *bridge) take(m *message) {
	if m.method == "notifications/cancelled" {
		b.cancel(m)
		return // over HTTP it is the end of the request that cancels it
	}
	ctx, cancel := context.WithCancel(b.ctx)
	group := &b.requests
	if m.method == listenMethod {
		group = &b.streams
	}
	if m.id != "" {
		b.mu.Lock()
		b.calls[m.id] = cancel
		b.mu.Unlock()
	}
	group.Go(func() {
		defer cancel()
		b.send(ctx, m)
		if m.id != "" {
			b.mu.Lock()
			delete(b.calls, m.id)
			b.mu.Unlock()
		}
	})
}

func (b *bridge) cancel(m *message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cancel := b.calls[m.cancels]; cancel != nil {
		cancel()
	}
}

// write puts one message on stdout. JSON has line breaks only between its tokens, where a space does as well.
func (b *bridge) write(message []byte) {
	b.outMu.Lock()
	defer b.outMu.Unlock()
	line := make([]byte, 0, len(message)+1)
	for _, c := range message {
		if c == '\n' || c == '\r' {
			c = ' '
		}
		line = append(line, c)
	}
	if _, err := b.out.Write(append(line, '\n')); err != nil {
		b.stop(fmt.Errorf("write stdout: %w", err))
	}
}

// say tells the person who looks at the host's log. The URL's path is never said: it holds the token.
func (b *bridge) say(format string, arguments ...any) {
	b.outMu.Lock()
	defer b.outMu.Unlock()
	_, _ = fmt.Fprintf(b.errOut, "sluice stdio: "+format+"\n", arguments...)
}
