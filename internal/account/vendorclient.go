package account

import (
	"context"
	"errors"
	"fmt"
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
	HasSecret   bool // a public client has none
	CreatedBy   string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// ErrNoVendorClient is wrapped where an environment has no OAuth client for an integration.
var ErrNoVendorClient = errors.New("no OAuth client of this environment for the integration")

func boundClient(environment, integration string) []byte {
	return []byte(environment + "/" + integration + "/oauth-client")
}

// SetVendorClient keeps the OAuth client that an environment has with a vendor, in place of one that it had. Accounts that were connected by another client
// stay connected for as long as the vendor takes their tokens from this one.
func (s *Service) SetVendorClient(ctx context.Context, environment, integration, by, id, secret string) (*VendorClient, error) {
	def, err := s.definitions.Find(ctx, environment, integration)
	if err != nil {
		return nil, fmt.Errorf("find the integration: %w", err)
	}
	wanted := false
	for _, way := range waysOf(&def.Credentials) {
		wanted = wanted || way.OAuth2 != nil && way.OAuth2.ClientID == ""
	}
	if !wanted {
		return nil, invalid("integration", "asks for no OAuth client of an environment: its accounts are connected by what their form asks for")
	}
	if id, err = checkName("client_id", id); err != nil {
		return nil, err
	}
	if id == "" {
		return nil, invalid("client_id", "is required: %s shows it where the application is registered", labelOf(def))
	}
	if err := store.CheckText(secret); err != nil {
		return nil, invalid("client_secret", "cannot be used: %v", err)
	}
	if len(secret) > maxValue {
		return nil, invalid("client_secret", "is longer than %d bytes", maxValue)
	}
	var sealed []byte
	if secret != "" {
		if sealed, err = s.sealer.Seal([]byte(secret), boundClient(environment, integration)); err != nil {
			return nil, fmt.Errorf("seal the OAuth client's secret: %w", err)
		}
	}
	now := store.Millis(s.now())
	err = s.store.PutVendorClient(ctx, db.PutVendorClientParams{Environment: environment, Integration: integration, ClientID: id, ClientSecret: sealed,
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
	return &VendorClient{Integration: row.Integration, ClientID: row.ClientID, HasSecret: len(row.ClientSecret) > 0,
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

// ClientGoesBy names the value of an account's context that decides to whose host the environment's OAuth client, with its secret, is sent; "" where the
// definition says so itself, or an account's own client is used. Only who acts for the environment may give that value.
func (s *Service) ClientGoesBy(def *integration.Definition, way int) string {
	ways := waysOf(&def.Credentials)
	if way < 0 || way >= len(ways) || ways[way].OAuth2 == nil || ways[way].OAuth2.ClientID != "" {
		return ""
	}
	o := ways[way].OAuth2
	for _, address := range []string{o.Issuer, o.TokenURL, o.RevocationURL} {
		if strings.HasPrefix(address, "/") {
			address = def.BaseURL
		}
		template, err := s.templates.parse(address)
		if err != nil {
			continue
		}
		if ref := template.Domain(); ref != nil && ref.Space == "context" && !def.Context.Chosen(ref.Name) {
			return ref.Name
		}
	}
	return ""
}
