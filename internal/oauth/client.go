package oauth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"sluice/internal/mcpserver"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Kind is how a client is known.
type Kind string

const (
	Entered    Kind = "entered"    // by hand, for all MCP servers of an environment
	Registered Kind = "registered" // by itself, at one MCP server
	Document   Kind = "document"   // by the document that its id names
)

// Client is a program that asks for tokens.
type Client struct {
	ID           string // ocl_…, or the URL of its document
	Environment  string
	ServerID     string // "": all of the environment's
	Kind         Kind
	Name         string
	URI          string // its home page, as it says itself
	RedirectURIs []string
	CreatedBy    string
	CreatedAt    time.Time
	LastUsedAt   time.Time

	secretHash []byte // nil: it is public
	keys       []byte // of a document: its JWK Set, with which it proves itself instead
	keysURL    string // …or where that is
}

// Confidential reports whether the client has a secret.
func (c *Client) Confidential() bool { return len(c.secretHash) > 0 }

// Host is the host that vouches for the client's name: that of its document. "": nobody does.
func (c *Client) Host() string {
	if c.Kind != Document {
		return ""
	}
	u, err := url.Parse(c.ID)
	if err != nil {
		return ""
	}
	return u.Host
}

const (
	clientPrefix = "ocl"
	secretPrefix = "sls_"
	maxName      = 100
	maxRedirects = 20
)

// errNoClient is wrapped where no client is meant that may sign in to the server.
var errNoClient = errors.New("no such client")

// ErrNotFound is wrapped where an environment has no client or grant of that id.
var ErrNotFound = errors.New("not there")

// InvalidError says which field of a client is wrong, and how to mend it.
type InvalidError struct{ Field, Message string }

func (e *InvalidError) Error() string { return e.Field + " " + e.Message }

// isDocument reports whether a client's id is the address of its document.
func isDocument(id string) bool {
	return strings.HasPrefix(id, "https://") || strings.HasPrefix(id, "http://")
}

// client finds the client behind an id, as far as it may sign in to the server.
func (s *Service) client(ctx context.Context, server *mcpserver.Server, id string) (*Client, error) {
	if isDocument(id) {
		return s.documents.client(ctx, id)
	}
	if !store.IsID(clientPrefix, id) {
		return nil, fmt.Errorf("%w: %.80q", errNoClient, id)
	}
	row, err := s.Store.GetOAuthClient(ctx, db.GetOAuthClientParams{Environment: server.Environment, ID: id})
	if store.NotFound(err) || err == nil && row.ServerID != "" && row.ServerID != server.ID {
		return nil, fmt.Errorf("%w: %.80q", errNoClient, id)
	}
	if err != nil {
		return nil, fmt.Errorf("find the client: %w", err)
	}
	return clientOf(row)
}

// authenticate lets a client prove that it is the one whose id it says: by its secret if it has one.
func (s *Service) authenticate(c *Client, presented string) error {
	if !c.Confidential() {
		if presented != "" {
			return oidc.ErrInvalidClient().WithDescription("This client has no secret: send none.")
		}
		return nil
	}
	ok := 0
	for _, hash := range s.Keys.TokenHashes(presented) {
		ok |= subtle.ConstantTimeCompare(hash[:], c.secretHash)
	}
	if ok == 0 {
		return oidc.ErrInvalidClient().WithDescription("The client's secret is missing or wrong.")
	}
	return nil
}

// ClientDraft is what a client is made of.
type ClientDraft struct {
	Name         string
	RedirectURIs []string
	Confidential bool
	URI          string
	CreatedBy    string
}

// CreateClient enters a client for all MCP servers of an environment. clientSecret is shown this once and not kept; "" for a public client.
func (s *Service) CreateClient(ctx context.Context, environment string, d ClientDraft) (c *Client, clientSecret string, err error) {
	return s.createClient(ctx, environment, "", d)
}

