package node

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sluice/internal/mcpserver"
	"sluice/internal/oauth"
	"sluice/internal/outbound"
	"sluice/internal/user"
)

// people are the users of the environments, as the authorization server asks for them.
type people struct{ *Node }

func (p people) Current(r *http.Request) (*oauth.Person, error) {
	u, err := p.SignIn.Current(r)
	return person(u, "", err)
}

func (p people) SignInURL(next string) string { return p.SignIn.URL(next) }

func (p people) Find(ctx context.Context, environment, id string) (*oauth.Person, error) {
	u, err := p.Users.Find(ctx, id)
	return person(u, environment, err)
}

func (p people) FindByEmail(ctx context.Context, environment, email string) (*oauth.Person, error) {
	u, err := p.Users.ByEmail(ctx, email)
	return person(u, environment, err)
}

// person is a user of an environment, of any if none is said.
func person(u *user.User, environment string, err error) (*oauth.Person, error) {
	switch {
	case errors.Is(err, user.ErrNotFound):
		return nil, nil
	case err != nil || u == nil:
		return nil, err
	case environment != "" && u.Environment != environment:
		return nil, nil
	}
	return &oauth.Person{ID: u.ID, Environment: u.Environment, Name: u.Name, Email: u.Email, Permissions: u.Permissions()}, nil
}

// offer tells what an MCP server gives, as the person who is to allow it is told.
func (n *Node) offer(ctx context.Context, server *mcpserver.Server) (*oauth.Offer, error) {
	caller, err := n.Gateway.Open(ctx, server)
	if err != nil {
		return nil, err
	}
	definition := caller.Tools.Definition
	o := &oauth.Offer{Account: caller.Account.Name, Integration: definition.Label}
	if o.Account == "" {
		o.Account = caller.Account.ID
	}
	if o.Integration == "" {
		o.Integration = definition.Name
	}
	for _, t := range caller.Tools.Tools {
		o.Tools = append(o.Tools, oauth.OfferedTool{Name: t.Name, Title: t.Title, Write: !t.ReadOnly, Destructive: t.Destructive})
	}
	return o, nil
}

const (
	documentTime = 5 * time.Second
	documentSize = 64 << 10
)

// fetchDocument reads a document that a client's id names, under the policy for files that callers name by URL. A redirect would make it another's document.
func (n *Node) fetchDocument(ctx context.Context, url string) (*oauth.Fetched, error) {
	response, err := n.fetcher.Do(ctx, &outbound.Request{
		Method: http.MethodGet, URL: url, Header: [][2]string{{"Accept", "application/json"}}, Once: true, Timeout: documentTime, MaxBody: documentSize,
	})
	if err != nil {
		return nil, err
	}
	return &oauth.Fetched{
		Status: response.Status, ContentType: response.Header.Get("Content-Type"), CacheControl: response.Header.Get("Cache-Control"), Body: response.Body,
	}, nil
}
