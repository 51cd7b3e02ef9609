package mcp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/internal/gateway"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
)

// appendCapabilities appends what this server offers. Prompts are named where the integration has some, whether or not the server's config leaves one. Resources never
// are, though their empty lists are answered: a vendor's files belong to records, which no list of all files helps to find, and reach a client as links in a tool's answer.
// Some clients give the model tools for reading resources as soon as a server names them.
func (c *call) appendCapabilities(dst []byte, caller *gateway.Caller) []byte {
	changes := "false"
	if c.h.changes != nil {
		changes = "true"
	}
	dst = append(append(append(dst, `"capabilities":{`...), `"tools":{"listChanged":`...), changes...)
	if len(caller.Tools.Definition.Prompts) > 0 {
		dst = append(append(append(dst, "}"...), `,"prompts":{"listChanged":`...), changes...)
	}
	return append(dst, "}}"...)
}

func (c *call) listPrompts(dst []byte) ([]byte, *failure) {
	if f := c.noCursor(); f != nil {
		return dst, f
	}
	caller, f := c.openTools()
	if f != nil {
		return dst, f
	}
	dst = append(append(member(c.open(dst, nil)), `"prompts":`...), caller.Tools.PromptsJSON()...)
	return c.closeList(dst), nil
}

// getPrompt answers the text of a prompt, with what the person gave put in. What is wrong is a protocol error, since no model is there to read it (2026-07-28, Prompts,
// Error Handling).
func (c *call) getPrompt(dst []byte) ([]byte, *failure) {
	p := &c.message.params
	if jsonscan.KindOf(p.name) != jsonscan.String {
		return dst, invalidParams("prompts/get wants params.name, the name of a prompt, as a text.")
	}
	caller, f := c.openTools()
	if f != nil {
		return dst, f
	}
	prompt, ok := caller.Tools.Prompt(text(p.name))
	if !ok {
		return dst, invalidParams(unknownPrompt(text(p.name), caller.Tools))
	}
	given, f := promptArguments(prompt, p.arguments)
	if f != nil {
		return dst, f
	}
	words, err := prompt.Text(given)
	if err != nil {
		return dst, c.internal("write the prompt", prompt.Name, err)
	}
	dst = jsonscan.AppendQuote(append(member(c.open(dst, nil)), `"description":`...), prompt.Description)
	dst = jsonscan.AppendQuote(append(dst, `,"messages":[{"role":"user","content":{"type":"text","text":`...), words)
	return append(dst, "}}]}}"...), nil
}

// unknownPrompt says which prompts there are instead.
func unknownPrompt(name string, tools *toolset.Toolset) string {
	var names []string
	for _, p := range tools.Prompts() {
		names = append(names, p.Name)
	}
	if names == nil {
		return fmt.Sprintf("Unknown prompt %s: this server has no prompts.", printable([]byte(name)))
	}
	return fmt.Sprintf("Unknown prompt %s: this server has %s.", printable([]byte(name)), strings.Join(names, ", "))
}

// promptArguments reads what a person gave, which are texts.
func promptArguments(prompt *toolset.Prompt, arguments []byte) (map[string]string, *failure) {
	given := map[string]string{}
	switch kind := jsonscan.KindOf(arguments); kind {
	case jsonscan.Invalid: // absent, or null
	case jsonscan.Object:
		for it := jsonscan.Members(arguments); it.Next(); {
			name := text(it.Name())
			if kind := jsonscan.KindOf(it.Value()); kind != jsonscan.String {
				return nil, invalidParams(fmt.Sprintf("The arguments of a prompt are texts; %s is %v.", printable([]byte(name)), kind))
			}
			given[name] = text(it.Value())
		}
	default:
		return nil, invalidParams(fmt.Sprintf("The arguments of a prompt are an object, not %v.", kind))
	}
	unknown := maps.Clone(given)
	var known, missing []string
	for _, argument := range prompt.Arguments {
		delete(unknown, argument.Name)
		known = append(known, argument.Name)
		if !argument.Optional && strings.TrimSpace(given[argument.Name]) == "" {
			missing = append(missing, argument.Name)
		}
	}
	switch {
	case len(missing) > 0:
		return nil, invalidParams(fmt.Sprintf("The prompt %s needs %s.", prompt.Name, strings.Join(missing, " and ")))
	case len(unknown) > 0 && known == nil:
		return nil, invalidParams(fmt.Sprintf("The prompt %s takes no arguments.", prompt.Name))
	case len(unknown) > 0:
		name := slices.Min(slices.Collect(maps.Keys(unknown)))
		return nil, invalidParams(fmt.Sprintf("The prompt %s takes no argument %s; it takes %s.", prompt.Name, printable([]byte(name)), strings.Join(known, ", ")))
	}
	return given, nil
}
