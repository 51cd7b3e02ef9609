package toolset

import (
	"fmt"
	"sync"
	"time"
)

// format is one of JSON Schema's formats of text.
type format struct {
	words   string // what is wanted, with an example
	accepts func(content []byte) bool
}

// formats are those that are checked. The others that one meets (int32, password, binary) say how a value is stored or shown.
var formats = map[string]*format{
	"uuid": {"a UUID as 0192f0c1-7d3a-7c1e-9b1e-2f6d5a1c0b9e", isUUID},
	"date": {"a date as 2026-11-30", func(b []byte) bool {
		_, err := time.Parse(time.DateOnly, string(b))
		return err == nil && len(b) == len(time.DateOnly)
	}},
	"date-time":             {"a time as 2026-11-30T09:00:00Z", byLibrary("date-time")},
	"time":                  {"a time of day as 09:00:00Z", byLibrary("time")},
	"duration":              {"a duration as P3D or PT1H30M", byLibrary("duration")},
	"email":                 {"an e-mail address as ada@example.com", byLibrary("email")},
	"hostname":              {"a host name as www.example.com", byLibrary("hostname")},
	"ipv4":                  {"an IPv4 address as 192.0.2.1", byLibrary("ipv4")},
	"ipv6":                  {"an IPv6 address as 2001:db8::1", byLibrary("ipv6")},
	"uri":                   {"a URI as https://example.com/page", byLibrary("uri")},
	"uri-reference":         {"a URI as https://example.com/page, or a part of one", byLibrary("uri-reference")},
	"uri-template":          {"a URI template as /pages/{id}", byLibrary("uri-template")},
	"json-pointer":          {"a JSON pointer as /a/0", byLibrary("json-pointer")},
	"relative-json-pointer": {"a relative JSON pointer as 1/a", byLibrary("relative-json-pointer")},
	"iri":                   {"an IRI as https://example.com/page", byLibrary("iri")},
	"iri-reference":         {"an IRI as https://example.com/page, or a part of one", byLibrary("iri-reference")},
	"regex":                 {"a regular expression", byLibrary("regex")},
}

func formatOf(name string) *format { return formats[name] }

// byLibrary takes the schema library's own check of a format.
func byLibrary(name string) func([]byte) bool {
	check := sync.OnceValue(func() func(any) error {
		compiled, err := newLibrary(fmt.Appendf(nil, `{"format":%q}`, name)).compile("")
		if err != nil || compiled.Format == nil {
			return func(any) error { return nil }
		}
		return compiled.Format.Validate
	})
	return func(content []byte) bool { return check()(string(content)) == nil }
}

func isUUID(b []byte) bool {
	if len(b) != 36 {
		return false
	}
	for i, c := range b {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		if c-'0' > 9 && c|0x20-'a' > 5 {
			return false
		}
	}
	return true
}
