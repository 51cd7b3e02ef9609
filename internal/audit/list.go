package audit

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Filter narrows a list. A zero field does not, but for Environment, which always does.
type Filter struct {
	Environment string
	AccountID   string
	ServerID    string
	UserID      string
	Tool        string
	Outcome     string
	ClientName  string
	RequestID   string
	Since       time.Time // started at or after
	Until       time.Time // started before
}

// ErrNotFound is wrapped where an environment has no call of that id.
var ErrNotFound = errors.New("no such call")

// ErrCursor is returned for a cursor that List did not make.
var ErrCursor = errors.New("the cursor is not one that a list of calls gave: leave it out to begin at the newest")

// List returns up to limit calls, newest first, below the place that a call before gave as next; next is "" when the list ends. What this node has
// finished is in it.
func (l *Log) List(ctx context.Context, f Filter, cursor string, limit int) (page []*Record, next string, err error) {
	below, err := decode(cursor)
	if err != nil {
		return nil, "", err
	}
	limit = max(limit, 1)
	rows, err := l.rows(ctx, f.stored(), below, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = encode(store.CallPosition{StartedAt: last.StartedAt, ID: last.ID})
	}
	for i := range rows {
		page = append(page, record(&rows[i]))
	}
	return page, next, nil
}

// Names are what occurs in the log, to choose from.
type Names struct {
	Tools, Accounts, Clients []string
	Servers                  map[string]string // ids, with the account that each was on
}

// The most that Names looks at, and finds: a page to choose from holds no more.
const (
	namesAmong = 5000
	mostNames  = 2000
)

// Names tells which tools, accounts, MCP servers and clients occur among the newest calls of an environment, or of one account of it, in the filter's time.
func (l *Log) Names(ctx context.Context, f Filter) (Names, error) {
	names := Names{Servers: map[string]string{}}
	if err := l.Flush(ctx); err != nil {
		return names, err
	}
	of := Filter{Environment: f.Environment, AccountID: f.AccountID, Since: f.Since, Until: f.Until}
	rows, err := l.store.ListCallNames(ctx, of.stored(), namesAmong, mostNames)
	if _, unstorable := errors.AsType[*store.TextError](err); unstorable {
		return names, nil
	}
	for _, row := range rows {
		names.Tools, names.Accounts, names.Clients = append(names.Tools, row.Tool), append(names.Accounts, row.AccountID), append(names.Clients, row.ClientName)
		if row.ServerID != "" {
			names.Servers[row.ServerID] = row.AccountID
		}
	}
	for _, list := range []*[]string{&names.Tools, &names.Accounts, &names.Clients} {
		slices.Sort(*list)
		*list = slices.DeleteFunc(slices.Compact(*list), func(s string) bool { return s == "" })
	}
	return names, err
}

// stored is the filter as the store takes it.
func (f Filter) stored() store.CallFilter {
	return store.CallFilter{
		Environment: f.Environment, AccountID: f.AccountID, ServerID: f.ServerID, UserID: f.UserID, Tool: f.Tool, Outcome: f.Outcome,
		ClientName: clip(f.ClientName, maxName), RequestID: clip(f.RequestID, maxName), Since: store.Millis(f.Since), Until: store.Millis(f.Until),
	}
}

// Get returns one call of an environment.
func (l *Log) Get(ctx context.Context, environment, id string) (*Record, error) {
	if id != "" {
		rows, err := l.rows(ctx, store.CallFilter{Environment: environment, ID: id}, store.CallPosition{}, 1)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			return record(&rows[0]), nil
		}
	}
	return nil, fmt.Errorf("%w: %.80q", ErrNotFound, id)
}

func (l *Log) rows(ctx context.Context, f store.CallFilter, below store.CallPosition, limit int) ([]db.Call, error) {
	if err := l.Flush(ctx); err != nil {
		return nil, err
	}
	rows, err := l.store.ListCalls(ctx, f, below, limit)
	if _, unstorable := errors.AsType[*store.TextError](err); unstorable {
		return nil, nil // no record holds such a text
	}
	return rows, err
}

func record(row *db.Call) *Record {
	return &Record{
		ID: row.ID, Environment: row.Environment, Door: row.Door, AccountID: row.AccountID, ServerID: row.ServerID, TokenID: row.TokenID, UserID: row.UserID,
		ClientName: row.ClientName, RequestID: row.RequestID, Integration: row.Integration, Tool: row.Tool, Resource: row.Resource, Method: row.Method,
		Write: row.IsWrite != 0, Arguments: row.Arguments, Outcome: row.Outcome, Status: int(row.Status), Error: row.Error,
		StartedAt: store.Time(row.StartedAt), Duration: time.Duration(row.DurationUs) * time.Microsecond,
	}
}

// A cursor needs no seal: it says where to go on, and the filter, environment and all, comes with each call.

func encode(p store.CallPosition) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.StartedAt, 10) + " " + p.ID))
}

func decode(cursor string) (p store.CallPosition, err error) {
	if cursor == "" {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return p, ErrCursor
	}
	started, id, ok := strings.Cut(string(text), " ")
	if p.StartedAt, err = strconv.ParseInt(started, 10, 64); err != nil || !ok || id == "" || store.CheckText(id) != nil {
		return p, ErrCursor
	}
	p.ID = id
	return p, nil
}
