package octapipe

import (
	"database/sql"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// pageSize is the most that a page holds, whatever limit asks for [S].
const pageSize = 15

func newUUID() string { return uuid.NewString() }

// listing is a query for a list: what is asked of which table, narrowed by conditions that must all hold.
type listing struct {
	table, columns string
	order          string // "" is the order of creation
	where          []string
	args           []any
}

func (l *listing) and(condition string, args ...any) {
	l.where = append(l.where, "("+condition+")")
	l.args = append(l.args, args...)
}

// envelope is a list of the first kind: it tells how many there are and where the next page is.
type envelope[T any] struct {
	Data        []T     `json:"data"`
	CurrentPage int     `json:"current_page"`
	LastPage    int     `json:"last_page"`
	PerPage     int     `json:"per_page"`
	Total       int     `json:"total"`
	NextPageURL *string `json:"next_page_url"`
}

// page reads page and limit out of a query. What is no positive number counts as not given, as the framework has it [A].
func page(query url.Values) (number, size int) {
	number, err := strconv.Atoi(query.Get("page"))
	if err != nil || number < 1 {
		number = 1
	}
	size, err = strconv.Atoi(query.Get("limit"))
	if err != nil || size < 1 || size > pageSize {
		size = pageSize
	}
	return min(number, 1<<40), size // far past any end, and no overflow on the way there
}

// bare answers a list of the second kind: an array, which does not say whether more follows [K].
func bare[T any](c *call, l listing, scan func(scanner) (T, error)) (answer, error) {
	number, size := page(c.r.URL.Query())
	items, err := fetch(c, l, number, size, scan)
	if err != nil {
		return answer{}, err
	}
	return ok(items)
}

// enveloped answers a list of the first kind.
func enveloped[T any](c *call, l listing, scan func(scanner) (T, error)) (answer, error) {
	query := c.r.URL.Query()
	number, size := page(query)
	items, err := fetch(c, l, number, size, scan)
	if err != nil {
		return answer{}, err
	}
	var total int
	if err := c.db.QueryRowContext(c, "SELECT count(*) FROM "+l.table+l.conditions(), l.args...).Scan(&total); err != nil {
		return answer{}, err
	}
	e := envelope[T]{Data: items, CurrentPage: number, LastPage: max(1, (total+size-1)/size), PerPage: size, Total: total}
	if number < e.LastPage {
		query.Set("page", strconv.Itoa(number+1))
		next := c.origin() + c.r.URL.EscapedPath() + "?" + query.Encode()
		e.NextPageURL = &next
	}
	return ok(e)
}

func (l *listing) conditions() string {
	if len(l.where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(l.where, " AND ")
}

func fetch[T any](c *call, l listing, number, size int, scan func(scanner) (T, error)) ([]T, error) {
	order := l.order
	if order == "" {
		order = "id"
	}
	args := append(append([]any(nil), l.args...), size, (number-1)*size)
	return collect(c, scan, "SELECT "+l.columns+" FROM "+l.table+l.conditions()+" ORDER BY "+order+" LIMIT ? OFFSET ?", args...)
}

// collect reads all rows of a query. The result is never nil: an empty list is [], not null.
func collect[T any](c *call, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := c.db.QueryContext(c, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	items := []T{}
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close() // before the items ask for more: a second connection taken while holding one is how a pool locks up
	for _, item := range items {
		if err := complete(c, item); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// complete fills in what an item shows of other tables.
func complete(c *call, item any) error {
	if partial, ok := item.(interface{ complete(*call) error }); ok {
		return partial.complete(c)
	}
	return nil
}

// one reads the single row of a query; none is a 404 that names what was looked for.
func one[T any](c *call, what string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	item, err := scan(c.db.QueryRowContext(c, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return item, notFound(what)
	}
	if err != nil {
		return item, err
	}
	return item, complete(c, item)
}

// exists tells whether a query has a row.
func (c *call) exists(query string, args ...any) (bool, error) {
	var one int
	err := c.db.QueryRowContext(c, query, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// remove runs a statement that takes one thing away, and answers 204, or 404 if there was nothing to take.
func (c *call) remove(what, statement string, args ...any) (answer, error) {
	result, err := c.db.ExecContext(c, statement, args...)
	if err != nil {
		return answer{}, err
	}
	if n, err := result.RowsAffected(); err != nil {
		return answer{}, err
	} else if n == 0 {
		return answer{}, notFound(what)
	}
	return noContent()
}

// origin is the address by which the caller reached the sandbox.
func (c *call) origin() string {
	scheme := "http"
	if c.r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + c.r.Host
}
