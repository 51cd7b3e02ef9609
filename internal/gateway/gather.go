package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/internal/audit"
	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// told is what a person told in answer to a call's forms, on its way back to the next node. It is sealed and bound to the call; it is no permission, so that nothing of it
// is kept.
type told struct {
	Values   map[string]json.RawMessage `json:"v"`
	Answered []string                   `json:"a"` // the forms
	Expires  int64                      `json:"x"` // Unix seconds
}

// gather completes a call's arguments by what its person is asked for, form by form, and answers them. A Result is a call that ends here: with the next form, or since the
// person declined. Clients that cannot ask pass those arguments as any other, and are told of what is missing as of any other.
func (g *Gateway) gather(ctx context.Context, c *Caller, tool *toolset.Tool, arguments []byte, record *audit.Record) ([]byte, *Result, error) {
	forms := tool.Method.Ask
	if len(forms) == 0 || !c.CanAsk {
		return arguments, nil, nil
	}
	known := told{Values: map[string]json.RawMessage{}}
	bound := boundForm(c, tool, arguments)
	if c.Answer != nil && c.Answer.State != "" {
		mine, rest, _ := strings.Cut(c.Answer.State, ".")
		plain, err := g.sealer.OpenCursor(mine, bound)
		if err != nil {
			return nil, nil, ErrState
		}
		var before told
		if err := json.Unmarshal(plain, &before); err != nil {
			return nil, nil, ErrState
		}
		if time.Now().Before(time.Unix(before.Expires, 0)) { // else it is all asked anew
			known = before
		}
		c.Answer.State = rest
	}
	for i := range forms {
		form := &forms[i]
		missing := tool.Missing(form.Arguments, known.over(arguments))
		if len(missing) == 0 || slices.Contains(known.Answered, form.Name) {
			continue
		}
		if c.Answer != nil {
			answered, agreed, err := c.Answer.to(form.Name)
			switch {
			case err != nil:
				return nil, nil, err
			case answered && !agreed:
				return nil, declined(tool, "The person declined"), nil
			case answered:
				if missing = known.take(tool, c.Answer.Responses[form.Name].Content, missing); len(missing) == 0 {
					known.Answered = append(known.Answered, form.Name)
					continue
				}
			}
		}
		ended, err := g.form(ctx, c, tool, form, missing, known, bound, arguments, record)
		return nil, ended, err
	}
	state, err := g.sealTold(known, bound)
	c.gathered = state + "."
	return known.over(arguments), nil, err
}

// take takes what a form's answer has of what was missing, and answers what is missing still and has to be there.
func (k *told) take(tool *toolset.Tool, content []byte, missing []string) (still []string) {
	for _, name := range missing {
		value := jsonscan.Member(content, name)
		if value == nil {
			still = append(still, name)
			continue
		}
		k.Values[name] = value
	}
	return slices.DeleteFunc(still, func(name string) bool { return !tool.Requires(name) }) // what may stay empty did
}

// over is a call's arguments with what its person told.
func (k *told) over(arguments []byte) []byte {
	if len(k.Values) == 0 {
		return arguments
	}
	var all jsonscan.ObjectBuilder
	for it := jsonscan.Members(arguments); it.Next(); {
		all.Add(it.Name(), it.Value())
	}
	names := make([]string, 0, len(k.Values))
	for name := range k.Values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if jsonscan.Member(arguments, name) == nil {
			all.Add(quoted(name), k.Values[name])
		}
	}
	return all.Bytes()
}

// form puts a form to the person, unless the rest of the call is wrong already: then nobody is asked in vain.
func (g *Gateway) form(ctx context.Context, c *Caller, tool *toolset.Tool, form *integration.Form, missing []string, known told, bound, arguments []byte, record *audit.Record) (*Result, error) {
	_, err := tool.Prepare(known.over(arguments))
	if wrong, ok := errors.AsType[*toolset.ArgumentError](err); ok {
		record.Arguments = g.accounts.Mask(ctx, c.Account, wrong.Masked)
		others := slices.DeleteFunc(slices.Clone(wrong.Faults), func(f toolset.Fault) bool {
			return slices.ContainsFunc(tool.Method.Ask, func(form integration.Form) bool {
				return slices.Contains(tool.Missing(form.Arguments, known.over(arguments)), f.Argument)
			})
		})
		if len(others) > 0 {
			return invalid(tool, &toolset.ArgumentError{Tool: tool.Name, Faults: others}), nil
		}
	}
	state, err := g.sealTold(known, bound)
	if err != nil {
		return nil, err
	}
	return &Result{Tool: tool, Outcome: vendor.Unsent, Total: -1, RateLimit: vendor.NoRateLimit,
		Message:  "Nothing was sent yet: the person is asked first: " + form.Message,
		Question: &Question{Key: form.Name, Text: form.Message, Form: tool.Form(missing), State: state, Expires: time.Now().Add(QuestionLife)}}, nil
}

func (g *Gateway) sealTold(known told, bound []byte) (string, error) {
	known.Expires = time.Now().Add(QuestionLife).Unix()
	plain, err := json.Marshal(known)
	if err != nil {
		return "", fmt.Errorf("write what a person told: %w", err)
	}
	return g.sealer.SealCursor(plain, bound)
}

// boundForm is what the answers to a call's forms belong to.
func boundForm(c *Caller, tool *toolset.Tool, arguments []byte) []byte {
	sum := sha256.Sum256(arguments)
	var b []byte
	for _, part := range []string{"form", c.Environment, c.Account.ID, c.ServerID, c.TokenID, c.UserID, tool.Resource.Name, tool.Method.Name, string(sum[:])} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}

// sayWhomToAsk adds to what is missing of a call that a person should tell it, with the words that they would be asked by.
func sayWhomToAsk(tool *toolset.Tool, wrong *toolset.ArgumentError) *toolset.ArgumentError {
	for i := range wrong.Faults {
		fault := &wrong.Faults[i]
		for _, form := range tool.Method.Ask {
			if strings.HasPrefix(fault.Message, "is required") && slices.Contains(form.Arguments, fault.Argument) {
				fault.Message = fmt.Sprintf("is required: ask the person, do not make it up (%q)", form.Message)
			}
		}
	}
	return wrong
}
