package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sluice/internal/store"
)

// Paging are the query parameters of every list. Like every type that inputs embed, it is exported: huma fills no other.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Items wanted"`
	Cursor string `query:"next_cursor" doc:"As the page before gave it; empty for the first"`
}

// below is the id that a list of things whose ids begin with prefix goes on below; "" for the first page.
func (p *Paging) below(prefix string) (string, error) {
	if p.Cursor != "" && !store.IsID(prefix, p.Cursor) {
		return "", badCursor()
	}
	return p.Cursor, nil
}

func badCursor() *Problem {
	return problem(http.StatusBadRequest, "next_cursor is none that this list gave: pass one back unchanged, or leave it out for the first page.").at("next_cursor")
}

// cut is the page of a list that is there whole, in the order of its keys: the items after the cursor, and the cursor behind them.
func cut[T any](p *Paging, items []T, key func(T) string) (page []T, next string) {
	for len(items) > 0 && p.Cursor != "" && key(items[0]) <= p.Cursor {
		items = items[1:]
	}
	if len(items) > p.Limit {
		items = items[:p.Limit]
		next = key(items[p.Limit-1])
	}
	return items, next
}

// page is the shape of every list.
type page[T any] struct {
	Result     []T     `json:"result" nullable:"false"`
	NextCursor *string `json:"next_cursor" doc:"null at the end"`
	PrevCursor *string `json:"prev_cursor" doc:"Always null: lists go forward only"`
	Count      int     `json:"result_count"`
	Partial    bool    `json:"is_partial_response"`
}

type listed[T any] struct{ Body page[T] }

// listOf shows a service's page.
func listOf[S, T any](items []S, next string, show func(S) T) *listed[T] {
	l := &listed[T]{}
	l.Body.Result = make([]T, len(items))
	for i, item := range items {
		l.Body.Result[i] = show(item)
	}
	l.Body.Count = len(items)
	if next != "" {
		l.Body.NextCursor = &next
	}
	return l
}

// one is an answer of one object, bare.
type one[T any] struct{ Body T }

// raw is a JSON value that a service reads itself: absent, null and a value are three different things.
type raw json.RawMessage

func (r *raw) UnmarshalJSON(b []byte) error {
	*r = append((*r)[:0], b...)
	return nil
}

func (r raw) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("null"), nil
	}
	return r, nil
}

// Schema says that any value will do.
func (raw) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

// moment is a time as the API writes it, null for none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
