package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sluice/internal/account"
	"sluice/internal/mcpserver"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// LinkLife is how long a link to a file can be used.
const LinkLife = 15 * time.Minute

// Why a link leads nowhere.
var (
	ErrNoLink      = errors.New("this is no link that was given out here: ask for the file again by the tool that shows it")
	ErrLinkExpired = fmt.Errorf("this link was good for %d minutes, which are over: ask for the file again by the tool that gave it", int(LinkLife.Minutes()))
	ErrLinkRevoked = errors.New("what gave out this link is gone, or no longer offers the file")
)

// link is what the token of a file's URL holds, sealed: who may have which file until when. Nothing of it is kept, so that any node serves it.
type link struct {
	Environment string          `json:"e"`
	Account     string          `json:"a"`
	Server      string          `json:"s,omitempty"` // the MCP server that gave it out, if one
	Token       string          `json:"t,omitempty"` // the API token by which it was asked for, if one
	Resource    string          `json:"r"`
	Method      string          `json:"m"`
	Arguments   json.RawMessage `json:"p"`
	Expires     int64           `json:"x"` // Unix seconds
}

// linkPurpose keeps what is sealed as a link from being taken for a cursor, and the other way round.
var linkPurpose = []byte("link to a file")

// link makes the URL of the file that a prepared call answers.
func (g *Gateway) link(c *Caller, tool *toolset.Tool, prepared *toolset.Prepared, expires time.Time) (string, error) {
	plain, err := json.Marshal(link{
		Environment: c.Environment, Account: c.Account.ID, Server: c.ServerID, Token: c.TokenID,
		Resource: tool.Resource.Name, Method: tool.Method.Name, Arguments: prepared.Arguments, Expires: expires.Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("write the link of %s: %w", tool.Name, err)
	}
	token, err := g.sealer.SealCursor(plain, linkPurpose)
	if err != nil {
		return "", fmt.Errorf("seal the link of %s: %w", tool.Name, err)
	}
	return g.fileURL(token), nil
}

// Fetcher is who follows a link.
type Fetcher struct {
	ClientName string
	RequestID  string
	Trace      vendor.Trace
}

// OpenLink opens the file that a link leads to, as the MCP server or the account that gave it out may have it now. An error wraps ErrNoLink, ErrLinkExpired or ErrLinkRevoked
// where the link leads nowhere; a Result says why the vendor does not give the file.
func (g *Gateway) OpenLink(ctx context.Context, token string, by Fetcher, part Range) (*Download, *Result, error) {
	plain, err := g.sealer.OpenCursor(token, linkPurpose)
	if err != nil {
		return nil, nil, ErrNoLink
	}
	var l link
	if err := json.Unmarshal(plain, &l); err != nil {
		return nil, nil, ErrNoLink
	}
	if !time.Now().Before(time.Unix(l.Expires, 0)) {
		return nil, nil, ErrLinkExpired
	}
	c, err := g.openFor(ctx, &l)
	if errors.Is(err, mcpserver.ErrNotFound) || errors.Is(err, account.ErrNotFound) {
		return nil, nil, ErrLinkRevoked
	}
	if err != nil {
		return nil, nil, err
	}
	c.Door, c.TokenID, c.ClientName, c.RequestID, c.Trace = "file", l.Token, by.ClientName, by.RequestID, by.Trace
	tool, ok := c.Tools.Operation(l.Resource, l.Method)
	if ok && l.Server != "" {
		_, ok = c.Tools.Tool(tool.Name)
	}
	if !ok || !IsFile(tool) {
		return nil, nil, ErrLinkRevoked
	}
	return g.download(ctx, c, tool, l.Arguments, part)
}

func (g *Gateway) openFor(ctx context.Context, l *link) (*Caller, error) {
	if l.Server != "" {
		server, err := g.servers.Get(ctx, l.Environment, l.Account, l.Server)
		if err != nil {
			return nil, fmt.Errorf("find the MCP server of a link: %w", err)
		}
		return g.Open(ctx, server)
	}
	acct, err := g.accounts.Get(ctx, l.Environment, l.Account)
	if err != nil {
		return nil, fmt.Errorf("find the account of a link: %w", err)
	}
	return g.OpenAccount(ctx, acct, toolset.Options{})
}
