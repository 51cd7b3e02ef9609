package outbound

import "strings"

// NextLink is the target of the Link whose relation is next (RFC 8288), as it stands there: mostly the next page of a list. "" is none.
func (h Header) NextLink() string {
	for _, line := range h.Values("Link") {
		if target := nextLink(line); target != "" {
			return target
		}
	}
	return ""
}

// nextLink finds the target whose relation is next in a Link header (RFC 8288, 3).
func nextLink(header string) string {
	for rest := header; ; {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			return ""
		}
		target, after, ok := strings.Cut(after, ">")
		if !ok {
			return ""
		}
		parameters := after
		if i := strings.Index(after, ",<"); i >= 0 {
			parameters = after[:i]
		} else if i := strings.Index(after, ", <"); i >= 0 {
			parameters = after[:i]
		}
		rest = after[len(parameters):]
		for parameter := range strings.SplitSeq(parameters, ";") {
			name, value, _ := strings.Cut(parameter, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "rel") {
				continue
			}
			for _, relation := range strings.Fields(strings.Trim(strings.TrimSpace(value), `"`)) {
				if strings.EqualFold(relation, "next") {
					return strings.TrimSpace(target)
				}
			}
		}
	}
}
