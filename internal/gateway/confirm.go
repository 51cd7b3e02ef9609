package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sluice/internal/confirmation"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

const (
	// QuestionLife is how long a question can be answered.
	QuestionLife = 10 * time.Minute
	// ApprovalLife is how long a question waits for a person who has to come and look.
	ApprovalLife = time.Hour
)

// ErrState is wrapped by Call and CallOperation when a call brings an answer to no question of its own: the state was changed, or given to another server,
// another caller, another tool, or the same with other arguments.
var ErrState = errors.New("the state belongs to no question of this call")

// ErrAnswer is wrapped by Call when what a call brings as an answer is none by its shape. Its text says what it should be.
var ErrAnswer = errors.New("the answer to a question cannot be read")

// ConfirmationKey names the question of a call that a person has to agree to.
const ConfirmationKey = "confirmation"

// Question is what a person has to agree to, or to tell, before a call is sent.
type Question struct {
	Key     string // tells it from a tool's other questions
	Text    string // what will change, in words
	Form    []byte // JSON Schema of what is asked for; nil: a yes is all
	State   string // what the same call has to bring back, sealed
	Expires time.Time
	Again   bool // it was answered before, and what it was about has changed since
}

// Answer is what a call brings of questions that were put before it.
type Answer struct {
	State     string
	Responses map[string]Response // by the keys of the questions; others are of no account
}

// Response is what a person answered to one question.
type Response struct {
	Action  string // accept, decline, cancel; anything else is no answer
	Content []byte // JSON, of accept: what the form asked for
}

// Agreed is the answer of a person who agreed to a call.
func Agreed(state string) *Answer {
	return &Answer{state, map[string]Response{ConfirmationKey: {Action: "accept"}}}
}

// Declined is the answer of a person who did not.
func Declined(state string) *Answer {
	return &Answer{state, map[string]Response{ConfirmationKey: {Action: "decline"}}}
}

// to is what was answered to one question: whether anything was, and whether the person agreed.
func (a *Answer) to(key string) (answered, agreed bool, err error) {
	response, answered := a.Responses[key]
	switch {
	case !answered:
		return false, false, nil
	case response.Action == "accept":
		return true, true, nil
	case response.Action == "decline", response.Action == "cancel":
		return true, false, nil
	}
	return true, false, fmt.Errorf("%w: that to %s is an object with an action, which is accept, decline or cancel", ErrAnswer, key)
}

