package store

import (
	"context"
	"fmt"
	"strings"

	"sluice/internal/store/db"
)

// The call log has queries of its own: what is written often is written by prepared statements or by whole batches (CallWriter), and a search has
// as many shapes as there are sets of filters.

// Started is the outcome that a call has in a list until another is known.
const Started = "started"

// CallFilter narrows a list of calls. Zero values do not filter, but for the environment, which always does.
type CallFilter struct {
	Environment string
	ID          string
	AccountID   string
	ServerID    string
	UserID      string
	Tool        string
	Outcome     string
	ClientName  string
	RequestID   string
	Since       int64 // started at or after
	Until       int64 // started before
}

// CallPosition is a place in the list: below the call that began then and has this id. Zero is the top.
type CallPosition struct {
	StartedAt int64
	ID        string
}

// ListCalls lists calls and those begun whose outcome is not known, newest first, below a position.
func (s *Store) ListCalls(ctx context.Context, f CallFilter, below CallPosition, limit int) ([]db.Call, error) {
	text, args := s.callsText(f, below, limit)
	c := conn{on: s.sql, dialect: s.dialect}
	rows, err := c.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	defer rows.Close()
	var calls []db.Call
	for rows.Next() {
		var r db.Call
		if err := rows.Scan(&r.ID, &r.Environment, &r.Door, &r.AccountID, &r.ServerID, &r.TokenID, &r.ClientName, &r.RequestID, &r.Integration, &r.Tool,
			&r.Resource, &r.Method, &r.UserID, &r.Arguments, &r.StartedAt, &r.IsWrite, &r.Outcome, &r.Status, &r.Error, &r.DurationUs); err != nil {
			return nil, fmt.Errorf("list calls: %w", err)
		}
		calls = append(calls, r)
	}
	return calls, rows.Err()
}

// CallNames are what calls are told apart by.
type CallNames struct{ Tool, AccountID, ServerID, ClientName string }

// ListCallNames lists what occurs among the newest calls that a filter leaves, each once, in no order. It looks at no more than among of them, so that it is quick
// however long the log is.
func (s *Store) ListCallNames(ctx context.Context, f CallFilter, among, limit int) ([]CallNames, error) {
	const columns = "tool, account_id, server_id, client_name"
	q := callQuery{dialect: s.dialect}
	text := fmt.Sprintf(`SELECT DISTINCT %[1]s FROM (SELECT %[1]s FROM calls WHERE %[2]s ORDER BY started_at DESC, id DESC LIMIT %[3]d) AS newest LIMIT %[4]d`,
		columns, q.where(f, CallPosition{}), among, limit)
	c := conn{on: s.sql, dialect: s.dialect}
	rows, err := c.QueryContext(ctx, text, q.args...)
	if err != nil {
		return nil, fmt.Errorf("list names of calls: %w", err)
	}
	defer rows.Close()
	var names []CallNames
	for rows.Next() {
		var n CallNames
		if err := rows.Scan(&n.Tool, &n.AccountID, &n.ServerID, &n.ClientName); err != nil {
			return nil, fmt.Errorf("list names of calls: %w", err)
		}
		names = append(names, n)
	}
	return names, rows.Err()
}

// callsText is the search as SQL.
func (s *Store) callsText(f CallFilter, below CallPosition, limit int) (string, []any) {
	q := callQuery{dialect: s.dialect}
	both := make([]string, 0, 2)
	if f.Outcome != Started {
		both = append(both, q.from("calls", `is_write, outcome, status, error, duration_us`, f, below, limit))
	}
	if f.Outcome == "" || f.Outcome == Started {
		f.Outcome = ""
		both = append(both, q.from("call_intents", `1 AS is_write, 'started' AS outcome, 0 AS status, '' AS error, 0 AS duration_us`, f, below, limit))
	}
	parts := make([]string, len(both)) // each with its own ORDER and LIMIT, which must be inside a subquery
	for i, one := range both {
		parts[i] = fmt.Sprintf("SELECT * FROM (%s) AS part%d", one, i)
	}
	return fmt.Sprintf("%s ORDER BY started_at DESC, id DESC LIMIT %d", strings.Join(parts, " UNION ALL "), limit), q.args
}

// callQuery builds the text of one search and gathers its arguments.
type callQuery struct {
	dialect Dialect
	args    []any
}

func (q *callQuery) arg(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("?%d", len(q.args))
}

func (q *callQuery) from(table, rest string, f CallFilter, below CallPosition, limit int) string {
	return fmt.Sprintf(`SELECT id, environment, door, account_id, server_id, token_id, client_name, request_id, integration, tool, resource, method, user_id,
		arguments, started_at, %s FROM %s WHERE %s ORDER BY started_at DESC, id DESC LIMIT %d`, rest, table, q.where(f, below), limit)
}

// where is what a search asks for, as a condition.
func (q *callQuery) where(f CallFilter, below CallPosition) string {
	var w strings.Builder
	equal := func(column, value string) {
		if value != "" {
			fmt.Fprintf(&w, " AND %s = %s", column, q.arg(value))
		}
	}
	// SQLite, which keeps no statistics here, would take the index on time for any search. The plus keeps it from that where a narrower one fits.
	plus := ""
	if q.dialect == SQLite && (f.AccountID != "" || f.ServerID != "" || f.ID != "") {
		plus = "+"
	}
	fmt.Fprintf(&w, "%senvironment = %s", plus, q.arg(f.Environment))
	equal("id", f.ID)
	if f.ServerID != "" {
		equal("server_id", f.ServerID)
		w.WriteString(" AND server_id <> ''") // what the partial index asks for
		equal(plus+"account_id", f.AccountID)
	} else if f.AccountID != "" {
		equal("account_id", f.AccountID)
		w.WriteString(" AND account_id <> ''")
	}
	equal("user_id", f.UserID)
	equal("tool", f.Tool)
	equal("outcome", f.Outcome)
	equal("client_name", f.ClientName)
	equal("request_id", f.RequestID)
	if f.Since != 0 {
		fmt.Fprintf(&w, " AND started_at >= %s", q.arg(f.Since))
	}
	if f.Until != 0 {
		fmt.Fprintf(&w, " AND started_at < %s", q.arg(f.Until))
	}
	if below.ID != "" {
		fmt.Fprintf(&w, " AND (started_at, id) < (%s, %s)", q.arg(below.StartedAt), q.arg(below.ID))
	}
	return w.String()
}

// DropCalls removes up to limit calls with ids below that one, and as many of those begun whose outcome never came. It reports how many it removed; fewer
// than limit means that none is left.
func (s *Store) DropCalls(ctx context.Context, below string, limit int) (dropped int64, err error) {
	for _, table := range []string{"calls", "call_intents"} {
		text := fmt.Sprintf("DELETE FROM %[1]s WHERE id IN (SELECT id FROM %[1]s WHERE id < ?1 ORDER BY id LIMIT %[2]d)", table, limit)
		result, err := s.exec(ctx, text, below)
		if err != nil {
			return dropped, fmt.Errorf("drop old calls: %w", err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return dropped, fmt.Errorf("count the dropped calls: %w", err)
		}
		dropped += n
	}
	return dropped, nil
}
