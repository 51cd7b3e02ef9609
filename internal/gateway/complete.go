package gateway

import (
	"context"
	"errors"
	"fmt"

	"sluice/internal/jsonscan"
	"sluice/internal/prose"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// complete makes a call whole that gives a part of what the vendor wants: the rest is taken from the object as it is at this moment. It comes after a person has
// agreed, to what changes and no more, and before the intent is recorded, which is of all that is sent. A Result is the answer of a call that ends here.
//
// Reading and writing are two requests. What somebody else changes between them is put back where it is among what is completed: no vendor's word is known that
// would prevent it. The time between is the shortest there is, and shorter than that of a caller who reads first.
func (g *Gateway) complete(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared) (*toolset.Prepared, *Result, error) {
	response, err := g.read(ctx, c, tool.Resource.Name, tool.Method.Complete.Method, jsonscan.Member(prepared.Arguments, "id"), prepared.Arguments)
	if err != nil {
		return nil, nil, err
	}
	var object []byte // nil: what is there is not known, so that the call has to say all
	switch {
	case response == nil:
	case response.Outcome == vendor.OK:
		object = response.Body
	case response.Status == 403: // whoever may not read it may be let change it all the same
	default:
		ended := resultOf(tool, response)
		explain(ended, c.Tools)
		g.lostParent(ctx, c, ended, prepared.Arguments)
		if ended.Outcome == vendor.Unknown {
			ended.Outcome = vendor.Unsent // it was a look
		}
		ended.Message = prose.Sentence("Nothing was sent. What stays as it is could not be read: " + ended.Message)
		return nil, ended, nil
	}
	whole, err := tool.Whole(prepared, object)
	if wrong := (*toolset.ArgumentError)(nil); errors.As(err, &wrong) {
		return nil, invalid(tool, wrong), nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("complete %s: %w", tool.Name, err)
	}
	return whole, nil, nil
}
