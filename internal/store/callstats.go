package store

import (
	"context"
	"fmt"
	"strings"
)

// CallCount is how many calls of one outcome began in one span of time and took about as long.
type CallCount struct {
	Span     int64  // which one, from 0
	Outcome  string //
	Duration int64  // which of the bounds it stayed below; len(bounds): none
	Calls    int64
}

// CountCalls counts the calls of f, whose Since and Until are given, in spans of so many milliseconds, by outcome and by which of the bounds (microseconds,
// rising) they stayed below. Calls whose outcome is not known are left out: they have no length.
func (s *Store) CountCalls(ctx context.Context, f CallFilter, span int64, bounds []int64) ([]CallCount, error) {
	q := callQuery{dialect: s.dialect}
	first := q.arg(f.Since)
	var lengths strings.Builder
	for i, bound := range bounds {
		fmt.Fprintf(&lengths, " WHEN duration_us < %d THEN %d", bound, i)
	}
	text := fmt.Sprintf(`SELECT (started_at - %s) / %d AS span, outcome, CASE%s ELSE %d END AS length, count(*) FROM calls WHERE %s GROUP BY 1, 2, 3`,
		first, max(span, 1), lengths.String(), len(bounds), q.where(f, CallPosition{}))
	c := conn{on: s.sql, dialect: s.dialect}
	rows, err := c.QueryContext(ctx, text, q.args...)
	if err != nil {
		return nil, fmt.Errorf("count calls: %w", err)
	}
	defer rows.Close()
	var counts []CallCount
	for rows.Next() {
		var n CallCount
		if err := rows.Scan(&n.Span, &n.Outcome, &n.Duration, &n.Calls); err != nil {
			return nil, fmt.Errorf("count calls: %w", err)
		}
		counts = append(counts, n)
	}
	return counts, rows.Err()
}

// LastCalls answers when each of some accounts, or of some MCP servers, was last called; one that never was is not in it.
func (s *Store) LastCalls(ctx context.Context, environment string, ofServers bool, ids []string) (map[string]int64, error) {
	column := "account_id"
	if ofServers {
		column = "server_id"
	}
	last := make(map[string]int64, len(ids))
	c := conn{on: s.sql, dialect: s.dialect}
	for _, id := range ids { // a seek in an index each, where one statement for all would read every call of theirs
		var at int64
		// The plus keeps SQLite, which has no statistics, from the index on time.
		plus := ""
		if s.dialect == SQLite {
			plus = "+"
		}
		rows, err := c.QueryContext(ctx, fmt.Sprintf(`SELECT started_at FROM calls WHERE %[1]s = ?1 AND %[1]s <> '' AND %senvironment = ?2 ORDER BY started_at DESC LIMIT 1`, column, plus), id, environment)
		if err != nil {
			return nil, fmt.Errorf("find the last call of %s: %w", id, err)
		}
		if rows.Next() {
			if err := rows.Scan(&at); err == nil {
				last[id] = at
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return nil, fmt.Errorf("find the last call of %s: %w", id, err)
		}
	}
	return last, nil
}
