package mcp

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/gateway"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// appendToolResult appends the members of a CallToolResult. The payload is said once: as JSON in one text, or, where the tool has an output schema
// and the revision knows of it, as structuredContent beside a text that says where it is. The text is never empty, since some clients show nothing else.
func appendToolResult(dst []byte, r *gateway.Result, v revision) []byte {
	switch {
	case r.Failed():
		return appendError(dst, r)
	case r.File != nil:
		return appendFile(dst, r, v)
	case isContent(r, v):
		return append(append(dst, `"content":`...), r.Body...)
	}
	structured := v.structured() && r.Tool != nil && r.Tool.OutputSchema != nil
	dst = append(dst, `"content":[{"type":"text","text":"`...)
	switch {
	case isList(r.Tool) && structured:
		dst = endContent(append(appendCount(dst, r.Items), ": see structuredContent."...), r)
		return appendPage(append(dst, `,"structuredContent":`...), r, &plain)
	case isList(r.Tool):
		return endContent(appendPage(dst, r, &escaped), r)
	case len(r.Body) == 0:
		dst = endContent(appendEmpty(dst, r), r)
		if structured {
			dst = append(dst, `,"structuredContent":{}`...)
		}
		return dst
	case structured:
		dst = endContent(append(dst, "Done: see structuredContent."...), r)
		return appendStructured(append(dst, `,"structuredContent":`...), r.Body)
	default:
		return endContent(jsonscan.AppendEscaped(dst, r.Body), r)
	}
}

// appendEmpty says what an answer without a body means. An accepted call is not done yet (RFC 9110, 15.3.3).
func appendEmpty(dst []byte, r *gateway.Result) []byte {
	if r.Status == http.StatusAccepted {
		dst = append(dst, "Accepted: the vendor has taken it on and may still be at work on it (202)."...)
	} else {
		dst = append(dst, "Done: the vendor confirmed it and sent nothing back."...)
	}
	if r.Location != "" {
		dst = jsonscan.AppendEscaped(append(dst, " It is at "...), jsonscan.AppendQuote(nil, r.Location))
	}
	return dst
}

// isContent reports whether an answer is the content of a result as it stands, by its definition and by what it is: an image, a sound, an embedded resource. What
// a revision does not know of is shown as the JSON that it is.
func isContent(r *gateway.Result, v revision) bool {
	if r.Tool == nil || r.Tool.Method.Response.Format != "content" || jsonscan.KindOf(r.Body) != jsonscan.Array || r.Tool.OutputSchema != nil || len(r.Notes) > 0 {
		return false
	}
	items := 0
	for it := jsonscan.Elements(r.Body); it.Next(); items++ {
		item := it.Value()
		if jsonscan.KindOf(item) != jsonscan.Object {
			return false
		}
		has := func(member string, kind jsonscan.Kind) bool {
			return jsonscan.KindOf(jsonscan.Member(item, member)) == kind
		}
		ok := false
		switch text(jsonscan.Member(item, "type")) {
		case "text":
			ok = has("text", jsonscan.String)
		case "image":
			ok = has("data", jsonscan.String) && has("mimeType", jsonscan.String)
		case "audio":
			ok = v >= rev20250326 && has("data", jsonscan.String) && has("mimeType", jsonscan.String)
		case "resource":
			ok = has("resource", jsonscan.Object)
		case "resource_link":
			ok = v.links() && has("uri", jsonscan.String) && has("name", jsonscan.String)
		}
		if !ok {
			return false
		}
	}
	return items > 0
}

// endContent ends the first text and the content. What was understood of the arguments stands in a text of its own: the first stays the answer alone.
func endContent(dst []byte, r *gateway.Result) []byte {
	dst = append(dst, `"}`...)
	if len(r.Notes) > 0 {
		dst = append(jsonscan.AppendQuote(append(dst, `,{"type":"text","text":`...), strings.Join(r.Notes, "\n")), '}')
	}
	return append(dst, ']')
}

// appendStructured appends an answer as the object that an output schema promises. What is no object becomes the one member of one.
func appendStructured(dst, body []byte) []byte {
	switch jsonscan.KindOf(body) {
	case jsonscan.Object:
		return append(dst, body...)
	case jsonscan.Invalid:
		return append(jsonscan.AppendQuotedJSON(append(dst, `{"result":`...), body), '}')
	default:
		return append(append(append(dst, `{"result":`...), body...), '}')
	}
}

func isList(t *toolset.Tool) bool { return t != nil && t.IsList() }

// spelling is how a page is written: inside a JSON text, or as JSON.
type spelling struct {
	result, cursor, note string
	inText               bool
}

var (
	escaped = spelling{`{\"result\":`, `,\"next_cursor\":`, `,\"note\":`, true}
	plain   = spelling{`{"result":`, `,"next_cursor":`, `,"note":`, false}
)

