package mcp

import (
	"errors"
	"fmt"
	"strings"

	"sluice/internal/gateway"
	"sluice/internal/jsonscan"
	"sluice/internal/vendor"
)

var noArguments = []byte("{}")

// callTool hands a tool's name and the bytes of its arguments to the gateway. What the arguments or the vendor are to blame for becomes a result that
// the model reads and mends; only what the model cannot mend is a protocol error (2026-07-28, Tools, Error Handling).
func (c *call) callTool(dst []byte) ([]byte, *failure) {
	p := &c.message.params
	if jsonscan.KindOf(p.name) != jsonscan.String {
		return dst, invalidParams("tools/call wants params.name, the name of a tool, as a text.")
	}
	arguments := p.arguments
	switch kind := jsonscan.KindOf(arguments); kind {
	case jsonscan.Object:
	case jsonscan.Invalid: // absent, or null
		arguments = noArguments
	default:
		return dst, invalidParams(fmt.Sprintf("The arguments of a tool are an object, not %v.", kind))
	}
	caller, f := c.openTools()
	if f != nil {
		return dst, f
	}
	caller.Door, caller.TokenID = "mcp", c.apiToken.ID
	if c.access != nil {
		caller.TokenID, caller.UserID = c.access.GrantID, c.access.UserID
	}
	caller.ClientName, caller.RequestID, caller.Trace = c.clientName(), newRequestID(), c.trace()

	name := text(p.name)
	if f := c.checkScope(caller, name); f != nil {
		return dst, f
	}
	if c.revision.modern() {
		if tool, ok := caller.Tools.Tool(name); ok {
			if f := checkParams(c.header, tool, arguments); f != nil {
				return dst, f
			}
			if tool.Asks || len(tool.Method.Ask) > 0 || p.requestState != nil {
				caller.CanAsk = elicits(p.meta.capabilities)
				if caller.Answer, f = answerOf(p); f != nil {
					return dst, f
				}
			}
		}
	}
	result, err := c.h.gateway.Call(c.ctx, caller, name, arguments)
	switch {
	case errors.Is(err, gateway.ErrState):
		return dst, invalidParams(stateWords)
	case errors.Is(err, gateway.ErrAnswer):
		return dst, invalidParams("inputResponses: " + err.Error() + ".")
	case errors.Is(err, gateway.ErrUnknownTool):
		return dst, invalidParams(err.Error())
	case err != nil:
		return dst, c.internal("call the tool", name, err)
	}
	if q := result.Question; q != nil && caller.CanAsk && (q.Form != nil || !caller.NeedsApproval) {
		return c.appendQuestion(dst, result.Question), nil
	}
	dst = member(c.open(dst, appendLimits(nil, result)))
	return append(appendToolResult(dst, result, c.revision), "}}"...), nil
}

// checkScope refuses what the person did not allow, and tells the client that it may ask for it (2026-07-28, Authorization, Scope Challenge Handling).
func (c *call) checkScope(caller *gateway.Caller, name string) *failure {
	if c.access == nil || c.access.Writes() {
		return nil
	}
	if tool, ok := caller.Tools.Tool(name); ok && !tool.ReadOnly {
		denied := c.h.signIns.NeedsWrite(c.server, name)
		return &failure{code: denied.Status, status: denied.Status, message: denied.Words, challenge: denied.Challenge}
	}
	return nil
}

// checkPosted is checkScope before the call is looked at.
func (c *call) checkPosted() *failure {
	if c.access == nil || c.access.Writes() || string(c.message.method) != "tools/call" {
		return nil
	}
	caller, f := c.openTools()
	if f != nil {
		return nil // told when the call is made
	}
	return c.checkScope(caller, text(c.message.params.name))
}

// clientName is what the client calls itself. Legacy revisions say it in the handshake alone, which is forgotten: there the name that a person allowed, or the
// User-Agent, has to do.
func (c *call) clientName() string {
	if span, ok := jsonscan.Find(c.message.params.meta.clientInfo, "name"); ok {
		if name := text(span); name != "" {
			return name[:min(len(name), 100)]
		}
	}
	if c.access != nil && c.access.ClientName != "" {
		return c.access.ClientName
	}
	agent := c.header["User-Agent"]
	if len(agent) == 0 {
		return ""
	}
	product, _, _ := strings.Cut(agent[0], " ")
	return product[:min(len(product), 100)]
}

// trace is the caller's trace context: of the message (2026-07-28, Overview, OpenTelemetry trace context), else of the request that carried it.
func (c *call) trace() vendor.Trace {
	meta := &c.message.params.meta
	if meta.traceparent != nil || meta.tracestate != nil || meta.baggage != nil {
		return vendor.NewTrace(text(meta.traceparent), text(meta.tracestate), text(meta.baggage))
	}
	if c.header["Traceparent"] == nil && c.header["Baggage"] == nil {
		return vendor.Trace{}
	}
	return vendor.TraceOf(c.header)
}
