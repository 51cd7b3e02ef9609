package mcp

import (
	"fmt"
	"strconv"

	"sluice/internal/filetype"
	"sluice/internal/gateway"
	"sluice/internal/jsonscan"
)

// appendFile appends the members of a result that is a file: a small text as the text that it is, any other as a link to it (2025-06-18, Tools, Resource Links). Earlier
// revisions know no such content and get the link in the text.
func appendFile(dst []byte, r *gateway.Result, v revision) []byte {
	f := r.File
	structured := v.structured() && r.Tool != nil && r.Tool.OutputSchema != nil
	dst = append(dst, `"content":[{"type":"text","text":`...)
	switch {
	case f.URL != "":
		words := describeFile(f)
		if !v.links() {
			words += ": " + f.URL
		}
		dst = append(jsonscan.AppendQuote(dst, words), '}')
		if v.links() {
			dst = append(appendLink(append(dst, ','), f), '}')
		}
	case structured:
		dst = append(dst, `"Done: see structuredContent."}`...)
	case len(f.Text) == 0:
		dst = append(jsonscan.AppendQuote(dst, "The file "+f.Name+" is empty."), '}')
	default:
		dst = append(jsonscan.AppendQuotedJSON(dst, f.Text), '}')
	}
	dst = append(dst, ']')
	if structured {
		dst = f.AppendJSON(append(dst, `,"structuredContent":`...))
	}
	return dst
}

// describeFile says what a link leads to, and how long.
func describeFile(f *gateway.File) string {
	size := ""
	if f.Size >= 0 {
		size = ", " + filetype.Size(f.Size)
	}
	return fmt.Sprintf("%s (%s%s) is not shown here. It can be downloaded by its link, without a token, until %s", f.Name, f.MediaType, size, f.Expires.UTC().Format("15:04 MST"))
}

// appendLink appends a resource link, but for its end.
func appendLink(dst []byte, f *gateway.File) []byte {
	dst = jsonscan.AppendQuote(append(dst, `{"type":"resource_link","uri":`...), f.URL)
	dst = jsonscan.AppendQuote(append(dst, `,"name":`...), f.Name)
	dst = jsonscan.AppendQuote(append(dst, `,"mimeType":`...), f.MediaType)
	if f.Size >= 0 {
		dst = strconv.AppendInt(append(dst, `,"size":`...), f.Size, 10)
	}
	return dst
}
