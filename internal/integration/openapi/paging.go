package openapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/integration"
)

// paging is how an operation's list goes on, as far as the document shows it.
type paging struct {
	how integration.Pagination
	why string // in words, for the report
}

// Names of parameters that turn pages, without case and separators.
var (
	pageNames   = []string{"page", "pagenumber", "pageno", "pagenum", "currentpage", "pageindex"}
	sizeNames   = []string{"limit", "perpage", "pagesize", "size", "maxresults", "pagelimit", "resultsperpage", "itemsperpage", "count", "top", "take", "first", "maxitems", "maxkeys", "numresults", "pagecount"}
	offsetNames = []string{"offset", "skip", "startat", "start", "pageoffset"}
	cursorNames = []string{"cursor", "nextcursor", "pagetoken", "nextpagetoken", "nexttoken", "continuationtoken", "continuation", "marker", "after", "startingafter", "pagecursor", "pageafter", "paginationtoken", "exclusivestartkey", "scrollid", "offset", "bookmark", "pagekey", "position", "streamposition", "page"}
)

// Places of an answer that tell how a list goes on.
var (
	nextCursors = []string{"next_cursor", "nextCursor", "cursor.next", "cursors.after", "paging.cursors.after", "paging.next.after", "paging.cursor", "paging.next_cursor", "nextPageToken", "next_page_token", "nextToken", "next_token",
		"NextToken", "next_marker", "nextMarker", "NextMarker", "continuationToken", "continuation_token", "meta.next_cursor", "meta.nextCursor", "meta.cursor", "meta.cursor.next", "meta.after", "meta.next_token", "meta.page.after",
		"pagination.next_cursor", "pagination.nextCursor", "pagination.cursor", "pagination.next", "pagination.next_page_token", "pagination.cursors.next", "page.next_cursor", "page_info.end_cursor", "pageInfo.endCursor", "response_metadata.next_cursor", "next_page.offset", "bookmark",
		"next_stream_position", "links.next_cursor", "cursor", "page_token", "next_page_cursor", "end_cursor", "pages.next.starting_after", "after"}
	nextLinks = []string{"next", "links.next", "_links.next.href", "_links.next", "links.next.href", "next_page.uri", "next_page_url", "next_url", "nextUrl", "nextLink", "next_link", "next_href", "@odata.nextLink", "paging.next", "pagination.next_url", "pagination.links.next", "meta.next", "meta.links.next", "meta.next_url", "meta.pagination.links.next", "paging.next.link", "pages.next", "page.next"}
	totals    = []string{"total", "total_count", "totalCount", "totalResults", "total_results", "total_items", "totalItems", "totalElements", "total_entries", "totalHits", "meta.total", "meta.filter_count", "meta.total_count", "meta.totalCount", "meta.count", "meta.pagination.total", "meta.page.total", "meta.total_items",
		"pagination.total", "pagination.total_count", "pagination.totalCount", "pagination.total_items", "paging.total", "paging.total_count", "page.totalElements", "page.total", "page_info.total", "pageInfo.totalResults", "pageInfo.total", "info.count", "@odata.count"}
	lastPages = []string{"last_page", "total_pages", "totalPages", "page_count", "pageCount", "pages", "meta.last_page", "meta.total_pages", "meta.totalPages", "meta.pagination.total_pages", "pagination.total_pages", "pagination.totalPages", "pagination.pages", "pagination.last_page", "page.totalPages", "page_info.total_pages", "paging.pages", "info.pages", "meta.page_count"}
	nextPages = []string{"next_page", "nextPage", "meta.next_page", "meta.nextPage", "pagination.next_page", "pagination.nextPage", "paging.next_page"}
	mores     = []string{"has_more", "hasMore", "has_next", "hasNext", "has_next_page", "hasNextPage", "more", "more_results", "moreResults", "is_truncated", "IsTruncated", "meta.has_more", "meta.hasMore", "meta.has_next", "pagination.has_more", "pagination.hasMore", "pagination.has_next_page", "pagination.hasNextPage",
		"pageInfo.hasNextPage", "page_info.has_next_page", "paging.has_more"}
)

