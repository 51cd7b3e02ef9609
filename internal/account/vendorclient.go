package account

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// VendorClient is the OAuth client that an environment registered with a vendor, but for its secret, which is never shown.
type VendorClient struct {
	Integration string
	ClientID    string
	HasSecret   bool   // a public client has none
	Server      string // as in NewVendorClient
	CreatedBy   string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// ErrNoVendorClient is wrapped where an environment has no OAuth client for an integration.
var ErrNoVendorClient = errors.New("no OAuth client of this environment for the integration")

func boundClient(environment, integration string) []byte {
	return []byte(environment + "/" + integration + "/oauth-client")
}

// NewVendorClient is an OAuth client as somebody enters it.
type NewVendorClient struct {
	ID     string
	Secret string // "": a public client
	// Server is the authorization server that the client was registered with, https://host: its secret goes to no other. "" is good where the definition names the
	// host itself. Where each account brings an address of its own, whoever may write one could else have the secret sent to their own.
	Server string
}

// SetVendorClient keeps the OAuth client that an environment has with a vendor, in place of one that it had. Accounts that were connected by another client
// stay connected for as long as the vendor takes their tokens from this one.
func (s *Service) SetVendorClient(ctx context.Context, environment, integration, by string, c NewVendorClient) (*VendorClient, error) {
	def, err := s.definitions.Find(ctx, environment, integration)
	if err != nil {
		return nil, fmt.Errorf("find the integration: %w", err)
	}
	wanted, open := false, ""
	for _, way := range waysOf(&def.Credentials) {
		if o := way.OAuth2; o != nil && o.ClientID == "" {
			wanted, open = true, orDefault(open, orDefault(s.hostOf(def, orDefault(o.Issuer, o.TokenURL)), s.hostOf(def, o.RevocationURL)))
		}
	}
	if !wanted {
		return nil, invalid("integration", "asks for no OAuth client of an environment: its accounts are connected by what their form asks for")
	}
	if c.ID, err = checkName("client_id", c.ID); err != nil {
		return nil, err
	}
	if c.ID == "" {
		return nil, invalid("client_id", "is required: %s shows it where the application is registered", labelOf(def))
	}
	if err := store.CheckText(c.Secret); err != nil {
		return nil, invalid("client_secret", "cannot be used: %v", err)
	}
	if len(c.Secret) > maxValue {
		return nil, invalid("client_secret", "is longer than %d bytes", maxValue)
	}
	if c.Server != "" {
		if c.Server, err = checkURL("authorization_server", c.Server); err != nil {
			return nil, err
		}
		c.Server = originOf(c.Server)
	}
	if c.Secret != "" && c.Server == "" && open != "" {
		return nil, invalid("authorization_server", "is required: the definition leaves its address to %s of each account, so say which server the secret is for, such as https://auth.example.com", open)
	}
	var sealed []byte
	if c.Secret != "" {
		if sealed, err = s.sealer.Seal([]byte(c.Secret), boundClient(environment, integration)); err != nil {
			return nil, fmt.Errorf("seal the OAuth client's secret: %w", err)
		}
	}
	now := store.Millis(s.now())
	err = s.store.PutVendorClient(ctx, db.PutVendorClientParams{Environment: environment, Integration: integration, ClientID: c.ID, ClientSecret: sealed, Server: c.Server,
		CreatedBy: by, CreatedAt: now, UpdatedAt: now})
	if err != nil {
		return nil, fmt.Errorf("store the OAuth client: %w", err)
	}
	return s.VendorClient(ctx, environment, integration)
}

// VendorClient answers the OAuth client that an environment has with a vendor, or an error that wraps ErrNoVendorClient.
func (s *Service) VendorClient(ctx context.Context, environment, integration string) (*VendorClient, error) {
	row, err := s.vendorClient(ctx, environment, integration)
	if err != nil {
		return nil, err
	}
	return &VendorClient{Integration: row.Integration, ClientID: row.ClientID, HasSecret: len(row.ClientSecret) > 0, Server: row.Server,
		CreatedBy: row.CreatedBy, CreatedAt: store.Time(row.CreatedAt), UpdatedAt: store.Time(row.UpdatedAt)}, nil
}

func (s *Service) vendorClient(ctx context.Context, environment, integration string) (*db.VendorClient, error) {
	row, err := s.store.GetVendorClient(ctx, db.GetVendorClientParams{Environment: environment, Integration: integration})
	if store.NotFound(err) {
		return nil, fmt.Errorf("%w: %.80q", ErrNoVendorClient, integration)
	}
	if err != nil {
		return nil, fmt.Errorf("read the OAuth client: %w", err)
	}
	return &row, nil
}

// RemoveVendorClient forgets the OAuth client that an environment has with a vendor. Tokens that need it to be renewed end when they expire.
func (s *Service) RemoveVendorClient(ctx context.Context, environment, integration string) error {
	n, err := s.store.DeleteVendorClient(ctx, db.DeleteVendorClientParams{Environment: environment, Integration: integration})
	if err != nil {
		return fmt.Errorf("remove the OAuth client: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("%w: %.80q", ErrNoVendorClient, integration)
	}
	return nil
}

// hostOf names the value of an account that decides whose host one of a definition's addresses is; "" where the definition says so itself.
func (s *Service) hostOf(def *integration.Definition, address string) string {
	if strings.HasPrefix(address, "/") {
		address = def.BaseURL
	}
	template, err := s.templates.parse(address)
	if err != nil {
		return ""
	}
	if ref := template.Domain(); ref != nil {
		return ref.Space + "." + ref.Name
	}
	return ""
}

// mayLearn returns an *InvalidError if an address that the environment's client would be shown to is an account's word, and not of the server that it was entered for.
func (s *Service) mayLearn(row *db.VendorClient, o *integration.OAuth2, v *Values) error {
	if len(row.ClientSecret) == 0 {
		return nil
	}
	for _, source := range []string{orDefault(o.Issuer, o.TokenURL), o.RevocationURL} {
		field := s.hostOf(v.Definition, source)
		if field == "" {
			continue
		}
		address, err := s.address(source, v)
		switch {
		case err != nil:
			return err
		case row.Server == "":
			return invalid(field, "decides where the secret of this environment's OAuth client goes, and it is not said which server that is for: `sluice integration oauth-client set %s --authorization-server https://…` says so", v.Definition.Name)
		case row.Server != originOf(address):
			return invalid(field, "leads to %s, and this environment's OAuth client is for %s: its secret goes to no other", originOf(address), row.Server)
		}
	}
	return nil
}

// originOf is the scheme, host and port of an address (RFC 6454, 4).
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	return scheme + "://" + strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
}
