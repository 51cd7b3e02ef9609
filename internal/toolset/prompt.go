package toolset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"sluice/internal/integration"
)

// Prompt is a workflow of the definition whose tools are all offered.
type Prompt struct {
	Name        string
	Title       string
	Description string
	Arguments   []integration.PromptArgument

	text *integration.Template
}

// Text is what the model is to do. An argument that is not given, or empty, is as good as left out.
func (p *Prompt) Text(arguments map[string]string) (string, error) {
	return p.text.Expand(func(_, name string) (string, bool) {
		if value := arguments[name]; strings.TrimSpace(value) != "" {
			return value, true
		}
		for i := range p.Arguments {
			if p.Arguments[i].Name == name && p.Arguments[i].Optional {
				return p.Arguments[i].Default, true
			}
		}
		return "", false
	})
}

// Prompts are those offered, in the order of the definition.
func (s *Toolset) Prompts() []*Prompt { return s.prompts }

// Prompt returns the offered prompt of that name.
func (s *Toolset) Prompt(name string) (*Prompt, bool) {
	for _, p := range s.prompts {
		if p.Name == name {
			return p, true
		}
	}
	return nil, false
}

// PromptsJSON is the JSON array of the offered prompts as prompts/list shows them. Not to be changed.
func (s *Toolset) PromptsJSON() []byte { return s.promptList }

// offerPrompts takes the definition's prompts, but for those that count on a tool which is not offered: a person who picked one would see the model fail.
func (s *Toolset) offerPrompts() error {
	for i := range s.Definition.Prompts {
		written := &s.Definition.Prompts[i]
		if !s.offers(written.Needs) {
			continue
		}
		text, err := integration.ParseTemplate(written.Text)
		if err != nil {
			return fmt.Errorf("prompt %s: %w", written.Name, err)
		}
		p := &Prompt{Name: written.Name, Title: written.Title, Description: strings.TrimSpace(written.Description), Arguments: written.Arguments, text: text}
		if p.Title == "" {
			title := spaced(p.Name)
			p.Title = strings.ToUpper(title[:1]) + title[1:]
		}
		s.prompts = append(s.prompts, p)
	}
	s.promptList = promptsJSON(s.prompts)
	sum := sha256.Sum256(s.promptList)
	s.PromptsKey = hex.EncodeToString(sum[:])
	return nil
}

func (s *Toolset) offers(needs []string) bool {
	for _, need := range needs {
		t, ok := s.byOperation[need]
		if !ok || s.byName[t.Name] != t {
			return false
		}
	}
	return true
}

func promptsJSON(prompts []*Prompt) []byte {
	dst := []byte{'['}
	for i, p := range prompts {
		if i > 0 {
			dst = append(dst, ',')
		}
		w := object{dst: append(dst, '{')}
		w.text("name", p.Name)
		w.text("title", p.Title)
		w.text("description", p.Description)
		if len(p.Arguments) > 0 {
			w.dst = append(w.key("arguments"), '[')
			for j, argument := range p.Arguments {
				if j > 0 {
					w.dst = append(w.dst, ',')
				}
				a := object{dst: append(w.dst, '{')}
				a.text("name", argument.Name)
				a.text("description", argument.Description)
				w.dst = fmt.Appendf(a.key("required"), "%t}", !argument.Optional)
			}
			w.dst = append(w.dst, ']')
		}
		dst = append(w.dst, '}')
	}
	return append(dst, ']')
}