func (s *spelling) append(dst, doc []byte) []byte {
	if s.inText {
		return jsonscan.AppendEscaped(dst, doc)
	}
	return append(dst, doc...)
}

// appendPage appends one page of a list, with where it goes on and, if it does, the words that keep a model from taking it for the whole.
func appendPage(dst []byte, r *gateway.Result, s *spelling) []byte {
	dst = append(dst, s.result...)
	if len(r.Body) == 0 {
		dst = append(dst, "[]"...)
	} else {
		dst = s.append(dst, r.Body)
	}
	dst = append(dst, s.cursor...)
	if r.NextCursor == "" {
		return append(dst, "null}"...)
	}
	var words, quoted [512]byte
	dst = s.append(dst, jsonscan.AppendQuotedJSON(quoted[:0], append(words[:0], r.NextCursor...)))
	dst = s.append(append(dst, s.note...), jsonscan.AppendQuotedJSON(quoted[:0], appendPageWords(words[:0], r)))
	return append(dst, '}')
}

func appendCount(dst []byte, items int) []byte {
	dst = strconv.AppendInt(dst, int64(items), 10)
	if items == 1 {
		return append(dst, " item"...)
	}
	return append(dst, " items"...)
}

// appendPageWords says how much was shown, and how to see the rest.
func appendPageWords(dst []byte, r *gateway.Result) []byte {
	dst = appendCount(dst, r.Items)
	switch {
	case r.Partial:
		dst = append(append(dst, " shown. "...), r.Message...)
		return append(dst, " Pass next_cursor unchanged to go on from here."...)
	case r.MoreUnknown:
		return append(dst, " shown; the vendor does not say whether more follow: pass next_cursor unchanged to find out."...)
	case r.Total > 0:
		dst = strconv.AppendInt(append(dst, " shown, more follow ("...), int64(r.Total), 10)
		return append(dst, " in all): pass next_cursor unchanged for the next page."...)
	default:
		return append(dst, " shown, more follow: pass next_cursor unchanged for the next page."...)
	}
}

// appendError appends a result that says what went wrong, what to do about it, and what the vendor had to say field by field.
func appendError(dst []byte, r *gateway.Result) []byte {
	var words strings.Builder
	words.WriteString(r.Message)
	if r.Message == "" {
		words.WriteString("The vendor refused the call and gave no reason")
		if r.Status != 0 {
			words.WriteString(" (HTTP " + strconv.Itoa(r.Status) + ")")
		}
		words.WriteByte('.')
	}
	if wait := waitSeconds(r); wait >= 0 && !strings.Contains(r.Message, strconv.Itoa(wait)) {
		words.WriteString(" Wait " + strconv.Itoa(wait) + " seconds, then call again.")
	}
	fields := make([]string, 0, len(r.Fields))
	for field := range r.Fields {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	for _, field := range fields {
		words.WriteString("\n- " + field + ": " + strings.Join(r.Fields[field], "; "))
	}
	dst = append(dst, `"content":[{"type":"text","text":`...)
	dst = jsonscan.AppendQuote(dst, words.String())
	return append(dst, `}],"isError":true`...)
}

// waitSeconds is how long a rate-limited caller has to wait, -1 if it is not, or if that is not known.
func waitSeconds(r *gateway.Result) int {
	switch {
	case r.Outcome != vendor.RateLimited:
		return -1
	case r.RateLimit.RetryAfter >= 0:
		return r.RateLimit.RetryAfter
	default:
		return r.RateLimit.Reset
	}
}

// appendLimits appends what is known of the vendor's rate limit as members of _meta, under the names that the proxy API's headers have. Calls that
// were not limited do without: the model would read it on each. Before them stands how often the account's retry policy had the call sent, where it did.
func appendLimits(dst []byte, r *gateway.Result) []byte {
	if r.Retries != nil {
		dst = append(dst, `"retry-attempts":`...)
		dst = strconv.AppendInt(dst, int64(len(r.Retries.Refused)+1), 10)
		dst = append(dst, `,"retry-waited":`...)
		dst = strconv.AppendInt(dst, int64(r.Retries.Waited.Seconds()), 10)
	}
	if r.Outcome != vendor.RateLimited {
		return dst
	}
	reset := r.RateLimit.Reset
	if reset < 0 {
		reset = r.RateLimit.RetryAfter
	}
	for _, limit := range [...]struct {
		name  string
		value int
	}{{"ratelimit-limit", r.RateLimit.Limit}, {"ratelimit-remaining", r.RateLimit.Remaining}, {"ratelimit-reset", reset}} {
		if limit.value < 0 {
			continue
		}
		if dst != nil {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), limit.name...), `":`...)
		dst = strconv.AppendInt(dst, int64(limit.value), 10)
	}
	return dst
}
