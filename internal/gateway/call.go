package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/internal/audit"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// ErrUnknownTool is wrapped by Call and CallOperation when the caller's toolset has no such tool.
var ErrUnknownTool = errors.New("unknown tool")

// Call calls the offered tool of that name with arguments, a JSON object (or nothing, for none). What the caller, the vendor or the
// network did wrong is in the Result; an error is ours, or ErrUnknownTool.
func (g *Gateway) Call(ctx context.Context, c *Caller, name string, arguments []byte) (*Result, error) {
	tool, ok := c.Tools.Tool(name)
	if !ok {
		return nil, unknownTool(c.Tools, name)
	}
	return g.call(ctx, c, tool, arguments)
}

// CallOperation calls a method of a resource, documented or not, whatever the toolset's filter: the proxy API's way.
func (g *Gateway) CallOperation(ctx context.Context, c *Caller, resource, method string, arguments []byte) (*Result, error) {
	tool, ok := c.Tools.Operation(resource, method)
	if !ok {
		return nil, unknownOperation(c.Tools.Definition, resource, method)
	}
	return g.call(ctx, c, tool, arguments)
}

func (g *Gateway) call(ctx context.Context, c *Caller, tool *toolset.Tool, arguments []byte) (*Result, error) {
	record := recordOf(c, tool)
	if full := g.underWay.enter(c, tool); full != nil {
		g.finish(ctx, &record, full, nil)
		return full, nil
	}
	defer g.underWay.leave(c)
	counting, tries := counted(ctx, c.Account)
	result, err := g.perform(counting, c, tool, arguments, &record)
	if tries != nil && len(tries.Refused) > 0 {
		g.finishRetries(&record, tries)
		if result != nil {
			result.Retries = tries
		}
	}
	if result != nil && result.Invalid {
		// Our own words about an argument repeat it, and it may be a secret that stands where none belongs.
		result.Message = string(g.accounts.Mask(ctx, c.Account, []byte(result.Message)))
	}
	g.finish(ctx, &record, result, err)
	return result, err
}

// recordOf is the record of a call that begins now.
func recordOf(c *Caller, tool *toolset.Tool) audit.Record {
	return audit.Record{
		Environment: c.Environment, Door: c.Door, AccountID: c.Account.ID, ServerID: c.ServerID, TokenID: c.TokenID, UserID: c.UserID,
		ClientName: c.ClientName, RequestID: c.RequestID, Integration: c.Tools.Definition.Name,
		Tool: tool.Name, Resource: tool.Resource.Name, Method: tool.Method.Name, Write: !tool.ReadOnly,
		StartedAt: time.Now(),
	}
}

// finish records what became of a call.
func (g *Gateway) finish(ctx context.Context, record *audit.Record, result *Result, err error) {
	switch {
	case err != nil && errors.Is(err, context.Canceled):
		g.finishAs(record, "cancelled", &Result{Message: "the caller went away before the call was made"})
	case err != nil:
		g.finishAs(record, "unsent", &Result{Message: "Sluice could not make the call"})
	case ctx.Err() != nil && result.Outcome == vendor.Unsent && !result.Invalid && !result.Declined: // what the vendor said, or may have done, outweighs who was still there to hear it
		g.finishAs(record, "cancelled", result)
	default:
		g.finishAs(record, outcome(result), result)
	}
}

func (g *Gateway) finishAs(record *audit.Record, outcome string, result *Result) {
	record.Duration = time.Since(record.StartedAt)
	record.Outcome, record.Error, record.Status = outcome, result.Message, result.Status
	g.audit.Finish(record)
}

// perform is the call itself. It fills in what of the record is known on the way.
func (g *Gateway) perform(ctx context.Context, c *Caller, tool *toolset.Tool, arguments []byte, record *audit.Record) (*Result, error) {
	arguments, ended, err := g.gather(ctx, c, tool, arguments, record)
	if err != nil || ended != nil {
		return ended, err
	}
	prepared, notes, err := tool.PrepareAt(arguments, record.StartedAt)
	var wrong *toolset.ArgumentError
	if errors.As(err, &wrong) {
		result := invalid(tool, sayWhomToAsk(tool, wrong))
		if wrong.Masked != nil {
			record.Arguments = g.accounts.Mask(ctx, c.Account, wrong.Masked)
			g.lostParent(ctx, c, result, arguments)
		}
		return result, nil
	}
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", tool.Name, err)
	}
	record.Arguments = g.accounts.Mask(ctx, c.Account, prepared.Masked)
	asked := prepared
	if len(tool.Resource.References) > 0 {
		found, ended, err := g.named(ctx, c, tool, prepared)
		if err != nil || ended != nil {
			return ended, err
		}
		prepared, record.Arguments = found, g.accounts.Mask(ctx, c.Account, found.Masked)
	}
	said := g.speaks(c, tool, prepared)
	if said != nil {
		again, ended, err := g.rewrite(ctx, c, tool, prepared, said)
		if err != nil || ended != nil {
			return ended, err
		}
		prepared, record.Arguments = again, g.accounts.Mask(ctx, c.Account, again.Masked)
	}
	if err := g.spellFields(ctx, c, tool, prepared); err != nil {
		return nil, err
	}
	record.Write = record.Write && !prepared.DryRun
	if (tool.Asks || c.Answer != nil) && !prepared.DryRun {
		if ended, err := g.confirm(ctx, c, tool, asked, prepared, said); err != nil || ended != nil {
			return ended, err
		}
	}
	if prepared.Partial {
		whole, ended, err := g.complete(ctx, c, tool, prepared)
		if err != nil || ended != nil {
			return ended, err
		}
		prepared, record.Arguments = whole, g.accounts.Mask(ctx, c.Account, whole.Masked)
	}
	if record.Write {
		switch err := g.audit.Begin(ctx, record); {
		case err != nil && ctx.Err() != nil:
			return nil, fmt.Errorf("record the intent of %s: %w", tool.Name, err)
		case err != nil: // the audit's own log says why
			return &Result{
				Tool: tool, Outcome: vendor.Unsent, Total: -1, RateLimit: vendor.NoRateLimit,
				Message: "Sluice could not record what it was about to do, so it sent nothing and nothing changed: try again in a moment, and tell whoever runs Sluice if it stays so.",
			}, nil
		}
	}
	result, err := g.send(ctx, c, tool, prepared, said)
	if err == nil && said != nil {
		notes = append(notes, said.check.Notes...)
	}
	if err == nil && notes != nil {
		result.Notes = append(notes, result.Notes...)
	}
	return result, err
}

