package gateway

import (
	"context"
	"errors"
	"fmt"

	"sluice/internal/account"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// OpenAccountFor is OpenAccount with the custom fields of the objects that some arguments name written into the tools' schemas, as a server shows them that is
// bound to those: of holds the objects' ids by argument.
func (g *Gateway) OpenAccountFor(ctx context.Context, acct *account.Account, options toolset.Options, of map[string]string) (*Caller, error) {
	c, err := g.OpenAccount(ctx, acct, options)
	if err != nil {
		return nil, err
	}
	values := g.boundValues(ctx, c, of)
	if values == nil {
		return c, nil
	}
	options.Values = values.schemas()
	return g.OpenAccount(ctx, acct, options)
}

// Preview tells what Call would send first, and sends none of it. What has to be looked up for that, such as the id that belongs to a name, is. A Result says
// why nothing would be sent.
func (g *Gateway) Preview(ctx context.Context, c *Caller, name string, arguments []byte) (*vendor.Outgoing, *Result, error) {
	tool, ok := c.Tools.Tool(name)
	if !ok {
		return nil, nil, unknownTool(c.Tools, name)
	}
	prepared, err := tool.Prepare(arguments)
	if wrong, ok := errors.AsType[*toolset.ArgumentError](err); ok {
		result := invalid(tool, wrong)
		result.Message = string(g.accounts.Mask(ctx, c.Account, []byte(result.Message)))
		return nil, result, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("prepare %s: %w", tool.Name, err)
	}
	if len(tool.Resource.References) > 0 {
		found, ended, err := g.named(ctx, c, tool, prepared)
		if err != nil || ended != nil {
			return nil, ended, err
		}
		prepared = found
	}
	if said := g.speaks(c, tool, prepared); said != nil {
		again, ended, err := g.rewrite(ctx, c, tool, prepared, said)
		if err != nil || ended != nil {
			return nil, ended, err
		}
		prepared = again
	}
	request := requestOf(c, tool, prepared)
	if tool.IsList() {
		position, wrong := g.openCursor(c, tool, prepared)
		if wrong != nil {
			return nil, invalid(tool, wrong), nil
		}
		request.Page = position
	}
	outgoing, err := g.vendor.Describe(ctx, c.Account, c.Tools.Definition, request)
	if err != nil {
		return nil, nil, fmt.Errorf("describe the call of %s: %w", tool.Name, err)
	}
	outgoing.Body = g.accounts.Mask(ctx, c.Account, outgoing.Body)
	return outgoing, nil, nil
}
