package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// person is whoever is at the command line, and can be asked before a call changes something.
type person struct {
	yes bool          // they agreed beforehand
	in  *bufio.Reader // nil: there is nobody to ask
	out io.Writer
}

// whoIsAt finds out whether there is somebody to ask: a terminal, or whatever answers in its place.
func whoIsAt(cmd *cobra.Command, yes bool) *person {
	p := &person{yes: yes, out: cmd.ErrOrStderr()}
	in := cmd.InOrStdin()
	if file, ok := in.(*os.File); !ok || term.IsTerminal(int(file.Fd())) {
		p.in = bufio.NewReader(in)
	}
	return p
}

// present reports whether a question gets an answer. A person that is nil is nobody.
func (p *person) present() bool { return p != nil && (p.yes || p.in != nil) }

// mostQuestions is how often one call is asked about, where what it would change keeps changing.
const mostQuestions = 5

var errChangesAllTheTime = errors.New("what the call would change is another thing each time it is looked at, so nothing was sent")

// agrees puts a question. Whatever is not a yes is a no.
func (p *person) agrees(question string) (bool, error) {
	if !p.present() {
		return false, fmt.Errorf("nothing was sent, since a person has to agree first and there is no terminal to ask on; --yes agrees beforehand: %s", question)
	}
	fmt.Fprintln(p.out, question)
	if p.yes {
		fmt.Fprintln(p.out, "Agreed to by --yes.")
		return true, nil
	}
	fmt.Fprint(p.out, "Do it? [y/N] ")
	line, err := p.in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

// neededConfirm is the API's answer to a call that a person has to agree to first.
type neededConfirm struct{ Question, Token string }

func (e *neededConfirm) Error() string { return "a person has to agree first: " + e.Question }

// questions are what an MCP server wants to know before it makes a call (2026-07-28, Multi Round-Trip Requests).
type questions struct {
	ResultType    string
	RequestState  *string
	InputRequests map[string]struct {
		Method string
		Params struct {
			Message         string
			RequestedSchema struct{ Properties map[string]json.RawMessage }
		}
	}
}

// answers asks each question that can be answered by yes or no.
func (p *person) answers(q *questions) (map[string]any, error) {
	responses := map[string]any{}
	for key, request := range q.InputRequests {
		if request.Method != "elicitation/create" || len(request.Params.RequestedSchema.Properties) > 0 {
			return nil, fmt.Errorf("the MCP server wants more than a yes or no, which cannot be given here: %s", request.Params.Message)
		}
		agrees, err := p.agrees(request.Params.Message)
		switch {
		case err != nil:
			return nil, err
		case agrees:
			responses[key] = map[string]any{"action": "accept", "content": struct{}{}}
		default:
			responses[key] = map[string]any{"action": "decline"}
		}
	}
	return responses, nil
}