// send makes the vendor's call, or the several of a list.
func (g *Gateway) send(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared, said *speaking) (*Result, error) {
	switch {
	case prepared.DryRun:
		return g.dryRun(ctx, c, tool, prepared)
	case tool.IsList():
		return g.list(ctx, c, tool, prepared, requestOf(c, tool, prepared))
	case IsFile(tool):
		return g.file(ctx, c, tool, prepared)
	}
	response, err := g.vendor.Do(ctx, c.Account, c.Tools.Definition, g.request(c, tool, prepared))
	if err == nil && said != nil && said.check.Set != nil && refusedOnFields(response) {
		// The fields may have changed since they were read: what the vendor refused was not done, so it can be said again as it should have been.
		before := said.check.Set
		again, ended, failed := g.rewriteAnew(ctx, c, tool, prepared, said)
		if failed != nil || ended != nil {
			return ended, failed
		}
		if said.check.Set != nil && !before.Equal(said.check.Set) {
			response, err = g.vendor.Do(ctx, c.Account, c.Tools.Definition, g.request(c, tool, again))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", tool.Name, err)
	}
	result := resultOf(tool, response)
	explain(result, c.Tools)
	g.lostParent(ctx, c, result, prepared.Arguments)
	if err := shape(result, c.Account); err != nil {
		return nil, err
	}
	g.agedBy(c, tool, result, prepared.Arguments)
	return result, reduce(result, wantedOf(c, tool, prepared))
}

// reduce leaves of an object what is wanted of it.
func reduce(result *Result, wanted *toolset.Selection) error {
	if wanted == nil || result.Outcome != vendor.OK || jsonscan.KindOf(result.Body) != jsonscan.Object {
		return nil
	}
	body, err := wanted.Of(result.Body)
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", result.Tool.Name, err)
	}
	result.Body = body
	return nil
}

func requestOf(c *Caller, tool *toolset.Tool, p *toolset.Prepared) *vendor.Request {
	return &vendor.Request{
		Method: tool.Method, Path: p.Path, Query: p.Query, Header: p.Header, Body: p.Body, ContentType: p.ContentType, Trace: c.Trace,
	}
}

// resultOf puts a response into a result, but for paging.
func resultOf(tool *toolset.Tool, r *vendor.Response) *Result {
	result := &Result{
		Tool: tool, Outcome: r.Outcome, Status: r.Status, Body: r.Body, ContentType: r.ContentType, Total: -1,
		RateLimit: r.RateLimit, Location: r.Location,
	}
	if p := r.Problem; p != nil {
		result.Message, result.Fields, result.Details, result.NeedsReauth = p.Message, p.Fields, p.Details, p.NeedsReauth
		result.Invalid, result.Field = p.Argument != "", p.Argument
	}
	return result
}

func invalid(tool *toolset.Tool, wrong *toolset.ArgumentError) *Result {
	result := &Result{Tool: tool, Outcome: vendor.Unsent, Invalid: true, Message: wrong.Error(), Total: -1, RateLimit: vendor.NoRateLimit}
	if len(wrong.Faults) > 0 {
		result.Field = wrong.Faults[0].Argument
	}
	return result
}

// outcome is the audit's word for a result.
func outcome(r *Result) string {
	switch {
	case r.Invalid:
		return "invalid"
	case r.Question != nil:
		return "asked"
	case r.Declined:
		return "declined"
	}
	switch r.Outcome {
	case vendor.OK:
		return "ok"
	case vendor.Refused:
		return "refused"
	case vendor.RateLimited:
		return "rate_limited"
	case vendor.Unknown:
		return "unknown"
	}
	return "unsent"
}
