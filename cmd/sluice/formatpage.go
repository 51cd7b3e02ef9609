package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sluice/internal/integration"
)

// A page about the format of definitions is made of its JSON Schema, so that the two never differ.

type formatSchema struct {
	Ref         string          `json:"$ref"`
	Defs        json.RawMessage `json:"$defs"`
	Description string          `json:"description"`
	Type        any             `json:"type"`
	Enum        []any           `json:"enum"`
	Properties  json.RawMessage `json:"properties"`
	Required    []string        `json:"required"`
	Items       *formatSchema   `json:"items"`
	Additional  json.RawMessage `json:"additionalProperties"`
	Any         []formatSchema  `json:"anyOf"`
	One         []formatSchema  `json:"oneOf"`
}

// formatPage is the reference of every key of a definition, as Markdown.
func formatPage() (string, error) {
	var root, docs formatSchema
	if err := json.Unmarshal(integration.Schema(), &root); err != nil {
		return "", err
	}
	if err := json.Unmarshal(integration.DocsSchema(), &docs); err != nil {
		return "", err
	}
	defs := map[string]formatSchema{}
	if err := json.Unmarshal(root.Defs, &defs); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# The format of a definition\n\nMade of the JSON Schema that `sluice integration schema` prints; [Adding a vendor](integrations.md) shows the keys at work. Keys in bold are required.\n" +
		"`integration.yaml` is a Definition; a file in `docs/` is a Docs.\n")
	seen := []string{"Definition", "Docs"}
	for i := 0; i < len(seen); i++ {
		def, ok := defs[seen[i]]
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n", seen[i])
		if def.Description != "" {
			fmt.Fprintf(&b, "%s\n\n", def.Description)
		}
		mention := func(s formatSchema) string { return formatType(s, &seen) }
		names, properties, err := formatMembers(def.Properties)
		if err != nil {
			return "", err
		}
		if len(names) > 0 {
			b.WriteString("| key | is | |\n| --- | --- | --- |\n")
		} else {
			fmt.Fprintf(&b, "%s\n", mention(def))
		}
		for _, name := range names {
			shown := "`" + name + "`"
			if slices.Contains(def.Required, name) {
				shown = "**" + shown + "**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", shown, mention(properties[name]), strings.ReplaceAll(properties[name].Description, "|", "\\|"))
		}
		if len(names) > 0 && len(def.Additional) > 0 && string(def.Additional) != "false" && string(def.Additional) != "true" {
			var rest formatSchema
			if err := json.Unmarshal(def.Additional, &rest); err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "| any other | %s | %s |\n", mention(rest), strings.ReplaceAll(rest.Description, "|", "\\|"))
		}
	}
	return b.String(), nil
}

// formatMembers reads properties in their order.
func formatMembers(raw json.RawMessage) (names []string, properties map[string]formatSchema, err error) {
	if len(raw) == 0 {
		return nil, nil, nil
	}
	if err := json.Unmarshal(raw, &properties); err != nil {
		return nil, nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	depth := 0
	for {
		token, err := decoder.Token()
		if err != nil {
			return names, properties, nil
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
		case string:
			if depth == 1 {
				names = append(names, t)
				var skip json.RawMessage
				if err := decoder.Decode(&skip); err != nil {
					return nil, nil, err
				}
			}
		}
	}
}

// formatType says what a value is, and notes the definitions that it mentions.
func formatType(s formatSchema, seen *[]string) string {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		if !slices.Contains(*seen, name) {
			*seen = append(*seen, name)
		}
		return "[" + name + "](#" + strings.ToLower(name) + ")"
	}
	if len(s.Enum) > 0 {
		var words []string
		for _, v := range s.Enum {
			words = append(words, fmt.Sprintf("`%v`", v))
		}
		return strings.Join(words, ", ")
	}
	for _, alternatives := range [][]formatSchema{s.Any, s.One} {
		var all []string
		for _, a := range alternatives {
			if one := formatType(a, seen); !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
		if len(all) > 0 {
			return strings.Join(all, " or ")
		}
	}
	switch t := s.Type.(type) {
	case string:
		switch {
		case t == "array" && s.Items != nil:
			return "list of " + formatType(*s.Items, seen)
		case t == "object" && len(s.Additional) > 0 && s.Additional[0] == '{':
			var of formatSchema
			if json.Unmarshal(s.Additional, &of) == nil {
				if of.Ref == "" && of.Type == nil && len(of.Any) == 0 && len(of.One) == 0 && len(of.Enum) == 0 {
					return "object"
				}
				return "object of " + formatType(of, seen)
			}
		case t == "string":
			return "text"
		}
		return t
	case []any:
		var all []string
		for _, one := range t {
			all = append(all, fmt.Sprint(one))
		}
		return strings.Join(all, " or ")
	}
	return "any value"
}
