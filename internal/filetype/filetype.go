// Package filetype tells what a file is: by what is said of it, by its name, and by its first bytes.
//
// It imports none of ours.
package filetype

import (
	"fmt"
	"mime"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// Enough is how many of a file's first bytes tell what bytes can tell.
const Enough = 3072

// Of answers a file's media type. What was declared counts where it says something; then the name's ending; then the first bytes.
func Of(declared, name string, head []byte) string {
	if kind := essence(declared); kind != "" && !vague[kind] {
		return declared
	}
	if kind := endings[strings.ToLower(path.Ext(name))]; kind != "" {
		return kind
	}
	if len(head) == 0 && essence(declared) != "" {
		return declared
	}
	return mimetype.Detect(head[:min(len(head), Enough)]).String()
}

// Check reports what is wrong with a file where only some types are taken: text/csv, or image/* for all of a kind. That the bytes are of another kind than what is
// said of them is wrong too, as far as the first of them can tell. No types: all are taken.
func Check(types []string, declared, name string, head []byte) error {
	if len(types) == 0 {
		return nil
	}
	kind := essence(Of(declared, name, head))
	if !matches(types, kind) {
		return fmt.Errorf("is of the type %s, and %s is taken", kind, strings.Join(types, ", "))
	}
	found := mimetype.Detect(head[:min(len(head), Enough)])
	if vague[essence(found.String())] || len(head) == 0 {
		return nil
	}
	for m := found; m != nil; m = m.Parent() {
		if matches(types, essence(m.String())) {
			return nil
		}
	}
	return fmt.Errorf("says that it is %s, and its content is %s", kind, essence(found.String()))
}

func matches(types []string, kind string) bool {
	for _, t := range types {
		t = strings.ToLower(t)
		if family, all := strings.CutSuffix(t, "/*"); all && strings.HasPrefix(kind, family+"/") || t == kind || t == "*/*" {
			return true
		}
	}
	return false
}

// essence is a media type without its parameters (WHATWG MIME Sniffing, 4.2), "" where there is none.
func essence(mediaType string) string {
	kind, _, _ := strings.Cut(mediaType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if !strings.Contains(kind, "/") {
		return ""
	}
	return kind
}

// vague types say nothing that a name or the bytes could not say better. A zip is what office documents look like from outside.
var vague = map[string]bool{
	"application/octet-stream": true, "binary/octet-stream": true, "application/force-download": true, "application/x-download": true,
	"application/unknown": true, "application/zip": true, "text/plain": true,
}

// endings tell the type of what bytes tell badly: texts of all kinds, and office documents. The machine's own tables are not asked, since they differ.
var endings = map[string]string{
	".csv": "text/csv", ".tsv": "text/tab-separated-values", ".md": "text/markdown", ".txt": "text/plain; charset=utf-8", ".log": "text/plain; charset=utf-8",
	".json": "application/json", ".ndjson": "application/x-ndjson", ".yaml": "application/yaml", ".yml": "application/yaml", ".xml": "application/xml",
	".html": "text/html; charset=utf-8", ".svg": "image/svg+xml", ".ics": "text/calendar", ".zip": "application/zip",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

// Name makes a name harmless: no folders, no control characters, no more than 200 bytes, and its ending kept.
func Name(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 { // the last ones turn the direction of writing
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if strings.Trim(name, ". ") == "" {
		return ""
	}
	const most = 200
	if len(name) > most {
		ending := path.Ext(name)
		if len(ending) > 20 {
			ending = ""
		}
		name = strings.ToValidUTF8(name[:most-len(ending)], "") + ending
	}
	return name
}

// Named is the name that a Content-Disposition gives (RFC 6266), made harmless; "" where it gives none.
func Named(disposition string) string {
	_, parameters, err := mime.ParseMediaType(disposition)
	if err != nil {
		return ""
	}
	return Name(parameters["filename"])
}

// IsText reports whether content of a media type is for reading.
func IsText(mediaType string) bool {
	kind := essence(mediaType)
	if strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml") || strings.HasSuffix(kind, "+yaml") {
		return true
	}
	switch kind {
	case "application/json", "application/xml", "application/yaml", "application/x-yaml", "application/x-ndjson", "application/javascript", "application/sql", "application/toml":
		return true
	}
	return false
}

// Size is a number of bytes as people tell it: 12 bytes, 1.5 MiB, 1 GiB.
func Size(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	value, unit := float64(n)/(1<<10), 0
	for ; value >= 1<<10 && unit < 3; unit++ {
		value /= 1 << 10
	}
	text := strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0")
	return text + " " + [...]string{"KiB", "MiB", "GiB", "TiB"}[unit]
}