func normal(name string) string { return strings.Join(splitWords(name), "") }

// turning finds among parameters the one whose name is the first of some, of one of the given types.
func turning(all []*parameter, d *document, names []string, types ...string) *parameter {
	for _, name := range names {
		for _, p := range all {
			if p.in != "query" || normal(p.name) != name || p.required {
				continue
			}
			s, _ := d.resolve(p.schema)
			for _, alternative := range []string{"anyOf", "oneOf", "allOf"} {
				for branch := range s.Get(alternative).Items() {
					if branch, err := d.resolve(branch); err == nil && branch.Get("type").Text() != "null" {
						s = branch
						break
					}
				}
			}
			t := s.Get("type")
			is := func(want string) bool {
				for item := range t.Items() {
					if item.Text() == want {
						return true
					}
				}
				return t.Text() == want
			}
			if !t.Exists() || len(types) == 0 || slices.ContainsFunc(types, is) {
				return p
			}
		}
	}
	return nil
}

// propertyAt is the schema at a dotted path of an answer.
func propertyAt(s *object, path string) *object {
	if whole := s.object("properties").object(path); whole != nil { // @odata.nextLink is one name
		return whole
	}
	for name := range strings.SplitSeq(path, ".") {
		if s = s.object("properties").object(name); s == nil {
			return nil
		}
	}
	return s
}

// told is the first of some places that an answer has, of one of the given types.
func (a *answer) told(places []string, types ...string) string {
	if a.schema == nil {
		return ""
	}
	for _, path := range places {
		if s := propertyAt(a.schema, path); s != nil {
			if have := typesOf(s); len(have) == 0 || slices.ContainsFunc(types, func(t string) bool { return slices.Contains(have, t) }) {
				return path
			}
		}
	}
	return ""
}

// findPaging finds out how the list goes on: by what its arguments are called, and by what its answer tells. nil is not at all, as far as can be seen.
func (c *call) findPaging(all []*parameter) *paging {
	a := c.answer
	if !a.isList {
		return nil
	}
	size := turning(all, c.document, sizeNames, "integer", "number")
	page := turning(all, c.document, pageNames, "integer", "number")
	offset := turning(all, c.document, offsetNames, "integer", "number")
	if offset != nil && normal(offset.name) == "start" && (size == nil || turning(all, c.document, []string{"end", "stop", "until"}) != nil) {
		offset = nil // it may as well be a time
	}
	p := &paging{how: integration.Pagination{Items: a.items}}
	if size != nil {
		p.how.Size, p.how.MaxSize = size.name, maximum(c.document, size)
	}
	p.how.Total = a.told(totals, "integer", "number")
	p.how.More = a.told(mores, "boolean")

	next := a.told(nextCursors, "string", "integer", "number")
	cursor := turning(all, c.document, cursorNames, "string", "integer", "number")
	header := c.nextHeader()
	var switched *parameter // that turns cursors on, where there is another way
	if cursor != nil {
		switched = turning(all, c.document, []string{"use" + normal(cursor.name)}, "boolean")
	}
	if switched != nil && (offset != nil || page != nil) {
		cursor, switched = nil, nil
	}
	switch {
	case next != "" && cursor != nil && cursor != page && cursor != offset:
		p.how.Format, p.how.Next, p.how.Cursor = "cursor", next, cursor.name
		p.why = "by the cursor " + next + ", given back as " + cursor.name
	case a.told(nextLinks, "string") != "" && page == nil && offset == nil:
		p.how.Format, p.how.Next = "cursor", a.told(nextLinks, "string")
		p.why = "by the link " + p.how.Next
	case page != nil:
		p.how.Format, p.how.Page = "page", page.name
		p.how.LastPage = a.told(lastPages, "integer", "number")
		p.how.Next = a.told(append(slices.Clip(nextPages), nextLinks...), "integer", "number", "string")
		if first := firstPage(c.document, page); first != 1 {
			p.how.First = &first
		}
		p.why = "by pages, numbered by " + page.name
	case offset != nil:
		p.how.Format, p.how.Offset = "offset", offset.name
		p.how.Next = a.told(nextLinks, "string")
		p.why = "by the offset " + offset.name
	case header != "" && cursor != nil:
		p.how.Format, p.how.Next, p.how.Cursor = "header", header, cursor.name
		p.why = "by the header " + header + ", given back as " + cursor.name
	case slices.ContainsFunc(a.headers, func(h string) bool { return strings.EqualFold(h, "Link") }):
		p.how.Format = "link"
		p.why = "by the header Link"
	default:
		return nil
	}
	if p.how.Format == "page" || p.how.Format == "offset" {
		if slices.ContainsFunc(a.headers, func(h string) bool { return strings.EqualFold(h, "Link") }) && p.how.Total == "" && p.how.LastPage == "" && p.how.More == "" && p.how.Next == "" {
			p.how = integration.Pagination{Format: "link", Items: p.how.Items, Size: p.how.Size, MaxSize: p.how.MaxSize}
			p.why = "by the header Link"
		}
	}
	if p.how.Format == "link" || p.how.Format == "cursor" || p.how.Format == "header" {
		p.how.LastPage = ""
	}
	return p
}

