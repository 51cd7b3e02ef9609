package user

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/internal/permission"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Provider is the OpenID provider by which an environment's people sign in.
type Provider struct {
	Environment  string
	Label        string // what people call it
	Issuer       string
	ClientID     string
	ClientSecret string          // never shown again
	Domains      []string        // whose email addresses it speaks for; each is one environment's
	Role         permission.Role // of whoever signs in the first time; "": who was not invited is nobody
	Required     bool            // passwords are switched off, but for owners
	UpdatedAt    time.Time
}

// SpeaksFor reports whether an address is of one of the provider's domains.
func (p *Provider) SpeaksFor(email string) bool {
	_, domain, ok := strings.Cut(foldEmail(email), "@")
	return ok && slices.Contains(p.Domains, domain)
}

// ReplacesPasswords reports whether users of a role sign in by the provider alone. Owners can still get in when it is out of order.
func (p *Provider) ReplacesPasswords(role permission.Role) bool {
	return p.Required && role != permission.Owner
}

// SetProvider makes p the environment's provider, in place of the one before, whose secret stays if p has none.
func (s *Service) SetProvider(ctx context.Context, p Provider, by By) error {
	if err := s.checkProvider(ctx, &p, by); err != nil {
		return err
	}
	sealed, err := s.Keys.Seal([]byte(p.ClientSecret), providerBound(p.Environment))
	if err != nil {
		return err
	}
	var required int64
	if p.Required {
		required = 1
	}
	err = s.Store.Tx(ctx, func(tx *store.Tx) error {
		err := tx.PutIdentityProvider(ctx, db.PutIdentityProviderParams{
			Environment: p.Environment, Label: p.Label, Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: sealed, Role: string(p.Role), Required: required,
			UpdatedAt: time.Now().UnixMilli(),
		})
		if err != nil {
			return err
		}
		if err := tx.DeleteIdentityProviderDomains(ctx, p.Environment); err != nil {
			return err
		}
		for _, domain := range p.Domains {
			err := tx.AddIdentityProviderDomain(ctx, db.AddIdentityProviderDomainParams{Domain: domain, Environment: p.Environment})
			if store.Conflict(err) {
				return &ConflictError{"the domain " + domain + " is another environment's already"}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return explain(err, "set the OpenID provider")
}

func (s *Service) checkProvider(ctx context.Context, p *Provider, by By) error {
	p.Label, p.Issuer, p.ClientID = strings.TrimSpace(p.Label), strings.TrimSpace(p.Issuer), strings.TrimSpace(p.ClientID)
	u, err := url.Parse(p.Issuer)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return &InvalidError{"issuer", "is no issuer: write its URL, such as https://accounts.google.com"}
	case u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1":
		return &InvalidError{"issuer", "must begin with https://"}
	case p.ClientID == "":
		return &InvalidError{"client_id", "is required: the provider gave it when Sluice was registered there"}
	case len(p.Domains) == 0:
		return &InvalidError{"domains", "is required: name the domains of your people's email addresses, such as example.com"}
	}
	if p.Label == "" {
		p.Label = u.Hostname()
	}
	label, fault := store.CheckName(p.Label, maxName)
	if fault != "" {
		return &InvalidError{"label", fault}
	}
	p.Label = label
	for i, domain := range p.Domains {
		domain = strings.TrimPrefix(foldEmail(domain), "@")
		if _, err := checkEmail("a@" + domain); err != nil || !strings.Contains(domain, ".") {
			return &InvalidError{"domains", fmt.Sprintf("holds %.80q, which is none: write it such as example.com", p.Domains[i])}
		}
		p.Domains[i] = domain
	}
	slices.Sort(p.Domains)
	p.Domains = slices.Compact(p.Domains)
	if p.Role != "" {
		if err := mayGrant(by, p.Role); err != nil {
			return err
		}
	}
	if p.ClientSecret == "" {
		switch before, err := s.Provider(ctx, p.Environment); {
		case errors.Is(err, ErrNotFound):
			return &InvalidError{"client_secret", "is required: the provider gave it when Sluice was registered there"}
		case err != nil:
			return err
		case before.Issuer != p.Issuer: // a secret goes to nobody but whom it was entered for
			return &InvalidError{"client_secret", "is required again for another issuer"}
		default:
			p.ClientSecret = before.ClientSecret
		}
	}
	return nil
}

func providerBound(environment string) []byte { return []byte("identity provider of " + environment) }

// Provider returns an environment's provider, or ErrNotFound.
func (s *Service) Provider(ctx context.Context, environment string) (*Provider, error) {
	row, err := s.Store.GetIdentityProvider(ctx, environment)
	return s.provider(ctx, row, err)
}

// ProviderFor returns the provider that speaks for an address, or ErrNotFound.
func (s *Service) ProviderFor(ctx context.Context, email string) (*Provider, error) {
	_, domain, _ := strings.Cut(foldEmail(email), "@")
	row, err := s.Store.FindIdentityProviderByDomain(ctx, domain)
	return s.provider(ctx, row, err)
}

// OnlyProvider returns the installation's provider if there is one and no other, so that nobody need say first who they are. ErrNotFound: there are none, or several.
func (s *Service) OnlyProvider(ctx context.Context) (*Provider, error) {
	rows, err := s.Store.ListIdentityProviders(ctx, 2)
	if err == nil && len(rows) != 1 {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("list OpenID providers: %w", err)
	}
	return s.provider(ctx, rows[0], nil)
}

// HasProviders reports whether anybody in the installation signs in by a provider.
func (s *Service) HasProviders(ctx context.Context) (bool, error) {
	rows, err := s.Store.ListIdentityProviders(ctx, 1)
	if err != nil {
		return false, fmt.Errorf("list OpenID providers: %w", err)
	}
	return len(rows) > 0, nil
}

// DeleteProvider takes an environment its provider.
func (s *Service) DeleteProvider(ctx context.Context, environment string) error {
	n, err := s.Store.DeleteIdentityProvider(ctx, environment)
	if err == nil && n == 0 {
		return fmt.Errorf("OpenID provider: %w", ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("delete the OpenID provider: %w", err)
	}
	return nil
}

func (s *Service) provider(ctx context.Context, row db.IdentityProvider, err error) (*Provider, error) {
	if missing(err) {
		return nil, fmt.Errorf("OpenID provider: %w", ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("get the OpenID provider: %w", err)
	}
	plain, err := s.Keys.Open(row.ClientSecret, providerBound(row.Environment))
	if err != nil {
		return nil, fmt.Errorf("open the OpenID provider's secret: %w", err)
	}
	domains, err := s.Store.ListIdentityProviderDomains(ctx, row.Environment)
	if err != nil {
		return nil, fmt.Errorf("get the OpenID provider's domains: %w", err)
	}
	return &Provider{
		Environment: row.Environment, Label: row.Label, Issuer: row.Issuer, ClientID: row.ClientID, ClientSecret: string(plain), Domains: domains,
		Role: permission.Role(row.Role), Required: row.Required != 0, UpdatedAt: store.Time(row.UpdatedAt),
	}, nil
}