// confirm stands between a call that is ready and the vendor, where its tool asks a person first. nil, nil lets the call go on: this very call was agreed to, what
// it is about is as it was when the question was put, and nobody else used the agreement. Otherwise the Result is the answer of a call that ends here,
// with nothing sent that changes anything.
//
// asked is the call as it came, prepared what would be sent.
func (g *Gateway) confirm(ctx context.Context, c *Caller, tool *toolset.Tool, asked, prepared *toolset.Prepared, said *speaking) (*Result, error) {
	answer := c.Answer
	if answer == nil && asked.Confirmation != "" && !c.mayElicit() {
		answer = Agreed(asked.Confirmation)
	}
	if !tool.Asks && (answer == nil || answer.State == "") {
		return nil, nil
	}
	if answer == nil || answer.State == "" && c.mayElicit() { // an answer to nothing that was asked here
		return g.ask(ctx, c, tool, asked, prepared, said, false)
	}
	id, live, err := g.openState(c, tool, asked, answer.State)
	if err != nil {
		if c.mayElicit() {
			return nil, err
		}
		return invalid(tool, &toolset.ArgumentError{Tool: tool.Name, Faults: []toolset.Fault{{Argument: "confirmation",
			Message: "was not given for this call with these same arguments: leave it out to get a question for the person"}}}), nil
	}
	answered, agreed, err := answer.to(ConfirmationKey)
	if err != nil {
		return nil, err
	}
	if answered && !agreed {
		if err := g.confirmations.Decline(ctx, c.Environment, id, ""); err != nil && !errors.Is(err, confirmation.ErrNotFound) {
			return nil, err
		}
		return declined(tool, "The person declined"), nil
	}
	if !tool.Asks { // no more
		return nil, nil
	}
	var kept *confirmation.Confirmation
	if live {
		if kept, err = g.confirmations.Get(ctx, c.Environment, id); err != nil && !errors.Is(err, confirmation.ErrNotFound) {
			return nil, err
		}
	}
	switch {
	case !answered, kept == nil, kept.State == confirmation.Replaced: // not said, too late, or there is a newer question: it is put anew, on what is there now
		return g.ask(ctx, c, tool, asked, prepared, said, answered && kept != nil)
	case kept.State == confirmation.Declined:
		return declined(tool, "A person declined it in Sluice"), nil
	case kept.State == confirmation.Used:
		return usedBefore(tool), nil
	case kept.State == confirmation.Pending && kept.NeedsApproval:
		return questionOf(tool, kept, answer.State, false), nil
	}
	facts, ended, err := g.facts(ctx, c, tool, prepared, said)
	if err != nil || ended != nil {
		return ended, err
	}
	if string(facts.fingerprint(tool, prepared)) != string(kept.Fingerprint) {
		if err := g.confirmations.Replace(ctx, c.Environment, id); err != nil {
			return nil, err
		}
		return g.put(ctx, c, tool, asked, prepared, said, facts, true)
	}
	first, err := g.confirmations.Use(ctx, c.Environment, id)
	if err != nil {
		return nil, err
	}
	if !first {
		return usedBefore(tool), nil
	}
	return nil, nil
}

// mayElicit reports whether the question goes to the person at the client.
func (c *Caller) mayElicit() bool { return c.CanAsk && !c.NeedsApproval }

// ask finds out what a call would do, and puts the question.
func (g *Gateway) ask(ctx context.Context, c *Caller, tool *toolset.Tool, asked, prepared *toolset.Prepared, said *speaking, again bool) (*Result, error) {
	facts, ended, err := g.facts(ctx, c, tool, prepared, said)
	if err != nil || ended != nil {
		return ended, err
	}
	return g.put(ctx, c, tool, asked, prepared, said, facts, again)
}

// put keeps the question about facts, and makes it the answer of the call.
func (g *Gateway) put(ctx context.Context, c *Caller, tool *toolset.Tool, asked, prepared *toolset.Prepared, said *speaking, facts *facts, again bool) (*Result, error) {
	text, ended, err := g.question(ctx, c, tool, asked, prepared, said, facts)
	if err != nil || ended != nil {
		return ended, err
	}
	life := QuestionLife
	if c.NeedsApproval {
		life = ApprovalLife
	}
	kept := &confirmation.Confirmation{
		Environment: c.Environment, AccountID: c.Account.ID, ServerID: c.ServerID, TokenID: c.TokenID, Door: c.Door, ClientName: c.ClientName, Tool: tool.Name,
		Question: string(g.accounts.Mask(ctx, c.Account, []byte(text))), Fingerprint: facts.fingerprint(tool, prepared), NeedsApproval: c.NeedsApproval,
	}
	if err := g.confirmations.Ask(ctx, kept, life); err != nil {
		return nil, err
	}
	state, err := g.sealState(c, tool, asked, kept)
	if err != nil {
		return nil, err
	}
	if c.mayElicit() {
		state = c.gathered + state
	}
	return questionOf(tool, kept, state, again), nil
}

