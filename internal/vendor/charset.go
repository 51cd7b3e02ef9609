package vendor

import (
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// inUTF8 is a body in UTF-8, where its media type names another charset (Encoding Standard, "Names and labels") and the bytes are not UTF-8 all the same: an old
// vendor's JSON in ISO-8859-1 would otherwise lose what is not ASCII. A text that begins with the mark of UTF-16 is that, whatever is said of it. It is the body itself
// where there is nothing to do, as nearly always.
func inUTF8(contentType string, body []byte) []byte {
	if len(body) > 1 && (body[0] == 0xff && body[1] == 0xfe || body[0] == 0xfe && body[1] == 0xff) && (isJSON(contentType) || strings.HasPrefix(mediaType(contentType), "text/")) {
		if decoded, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(body); err == nil {
			return decoded
		}
	}
	if contentType == jsonType || !strings.ContainsRune(contentType, ';') || utf8.Valid(body) && !strings.Contains(strings.ToLower(contentType), "utf-16") {
		return body
	}
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || parameters["charset"] == "" {
		return body
	}
	encoding, err := htmlindex.Get(parameters["charset"])
	if err != nil {
		return body
	}
	decoded, err := encoding.NewDecoder().Bytes(body)
	if err != nil {
		return body
	}
	return decoded
}