// adopt gives lists whose answers do not tell how they go on the way that most of the document's others go that take the same arguments.
func adopt(calls []*call) {
	type way struct {
		how   integration.Pagination // of any list: without its items
		why   string
		count int
	}
	var ways []*way
	for _, c := range calls {
		if c.page == nil || c.page.how.Cursor == "" {
			continue
		}
		how := c.page.how
		how.Items = ""
		i := slices.IndexFunc(ways, func(w *way) bool { return w.how == how })
		if i < 0 {
			i, ways = len(ways), append(ways, &way{how: how, why: c.page.why})
		}
		ways[i].count++
	}
	slices.SortStableFunc(ways, func(a, b *way) int { return b.count - a.count })
	for _, c := range calls {
		if !c.answer.isList || c.page != nil {
			continue
		}
		for _, w := range ways {
			if w.count > 1 && c.takes(w.how.Cursor) && (w.how.Size == "" || c.takes(w.how.Size)) {
				c.page = &paging{how: w.how, why: w.why + ", as others that take the same arguments"}
				c.page.how.Items = c.answer.items
				break
			}
		}
	}
}

// takes reports whether the call has a parameter of that name in its query.
func (c *call) takes(name string) bool {
	all, err := c.parameters()
	return err == nil && slices.ContainsFunc(all, func(p *parameter) bool { return p.in == "query" && p.name == name && !p.required })
}

// nextHeader is a header that holds the next cursor.
func (c *call) nextHeader() string {
	for _, h := range c.answer.headers {
		if n := normal(h); strings.Contains(n, "nextcursor") || strings.Contains(n, "nexttoken") || strings.Contains(n, "nextpage") || strings.Contains(n, "continuation") {
			return h
		}
	}
	return ""
}

func maximum(d *document, p *parameter) int {
	s, _ := d.resolve(p.schema)
	n, err := strconv.Atoi(number(s.Get("maximum")).String())
	if err != nil || n < 1 || n > 100_000 {
		return 0
	}
	return n
}

// firstPage is the number of the first page.
func firstPage(d *document, p *parameter) int {
	s, _ := d.resolve(p.schema)
	for _, n := range []json.Number{number(s.Get("default")), number(s.Get("minimum"))} {
		if n == "0" {
			return 0
		}
		if n != "" {
			return 1
		}
	}
	return 1
}

// turns reports whether Sluice sends a parameter itself, to turn pages.
func (p *paging) turns(name string) bool {
	return p != nil && name != "" && slices.Contains([]string{p.how.Page, p.how.Offset, p.how.Cursor, p.how.Size}, name)
}
