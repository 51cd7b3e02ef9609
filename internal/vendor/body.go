package vendor

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"sluice/internal/jsonscan"
)

const jsonType = "application/json"

var emptyList = []byte("[]")

// clean copies a vendor's JSON without what the definition marks secret, at every depth, in one pass that checks and compacts it too. ok is false where it is not
// JSON, or where the bytes may be text that only looks like it. elements is how many an array has.
func (p *plan) clean(contentType string, body []byte) (cleaned []byte, elements int, ok bool) {
	if !maybeJSON(contentType, body) {
		return nil, 0, false
	}
	cleaned, elements, err := jsonscan.DropCount(make([]byte, 0, len(body)+16), body, p.secrets)
	if err != nil {
		return nil, 0, false
	}
	// Some vendors' languages cannot tell an empty object from an empty list. In a compact document a member's name in quotes and a colon cannot be found inside a text,
	// where the quotes would be escaped; both spellings have the same length.
	if len(p.emptied) == 0 {
		return cleaned, elements, true
	}
	for at := 0; ; {
		i := bytes.Index(cleaned[at:], emptyList)
		if i < 0 {
			break
		}
		at += i
		for _, member := range p.emptied {
			if bytes.HasSuffix(cleaned[:at], member) {
				cleaned[at], cleaned[at+1] = '{', '}'
			}
		}
		at += len(emptyList)
	}
	return cleaned, elements, true
}

// maybeJSON tells by the media type, and by the first byte where that is missing or too general to mean something.
func maybeJSON(contentType string, body []byte) bool {
	kind := mediaType(contentType)
	if kind == "" || isJSON(kind) {
		return true
	}
	switch jsonscan.KindOf(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))) {
	case jsonscan.Object, jsonscan.Array:
		return strings.HasPrefix(kind, "text/") || kind == "application/octet-stream" || kind == "application/javascript"
	}
	return false
}

// isJSON reports whether a media type is one of JSON's.
func isJSON(contentType string) bool {
	kind := mediaType(contentType)
	return kind == jsonType || strings.HasSuffix(kind, "+json") || kind == "text/json"
}

// isPage reports whether a body is markup, by its media type or its first character.
func isPage(contentType string, body []byte) bool {
	kind := mediaType(contentType)
	return kind == "text/html" || kind == "application/xhtml+xml" || bytes.HasPrefix(bytes.TrimLeft(body, "\ufeff \t\r\n"), []byte("<"))
}

func mediaType(contentType string) string {
	if contentType == jsonType { // by far the most common, and parsing takes its time
		return jsonType
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind, _, _ = strings.Cut(contentType, ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
	}
	return kind
}

// isText reports whether a body that is not JSON is for reading.
func isText(contentType string, body []byte) bool {
	kind := mediaType(contentType)
	switch {
	case !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0:
		// Text in another encoding is told by its type alone, and what is not UTF-8 in it becomes U+FFFD.
		return strings.HasPrefix(kind, "text/") && bytes.IndexByte(body, 0) < 0
	case kind == "" || strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+xml") || strings.HasSuffix(kind, "+json"):
		return true
	}
	switch kind {
	case jsonType, "application/xml", "application/x-www-form-urlencoded", "application/yaml", "application/x-yaml", "application/x-ndjson", "application/javascript":
		return true
	}
	return false
}

// success puts the body of an answer that is no list into the form that Response wants.
func (k *call) success(contentType string, body []byte) (outType string, out []byte) {
	if len(bytes.TrimSpace(body)) == 0 {
		return "", nil
	}
	body = inUTF8(contentType, body)
	if k.req.Method.Response.Format != "text" {
		if cleaned, elements, ok := k.plan.clean(contentType, body); ok {
			k.elements = elements
			return jsonType, cleaned
		}
	}
	if k.req.Method.Response.Format == "text" || isText(contentType, body) {
		return jsonType, jsonscan.AppendQuotedJSON(make([]byte, 0, len(body)+len(body)/8+2), body)
	}
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	return contentType, body
}
