package doctor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Verdict is what a client will make of a server.
type Verdict struct {
	Client   string    `json:"client"`
	Problems []Problem `json:"problems"`
}

// Problem is one thing that stands in a client's way.
type Problem struct {
	Level Level  `json:"level"`
	Words string `json:"words"`
	Mend  string `json:"mend"`
}

// limits are a client's, as they were seen in public reports; 0 is none that is known.
type limits struct {
	client     string
	hosted     bool // it reaches public addresses alone
	name       int  // characters of a tool's name
	joined     int  // characters of the server's name and a tool's together
	tools      int  // more than these are cut, or warned of
	topKeyword bool // no oneOf, anyOf, allOf at the top of a schema
	anyKeyword bool // …or anywhere in one
	listTokens int  // of the whole list, before it crowds out the conversation
}

var known = []limits{
	{client: "ChatGPT", hosted: true, name: 64, topKeyword: true},
	{client: "Claude", hosted: true, name: 64, topKeyword: true},
	{client: "Claude Code", name: 64, topKeyword: true, listTokens: 25000},
	{client: "Cursor", name: 64, joined: 60, tools: 40, topKeyword: true, anyKeyword: true},
	{client: "VS Code", name: 64, tools: 128},
	{client: "Gemini CLI", name: 63},
	{client: "OpenAI Agents SDK", name: 64, tools: 128},
}

var (
	keywords     = []string{"oneOf", "anyOf", "allOf"}
	propertyName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	toolName     = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

const fewer = "Offer fewer tools: by methods, or by tags."

// judge holds a list of tools against the limits of each client.
func judge(o *offered, address, serverName string) []Verdict {
	u, err := url.Parse(address)
	public := err == nil && u.Scheme == "https" && !isLocal(u.Hostname())
	var all []Verdict
	for _, l := range known {
		v := Verdict{Client: l.client, Problems: []Problem{}}
		add := func(level Level, mend, format string, args ...any) {
			v.Problems = append(v.Problems, Problem{level, fmt.Sprintf(format, args...), mend})
		}
		if l.hosted && !public {
			add(Note, "Give the server a public https address.", "It runs elsewhere and cannot reach %s.", address)
		}
		if names := which(o, func(t *tool) bool { return l.name > 0 && len(t.Name) > l.name || !toolName.MatchString(t.Name) }); len(names) > 0 {
			add(Bad, "Shorten these names.", "It refuses names that are longer than %d characters or hold other characters than letters, digits, _ and -: %s.", l.name, some(names))
		}
		if l.joined > 0 {
			if names := which(o, func(t *tool) bool { return len(serverName)+1+len(t.Name) > l.joined }); len(names) > 0 {
				add(Bad, fmt.Sprintf("Call the server something short there, or offer fewer tools. The longest tool leaves %d characters.", l.joined-1-longest(o)),
					"It drops tools whose name together with the server's (%q) is longer than %d characters: %s.", serverName, l.joined, some(names))
			}
		}
		if l.tools > 0 && len(o.tools) > l.tools {
			add(Note, fewer, "It warns of, or cuts off, more than %d tools; there are %d.", l.tools, len(o.tools))
		}
		if l.listTokens > 0 && tokens(o.bytes) > l.listTokens {
			add(Note, fewer, "The list alone is about %d tokens, of which it thinks %d much.", tokens(o.bytes), l.listTokens)
		}
		if l.topKeyword {
			if names := which(o, func(t *tool) bool { return hasKeyword(t.Input, false) }); len(names) > 0 {
				add(Bad, "Say it in words instead.", "It drops tools whose schema has oneOf, anyOf or allOf at its top: %s.", some(names))
			}
		}
		if l.anyKeyword {
			if names := which(o, func(t *tool) bool { return hasKeyword(t.Input, true) }); len(names) > 0 {
				add(Note, "Say it in words instead.", "It was seen to fail where a schema has oneOf, anyOf or allOf anywhere: %s.", some(names))
			}
		}
		if names := which(o, func(t *tool) bool { return badProperty(t.Input) }); len(names) > 0 {
			add(Bad, "Rename them.", "Its model refuses names of arguments with other characters than letters, digits, _ . - or over 64 of them: %s.", some(names))
		}
		if names := which(o, func(t *tool) bool { return bytes.Contains(t.Input, []byte(`"$ref"`)) }); len(names) > 0 {
			add(Note, "Write the schemas out.", "Some models refuse $ref in schemas: %s.", some(names))
		}
		if names := which(o, func(t *tool) bool { return len(t.Output) > 0 && !isObject(t.Output) }); len(names) > 0 {
			add(Bad, `Give them "type":"object".`, "The official client refuses the whole list for an outputSchema that is no object: %s.", some(names))
		}
		if names := which(o, func(t *tool) bool { return t.Annotations["readOnlyHint"] == nil }); len(names) > 0 {
			add(Note, "Set the hints.", "It asks before each call of tools that do not say whether they only read: %s.", some(names))
		}
		all = append(all, v)
	}
	return all
}

func which(o *offered, f func(*tool) bool) (names []string) {
	for i := range o.tools {
		if f(&o.tools[i]) {
			names = append(names, o.tools[i].Name)
		}
	}
	return names
}

func some(names []string) string {
	const shown = 3
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

func longest(o *offered) (n int) {
	for _, t := range o.tools {
		n = max(n, len(t.Name))
	}
	return n
}

func hasKeyword(schema json.RawMessage, deep bool) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(schema, &members) != nil {
		return false
	}
	for name, value := range members {
		if slices.Contains(keywords, name) {
			return true
		}
		if !deep {
			continue
		}
		if name == "properties" || name == "$defs" {
			var named map[string]json.RawMessage
			json.Unmarshal(value, &named)
			for _, v := range named {
				if hasKeyword(v, true) {
					return true
				}
			}
		} else if (name == "items" || name == "additionalProperties") && hasKeyword(value, true) {
			return true
		}
	}
	return false
}

func badProperty(schema json.RawMessage) bool {
	var s struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	json.Unmarshal(schema, &s)
	for name, value := range s.Properties {
		if !propertyName.MatchString(name) || badProperty(value) {
			return true
		}
	}
	return false
}

func isObject(schema json.RawMessage) bool {
	var s struct {
		Type string `json:"type"`
	}
	json.Unmarshal(schema, &s)
	return s.Type == "object"
}
