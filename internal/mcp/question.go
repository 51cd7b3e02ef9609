package mcp

import (
	"sluice/internal/gateway"
	"sluice/internal/jsonscan"
)

// A call that a person has to agree to first is answered with the question, as an elicitation in form mode, and comes a second time with the answer
// (2026-07-28, Multi Round-Trip Requests and Elicitation). Earlier revisions ask over a stream of the server's own, which there is none of here:
// there, as with clients that cannot ask, the question stands in the tool's result.

// questionKey names the one question that a result has.
const questionKey = "confirmation"

const stateWords = "The requestState is not one that was given for this call: it was changed, or belongs to another tool, other arguments, another server or another caller. Call again without it and inputResponses to be asked anew."

// elicits reports whether a client can show its person a form. A client that names no mode knows that one (2026-07-28, Elicitation, Capabilities).
func elicits(capabilities []byte) bool {
	elicitation := argumentNamed(capabilities, "elicitation")
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

// answerOf reads what a call brings back, nil where that is no answer: then the question is put again (2026-07-28, Multi Round-Trip Requests, Error Handling).
// What is no answer by its shape is refused.
func answerOf(p *params) (*gateway.Answer, *failure) {
	if p.requestState != nil && jsonscan.KindOf(p.requestState) != jsonscan.String {
		return nil, invalidParams("requestState is the text that came with the question, unchanged.")
	}
	if p.inputResponses != nil && jsonscan.KindOf(p.inputResponses) != jsonscan.Object {
		return nil, invalidParams("inputResponses is an object of answers by the keys of inputRequests.")
	}
	var response []byte
	if p.inputResponses != nil {
		response = argumentNamed(p.inputResponses, questionKey)
	}
	answer := &gateway.Answer{State: text(p.requestState)}
	if p.requestState == nil {
		return nil, nil // to nothing that was asked here
	}
	if response == nil {
		answer.Missing = true
		return answer, nil
	}
	if jsonscan.KindOf(response) != jsonscan.Object {
		return nil, invalidParams("The answer to " + questionKey + ` is an object with an action: {"action":"accept"}.`)
	}
	switch action := text(argumentNamed(response, "action")); action {
	case "accept":
	case "decline", "cancel":
		answer.Declined = true
	default:
		return nil, invalidParams("The action of an answer is accept, decline or cancel, not " + printable([]byte(action)) + ".")
	}
	return answer, nil
}

// appendQuestion appends the whole answer to a call that a person has to agree to first. The form has no fields: to accept it is to agree.
func (c *call) appendQuestion(dst []byte, q *gateway.Question) []byte {
	words := q.Text
	if q.Again {
		words = "What was asked before has changed, so this is asked again.\n" + words
	}
	dst = append(c.openAs(dst, "input_required", nil), `,"inputRequests":{"`+questionKey+`":{"method":"elicitation/create","params":{"mode":"form","message":`...)
	dst = jsonscan.AppendQuote(dst, words)
	dst = append(dst, `,"requestedSchema":{"type":"object","properties":{}}}}},"requestState":`...)
	return append(jsonscan.AppendQuote(dst, q.State), "}}"...)
}
