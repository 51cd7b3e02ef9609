package vendor

import (
	"context"
	"fmt"
	"hash/crc32"
	"math"
	"net/url"
	"strconv"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/outbound"
)

// turn puts the position into the request. The first page is asked for without a position: it is the vendor's own default.
func (k *call) turn() {
	p, at := k.page, k.req.Page
	if isLink(p, at.Token) {
		path, query, _ := strings.Cut(at.Token, "?")
		if path != "" {
			if origin, ok := originOf(k.address); ok {
				k.address = origin + path
			}
		}
		k.query = query
		return
	}
	if p.Size != "" && at.Size > 0 {
		k.query = setParameter(k.query, url.QueryEscape(p.Size), strconv.Itoa(at.Size))
	}
	if at.Token == "" {
		return
	}
	name := p.Cursor
	switch p.Format {
	case "page":
		name = p.Page
	case "offset":
		name = p.Offset
	}
	if name != "" {
		k.query = setParameter(k.query, url.QueryEscape(name), url.QueryEscape(at.Token))
	}
}

// A position that is a link holds what follows the origin: a path and a query, or "?" and a query for the path of the first page. The origin is never the
// vendor's to choose, since the credential goes there.
func isLink(p *integration.Pagination, token string) bool {
	switch p.Format {
	case "none", "page", "offset":
		return false
	}
	return strings.HasPrefix(token, "?") || strings.HasPrefix(token, "/") && strings.Contains(token, "?") || p.Cursor == "" && strings.HasPrefix(token, "/")
}

// items puts a list's page into the response: its items, where it goes on, and what is known of how much there is.
func (k *call) items(ctx context.Context, r *Response, answer *outbound.Response, document []byte) error {
	list, err := k.list(ctx, document)
	if err != nil {
		return err
	}
	if len(list) == len(document) && &list[0] == &document[0] { // which was counted when it was read
		r.Items = k.elements
	} else if r.Items, err = jsonscan.Count(list); err != nil {
		return fmt.Errorf("count the items of the answer: %w", err)
	}
	r.Body = list
	next, unknown, err := k.next(ctx, r, answer.Header, document)
	if err != nil {
		return err
	}
	seen := uint64(0)
	if next != "" || k.req.Page.Seen != 0 {
		seen = fingerprint(list)
	}
	if r.Items > 0 && seen != 0 && seen == k.req.Page.Seen {
		// The vendor repeats itself: it knows no such page, or takes no notice of the parameter. These items were handed out already.
		r.Body, r.Items, r.Repeats = []byte("[]"), 0, true
		return nil
	}
	if next != "" && next != k.req.Page.Token {
		r.Next = &Position{Token: next, Size: k.req.Page.Size, Seen: seen}
		r.MoreUnknown = unknown
	}
	return nil
}

// list finds the array of items.
func (k *call) list(ctx context.Context, document []byte) ([]byte, error) {
	shaped := document
	if source := k.req.Method.Response.Expression; source != "" {
		var err error
		if shaped, err = k.plan.expressions[source].Run(context.WithoutCancel(ctx), document); err != nil {
			return nil, err
		}
	}
	list := shaped
	if jsonscan.KindOf(shaped) == jsonscan.Object && k.page.Items != "" { // a bare array is taken for what it is
		found, ok := jsonscan.Find(shaped, k.page.Items)
		if !ok {
			return nil, fmt.Errorf("its answer has no list at %s", k.page.Items)
		}
		list = found
	}
	switch kind := jsonscan.KindOf(list); kind {
	case jsonscan.Array:
		return list, nil
	case jsonscan.Null: // how some write an empty one
		return []byte("[]"), nil
	default:
		return nil, fmt.Errorf("its answer is %v where a list was expected", kind)
	}
}

// next tells where the list goes on, "" at its end. unknown is set where only the size of the page speaks for it.
func (k *call) next(ctx context.Context, r *Response, header outbound.Header, document []byte) (token string, unknown bool, err error) {
	p := k.page
	if p.Total != "" {
		if n, ok := integer(document, p.Total); ok {
			r.Total = n
		}
	}
	more, told := k.more(document)
	if told && !more {
		return "", false, nil
	}
	switch p.Format {
	case "page":
		current, first := k.pageNumber()
		token, unknown = k.counted(r, document, current, (current-first)*k.pageSize(r.Items)+r.Items, current+1)
	case "offset":
		offset := 0
		if k.req.Page.Token != "" {
			offset, _ = strconv.Atoi(k.req.Page.Token)
		}
		token, unknown = k.counted(r, document, -1, offset+r.Items, offset+r.Items)
	case "cursor":
		value, _ := jsonscan.Find(document, p.Next)
		token = k.target(scalar(value))
	case "header":
		token = k.target(header.Get(p.Next))
	case "link":
		if target := header.NextLink(); target != "" {
			return k.link(target), false, nil
		}
	case "expression":
		value, err := k.plan.expressions[p.Next].Run(context.WithoutCancel(ctx), document)
		if err != nil {
			return "", false, err
		}
		return k.expressed(value), false, nil
	}
	if told {
		unknown = false
	}
	return token, unknown, nil
}