func (s *Service) createClient(ctx context.Context, environment, serverID string, d ClientDraft) (c *Client, clientSecret string, err error) {
	name, err := checkClientName(d.Name)
	if err != nil {
		return nil, "", err
	}
	if err := checkRedirectURIs(d.RedirectURIs); err != nil {
		return nil, "", err
	}
	uris, err := json.Marshal(d.RedirectURIs)
	if err != nil {
		return nil, "", fmt.Errorf("write redirect URIs: %w", err)
	}
	row := db.CreateOAuthClientParams{
		ID: store.NewID(clientPrefix), Environment: environment, ServerID: serverID, Name: name, RedirectURIs: string(uris), ClientURI: d.URI,
		CreatedBy: d.CreatedBy, CreatedAt: s.Now().UnixMilli(),
	}
	if d.Confidential {
		clientSecret = secret.NewToken(secretPrefix)
		keyID, hash := s.Keys.HashToken(clientSecret)
		row.KeyID, row.SecretHash = keyID, hash[:]
	}
	switch err := s.Store.CreateOAuthClient(ctx, row); {
	case store.Dangling(err):
		return nil, "", fmt.Errorf("environment %.80q: %w", environment, ErrNotFound)
	case err != nil:
		return nil, "", fmt.Errorf("create OAuth client: %w", err)
	}
	c, err = clientOf(db.OAuthClient{
		ID: row.ID, Environment: environment, ServerID: serverID, Name: name, SecretHash: row.SecretHash, RedirectURIs: row.RedirectURIs,
		ClientURI: row.ClientURI, CreatedBy: row.CreatedBy, CreatedAt: row.CreatedAt,
	})
	return c, clientSecret, err
}

// ListClients returns up to limit clients of an environment, newest first, below the id that a call before gave as next.
func (s *Service) ListClients(ctx context.Context, environment, after string, limit int) (page []*Client, next string, err error) {
	rows, err := s.Store.ListOAuthClients(ctx, db.ListOAuthClientsParams{Environment: environment, Before: store.Below(after), Lim: int64(limit) + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list OAuth clients: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.OAuthClient) string { return row.ID })
	for _, row := range rows {
		c, err := clientOf(row)
		if err != nil {
			return nil, "", err
		}
		page = append(page, c)
	}
	return page, next, nil
}

// GetClient returns a client that was entered or registered itself in an environment.
func (s *Service) GetClient(ctx context.Context, environment, id string) (*Client, error) {
	row, err := s.Store.GetOAuthClient(ctx, db.GetOAuthClientParams{Environment: environment, ID: id})
	if store.NotFound(err) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("OAuth client %.80q: %w", id, unstorable(err))
	}
	return clientOf(row)
}

// DeleteClient removes a client and revokes all that was granted to it.
func (s *Service) DeleteClient(ctx context.Context, environment, id string) error {
	err := s.Store.Tx(ctx, func(tx *store.Tx) error {
		grants, err := tx.ListOAuthGrantIDsOfClient(ctx, db.ListOAuthGrantIDsOfClientParams{Environment: environment, ClientID: id})
		if err != nil {
			return err
		}
		for _, grant := range grants {
			if err := dropGrant(ctx, tx, environment, grant); err != nil {
				return err
			}
		}
		n, err := tx.DeleteOAuthClient(ctx, db.DeleteOAuthClientParams{Environment: environment, ID: id})
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("OAuth client %.80q: %w", id, unstorable(err))
	}
	return nil
}

// unstorable turns a text that no database can hold into what it means: there is nothing of that name.
func unstorable(err error) error {
	if _, ok := errors.AsType[*store.TextError](err); ok {
		return ErrNotFound
	}
	return err
}

func clientOf(row db.OAuthClient) (*Client, error) {
	c := &Client{
		ID: row.ID, Environment: row.Environment, ServerID: row.ServerID, Kind: Entered, Name: row.Name, URI: row.ClientURI, CreatedBy: row.CreatedBy,
		CreatedAt: store.Time(row.CreatedAt), LastUsedAt: store.Time(row.LastUsedAt),
	}
	if row.ServerID != "" {
		c.Kind = Registered
	}
	c.secretHash = row.SecretHash
	if err := json.Unmarshal([]byte(row.RedirectURIs), &c.RedirectURIs); err != nil {
		return nil, fmt.Errorf("read the redirect URIs of %s: %w", row.ID, err)
	}
	return c, nil
}

func checkClientName(name string) (string, error) {
	name, fault := store.CheckName(name, maxName)
	switch {
	case fault != "":
		return "", &InvalidError{"name", fault}
	case name == "":
		return "", &InvalidError{"name", "is required: say which program it is"}
	case strings.ContainsFunc(name, deceptive):
		return "", &InvalidError{"name", "holds a character that cannot be seen, which would let it show as another: leave it out"}
	}
	return name, nil
}

// deceptive characters would let a name show as another, or as two lines.
func deceptive(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
}

func checkRedirectURIs(uris []string) error {
	if len(uris) == 0 || len(uris) > maxRedirects {
		return &InvalidError{"redirect_uris", fmt.Sprintf("must be 1 to %d addresses that the browser is sent back to", maxRedirects)}
	}
	for _, uri := range uris {
		if err := checkRedirectURI(uri); err != nil {
			return &InvalidError{"redirect_uris", fmt.Sprintf("holds %.200q, which %v", uri, err)}
		}
	}
	return nil
}
