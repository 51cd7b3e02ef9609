package vendor

import (
	"context"
	"strings"

	"sluice/internal/account"
	"sluice/internal/integration"
	"sluice/internal/outbound"
)

// Hidden stands where a request that is only described would have its credential.
const Hidden = "HIDDEN"

// Outgoing is a request as it would leave, without its credential.
type Outgoing struct {
	Method string
	URL    string
	Header [][2]string
	Body   []byte // nil: none, or files that are fetched while it is sent
}

// Describe tells what Do would send, and sends nothing. It asks for no credential: Hidden stands in its place.
func (c *Client) Describe(_ context.Context, acct *account.Account, def *integration.Definition, req *Request) (*Outgoing, error) {
	plan, err := c.plans.of(def)
	if err != nil {
		return nil, err
	}
	hidden := &account.Credential{Token: Hidden, Fields: map[string]string{}}
	for _, way := range append([]integration.Credentials{def.Credentials}, def.Credentials.Alternatives...) {
		for _, f := range way.Fields {
			hidden.Fields[f.Name] = Hidden
		}
	}
	k := &call{Client: c, acct: acct, def: def, req: req, plan: plan, label: labelOf(def), auth: def.Authorization, credential: hidden}
	if req.Method.Authorization != nil {
		k.auth = *req.Method.Authorization
	}
	if req.Page != nil {
		k.page = &def.Pagination
		if req.Method.Pagination != nil {
			k.page = req.Method.Pagination
		}
	}
	var built *outbound.Request
	if built, err = k.build(); err != nil {
		return nil, err
	}
	out := &Outgoing{Method: strings.ToUpper(built.Method), URL: built.URL, Body: built.Body}
	for _, h := range built.Header {
		// A basic credential hides itself from the eye, but not what it is made of.
		if strings.EqualFold(h[0], "Authorization") && strings.HasPrefix(h[1], "Basic ") {
			h[1] = "Basic " + Hidden
		}
		out.Header = append(out.Header, h)
	}
	return out, nil
}
