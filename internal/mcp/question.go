package mcp

import (
	"sluice/internal/gateway"
	"sluice/internal/jsonscan"
)

// A call that a person has to agree to first is answered with the question, as an elicitation in form mode, and comes a second time with the answer
// (2026-07-28, Multi Round-Trip Requests and Elicitation). Earlier revisions ask over a stream of the server's own, which there is none of here:
// there, as with clients that cannot ask, the question stands in the tool's result.

const stateWords = "The requestState is not one that was given for this call: it was changed, or belongs to another tool, other arguments, another server or another caller. Call again without it and inputResponses to be asked anew."

// elicits reports whether a client can show its person a form. A client that names no mode knows that one (2026-07-28, Elicitation, Capabilities).
func elicits(capabilities []byte) bool {
	elicitation := jsonscan.Member(capabilities, "elicitation")
	if jsonscan.KindOf(elicitation) != jsonscan.Object {
		return false
	}
	modes := 0
	for it := jsonscan.Members(elicitation); it.Next(); modes++ {
		if jsonscan.NameIs(it.Name(), "form") {
			return true
		}
	}
	return modes == 0
}

// answerOf reads what a call brings back, nil where that is nothing. What is no answer to a question stays one that cannot be read, since nobody here knows
// which questions there are: what answers none of them is of no account (2026-07-28, Multi Round-Trip Requests, Error Handling).
func answerOf(p *params) (*gateway.Answer, *failure) {
	if p.requestState != nil && jsonscan.KindOf(p.requestState) != jsonscan.String {
		return nil, invalidParams("requestState is the text that came with the question, unchanged.")
	}
	if p.inputResponses != nil && jsonscan.KindOf(p.inputResponses) != jsonscan.Object {
		return nil, invalidParams("inputResponses is an object of answers by the keys of inputRequests.")
	}
	if p.requestState == nil && p.inputResponses == nil {
		return nil, nil
	}
	answer := &gateway.Answer{State: text(p.requestState), Responses: map[string]gateway.Response{}}
	if p.inputResponses == nil {
		return answer, nil
	}
	for it := jsonscan.Members(p.inputResponses); it.Next(); {
		key, _ := jsonscan.Unquote(it.Name())
		var response gateway.Response
		if jsonscan.KindOf(it.Value()) == jsonscan.Object {
			response = gateway.Response{Action: text(jsonscan.Member(it.Value(), "action")), Content: jsonscan.Member(it.Value(), "content")}
		}
		answer.Responses[string(key)] = response
	}
	return answer, nil
}

// appendQuestion appends the whole answer to a call that a person has to agree to, or to tell something for. A form without fields is agreed to by accepting it.
func (c *call) appendQuestion(dst []byte, q *gateway.Question) []byte {
	words := q.Text
	if q.Again {
		words = "What was asked before has changed, so this is asked again.\n" + words
	}
	dst = append(c.openAs(dst, "input_required", nil), `,"inputRequests":{`...)
	dst = jsonscan.AppendQuote(dst, q.Key)
	dst = jsonscan.AppendQuote(append(dst, `:{"method":"elicitation/create","params":{"mode":"form","message":`...), words)
	dst = append(dst, `,"requestedSchema":`...)
	if q.Form != nil {
		dst = append(dst, q.Form...)
	} else {
		dst = append(dst, `{"type":"object","properties":{}}`...)
	}
	dst = append(dst, `}}},"requestState":`...)
	return append(jsonscan.AppendQuote(dst, q.State), "}}"...)
}