// counted is the next of a list that is counted in pages or items: consumed of them are read when this page is, and next is the number to ask for.
func (k *call) counted(r *Response, document []byte, current, consumed, next int) (token string, unknown bool) {
	p := k.page
	if r.Items == 0 { // whatever else is said: a list that is counted ends at an empty page, or never
		return "", false
	}
	if p.Next != "" { // the vendor names the next page, or nothing
		value, ok := jsonscan.Find(document, p.Next)
		if ok && (jsonscan.KindOf(value) == jsonscan.Null || jsonscan.KindOf(value) == jsonscan.False) {
			return "", false
		}
		if n, err := strconv.Atoi(scalar(value)); err == nil {
			return strconv.Itoa(n), false
		}
		if scalar(value) != "" {
			return strconv.Itoa(next), false
		}
	}
	token = strconv.Itoa(next)
	if p.LastPage != "" && current >= 0 {
		if last, ok := integer(document, p.LastPage); ok {
			if current >= last {
				return "", false
			}
			return token, false
		}
	}
	if r.Total >= 0 {
		if consumed >= r.Total {
			return "", false
		}
		return token, false
	}
	if _, told := k.more(document); told {
		return token, false
	}
	// Nobody says. A page that is shorter than the vendor makes them is the last one; but only where it is known how long it makes them.
	if p.MaxSize > 0 && r.Items < k.pageSize(p.MaxSize) {
		return "", false
	}
	return token, true
}

// pageSize is how many items a whole page has: what was asked for, within what the vendor gives; otherwise as a last guess.
func (k *call) pageSize(otherwise int) int {
	size := k.req.Page.Size
	if k.page.Size == "" {
		size = 0 // it was not asked for
	}
	switch limit := k.page.MaxSize; {
	case size == 0 && limit == 0:
		return otherwise
	case size == 0 || limit > 0 && size > limit:
		return limit
	}
	return size
}

func (k *call) pageNumber() (current, first int) {
	first = 1
	if k.page.First != nil {
		first = *k.page.First
	}
	if k.req.Page.Token == "" {
		return first, first
	}
	if n, err := strconv.Atoi(k.req.Page.Token); err == nil {
		return n, first
	}
	return first, first
}

func (k *call) more(document []byte) (more, told bool) {
	if k.page.More == "" {
		return false, false
	}
	value, ok := jsonscan.Find(document, k.page.More)
	if !ok {
		return false, false
	}
	switch s := scalar(value); jsonscan.KindOf(value) {
	case jsonscan.True:
		return true, true
	case jsonscan.False, jsonscan.Null:
		return false, true
	default:
		return s != "" && s != "0" && s != "false", true
	}
}

// target is a cursor as the vendor gave it; a link, where it gives one instead.
func (k *call) target(value string) string {
	if value == "0" { // a cursor that says the end
		return ""
	}
	if strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://") || k.page.Cursor == "" && value != "" {
		return k.link(value)
	}
	return value
}

// expressed reads what a definition's expression yields: nothing, a cursor or a link, or an object of parameters for the next request.
func (k *call) expressed(value []byte) string {
	if jsonscan.KindOf(value) != jsonscan.Object {
		return k.target(scalar(value))
	}
	query := k.query
	for it := jsonscan.Members(value); it.Next(); {
		name, err := jsonscan.Unquote(it.Name())
		if err != nil {
			continue
		}
		query = setParameter(query, url.QueryEscape(string(name)), url.QueryEscape(scalar(it.Value())))
	}
	return "?" + query
}

// link makes a position of a vendor's link: what follows the origin, if the origin is the one that was asked. A link to another origin is what a vendor behind a
// proxy writes that does not know its own name; its query is put to where the first page came from.
func (k *call) link(target string) string {
	base, err := url.Parse(k.address)
	if err != nil {
		return ""
	}
	to, err := base.Parse(target)
	if err != nil {
		return ""
	}
	query := ""
	if to.RawQuery != "" {
		query = "?" + to.RawQuery
	}
	path := to.EscapedPath()
	if first, ok := originOf(k.first); to.Scheme != base.Scheme || !strings.EqualFold(to.Host, base.Host) || !ok || first+path == k.first {
		return query
	}
	return path + query
}

func originOf(address string) (string, bool) {
	i := strings.Index(address, "://")
	if i < 0 {
		return "", false
	}
	i += len("://")
	if j := strings.IndexByte(address[i:], '/'); j >= 0 {
		return address[:i+j], true
	}
	return address, true
}

// fingerprint tells pages apart, the same on every node. Never 0. Two cyclic redundancy checks, which processors have instructions for, are quick on a page that every
// call passes, and nobody gains by forging one.
func fingerprint(page []byte) uint64 {
	if sum := uint64(crc32.Checksum(page, castagnoli))<<32 | uint64(crc32.ChecksumIEEE(page)); sum != 0 {
		return sum
	}
	return 1
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// scalar is a text's content, a number's digits, or a truth value's word; "" for the rest.
func scalar(value []byte) string {
	switch jsonscan.KindOf(value) {
	case jsonscan.String:
		if s, err := jsonscan.Unquote(value); err == nil {
			return string(s)
		}
	case jsonscan.Number, jsonscan.True:
		return string(value)
	}
	return ""
}

func integer(document []byte, path string) (int, bool) {
	value, ok := jsonscan.Find(document, path)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(scalar(value), 64)
	if err != nil || f < 0 || f > math.MaxInt32 {
		return 0, false
	}
	return int(f), true
}
