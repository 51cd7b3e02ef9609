// Package audit records every call. The intent of a write is durable before Begin returns, so that a crash never hides one; the outcome of
// writes, and reads, are written in batches off the call's path by one writer that owns the queue and is waited for on Close.
//
// It imports store. A Record enters by Begin and Finish, which copy what they keep, and leaves by List.
package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Record is one call.
type Record struct {
	ID          string // log_…
	Environment string
	Door        string // mcp, api, cli, dashboard
	AccountID   string
	ServerID    string // MCP server, "" for the API
	TokenID     string // API token, or the grant of a person who signed in; "" for a URL alone
	UserID      string // the person on whose behalf, if one is known
	ClientName  string
	RequestID   string
	Integration string
	Tool        string
	Resource    string
	Method      string
	Write       bool
	Arguments   []byte // JSON, secrets masked; copied by Begin and Finish
	Outcome     string // started, ok, invalid, refused, rate_limited, unsent, unknown, cancelled, asked, declined
	Status      int    // the vendor's
	Error       string // one sentence, no secrets
	StartedAt   time.Time
	Duration    time.Duration
}

const idPrefix = "log"

// Started is the outcome of a write that was begun and whose outcome is not known: it is under way, or the process died in the middle of it.
const Started = store.Started

// ErrClosed is returned by Begin after Close.
var ErrClosed = errors.New("the audit is closed")

// Log is the record of every call. It is safe for concurrent use.
type Log struct {
	store *store.Store
	log   *slog.Logger
	queue
	stop  func()        // ends the writer, once
	end   chan struct{} // closed by stop
	ended chan struct{} // closed when the writer has ended

	retention *store.Sweep // nil: calls are kept for ever
}

// New makes a log and starts its writer. log may be nil.
func New(st *store.Store, log *slog.Logger) *Log {
	if log == nil {
		log = slog.Default()
	}
	l := &Log{store: st, log: log, end: make(chan struct{}), ended: make(chan struct{})}
	l.queue.init()
	l.stop = sync.OnceFunc(func() {
		l.queue.close()
		close(l.end)
	})
	go l.write()
	return l
}

// Close writes down what is queued and ends the writer. Calls that are still under way then find ErrClosed, so doors are closed first.
func (l *Log) Close() {
	l.stop()
	<-l.ended
	if l.retention != nil {
		l.retention.Stop()
	}
}

// Begin makes the intent of a write durable: when it returns nil, the record is on the disk, and a process that dies leaves it behind as Started. It
// gives the record its id. If it returns an error, nothing should be sent, and Finish is called all the same.
func (l *Log) Begin(ctx context.Context, r *Record) error {
	l.prepare(r)
	row := db.CallIntent{
		ID: r.ID, Environment: r.Environment, Door: r.Door, AccountID: r.AccountID, ServerID: r.ServerID, TokenID: r.TokenID, UserID: r.UserID,
		Integration: r.Integration, Tool: store.CleanText(r.Tool), Resource: r.Resource, Method: r.Method, StartedAt: r.StartedAt.UnixMilli(),
	}
	row.ClientName, row.RequestID, _, row.Arguments = own(r)
	b, err := l.queue.begin(row)
	if err != nil {
		return err
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return fmt.Errorf("wait for the intent to be on the disk: %w", ctx.Err())
	}
}

// Finish records a call's outcome: of a write that was begun, of one that was refused before that, or of a read. It returns before the record is
// written; when the queue is full, because the database does not keep up, it waits rather than lose one.
func (l *Log) Finish(r *Record) {
	l.prepare(r)
	row := db.Call{
		ID: r.ID, Environment: r.Environment, Door: r.Door, AccountID: r.AccountID, ServerID: r.ServerID, TokenID: r.TokenID, UserID: r.UserID,
		Integration: r.Integration, Tool: store.CleanText(r.Tool), Resource: r.Resource, Method: r.Method, StartedAt: r.StartedAt.UnixMilli(),
		Outcome: r.Outcome, Status: int64(r.Status), DurationUs: r.Duration.Microseconds(),
	}
	if r.Write {
		row.IsWrite = 1
	}
	row.ClientName, row.RequestID, row.Error, row.Arguments = own(r)
	if !l.queue.finish(row) {
		l.log.Error("a call ended after the audit was closed; its outcome is not recorded", "id", r.ID, "tool", r.Tool, "outcome", r.Outcome)
	}
}

func (l *Log) prepare(r *Record) {
	if r.StartedAt.IsZero() {
		r.StartedAt = time.Now()
	}
	if r.ID == "" {
		r.ID = store.NewID(idPrefix)
	}
}

// What a client can make as long as it likes is cut to these lengths, in bytes.
const (
	maxName  = 256
	maxError = 2048
)

// own copies what a record borrows: its bytes, and the texts that come from the request, which may lie in the same buffer. One allocation for all texts.
func own(r *Record) (clientName, requestID, fault string, arguments []byte) {
	clientName, requestID, fault = store.CleanText(clip(r.ClientName, maxName)), store.CleanText(clip(r.RequestID, maxName)), store.CleanText(clip(r.Error, maxError))
	all := clientName + requestID + "\n" + fault // the line end makes it a new text also when two are empty
	n, m := len(clientName), len(clientName)+len(requestID)
	return all[:n], all[n:m], all[m+1:], append([]byte{}, r.Arguments...)
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 { // not within a character
		n--
	}
	return s[:n]
}