// questionOf is the answer of a call that waits for a person. Its message is for those who cannot be asked: it tells the model to show the question.
func questionOf(tool *toolset.Tool, kept *confirmation.Confirmation, state string, again bool) *Result {
	r := &Result{Tool: tool, Outcome: vendor.Unsent, Total: -1, RateLimit: vendor.NoRateLimit,
		Question: &Question{Key: ConfirmationKey, Text: kept.Question, State: state, Expires: kept.ExpiresAt, Again: again}}
	if again {
		r.Message = "What was asked before has changed, so that it has to be asked again. "
	}
	if kept.NeedsApproval {
		r.Message += fmt.Sprintf("Nothing was sent yet: a person has to approve this in Sluice, within %d minutes:\n\n%s\n\nTell the person so. Once it is approved, call again with the same arguments and \"confirmation\": %q.",
			int(ApprovalLife.Minutes()), kept.Question, state)
		return r
	}
	r.Message += fmt.Sprintf("Nothing was sent yet: the person has to agree first. Show them this question as it stands, and wait for their answer:\n\n%s\n\nOnly if they say yes, call again within %d minutes with the same arguments and \"confirmation\": %q. If they say no, do not call again. Do not answer for them.",
		kept.Question, int(QuestionLife.Minutes()), state)
	return r
}

func declined(tool *toolset.Tool, who string) *Result {
	return &Result{Tool: tool, Outcome: vendor.Unsent, Declined: true, Total: -1, RateLimit: vendor.NoRateLimit,
		Message: who + ": nothing was sent and nothing has changed. Do not call again unless they ask for it."}
}

func usedBefore(tool *toolset.Tool) *Result {
	return &Result{Tool: tool, Outcome: vendor.Unsent, Invalid: true, Field: "confirmation", Total: -1, RateLimit: vendor.NoRateLimit,
		Message: "This confirmation was used before, and is good for one call: nothing was sent this time. Look at what that call did; to do it once more, call without confirmation, and the person is asked again."}
}

// state is what a client holds of a question: the id of what is kept, and its end, so that what is over costs no query. It is sealed and bound to the call.
type state struct {
	ID      string `json:"i"`
	Expires int64  `json:"x"` // Unix seconds
}

func (g *Gateway) sealState(c *Caller, tool *toolset.Tool, asked *toolset.Prepared, kept *confirmation.Confirmation) (string, error) {
	plain, err := json.Marshal(state{kept.ID, kept.ExpiresAt.Unix()})
	if err != nil {
		return "", err
	}
	sealed, err := g.sealer.SealCursor(plain, boundState(c, tool, asked))
	if err != nil {
		return "", fmt.Errorf("seal the question of %s: %w", tool.Name, err)
	}
	return sealed, nil
}

// openState answers the id of a call's own question, and whether it can still be answered.
func (g *Gateway) openState(c *Caller, tool *toolset.Tool, asked *toolset.Prepared, sealed string) (id string, live bool, err error) {
	plain, err := g.sealer.OpenCursor(sealed, boundState(c, tool, asked))
	if err != nil {
		return "", false, ErrState
	}
	var s state
	if err := json.Unmarshal(plain, &s); err != nil {
		return "", false, ErrState
	}
	return s.ID, time.Now().Before(time.Unix(s.Expires, 0)), nil
}

// boundState is what a question belongs to: who was asked, by which way, about which call. A state that was given to whoever could put the question to the person
// is none for those who could not: there it would be taken without an answer of theirs.
func boundState(c *Caller, tool *toolset.Tool, asked *toolset.Prepared) []byte {
	way := "token"
	if c.mayElicit() {
		way = "elicitation"
	}
	arguments := sha256.Sum256(asked.Arguments)
	var b []byte
	for _, part := range []string{
		"confirmation", way, c.Environment, c.Account.ID, c.ServerID, c.TokenID, c.UserID, tool.Resource.Name, tool.Method.Name, string(arguments[:]),
	} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}

// fingerprint says the same of the same facts about the same call.
func (f *facts) fingerprint(tool *toolset.Tool, prepared *toolset.Prepared) []byte {
	h := sha256.New()
	write := func(part []byte) {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write(part)
	}
	write([]byte(tool.Name))
	write(prepared.Arguments)
	write(f.told)
	return h.Sum(nil)
}

// quoted is a JSON string.
func quoted(s string) []byte { return jsonscan.AppendQuote(nil, s) }
