package link

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

// More than an environment has pages to come back to, and longer than one's address is.
const (
	maxRedirects   = 100
	maxRedirectURI = 2000
)

// RedirectURIs are the pages that links of an environment may lead to when they are done.
func (s *Service) RedirectURIs(ctx context.Context, environment string) ([]string, error) {
	uris, err := s.store.ListRedirectURIs(ctx, environment)
	if err != nil {
		return nil, fmt.Errorf("list redirect URIs: %w", err)
	}
	return uris, nil
}

// SetRedirectURIs replaces the list. A link's redirect URI must be one of it, letter for letter (RFC 9700, 4.1.3).
func (s *Service) SetRedirectURIs(ctx context.Context, environment string, uris []string) error {
	if len(uris) > maxRedirects {
		return invalid("redirect_uris", "are %d, and there can be %d", len(uris), maxRedirects)
	}
	for i, uri := range uris {
		if why := unfit(uri); why != "" {
			return invalid(fmt.Sprintf("redirect_uris[%d]", i), "%s", why)
		}
	}
	now := time.Now().UnixMilli()
	err := s.store.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteRedirectURIs(ctx, environment); err != nil {
			return err
		}
		for _, uri := range uris {
			if err := tx.InsertRedirectURI(ctx, db.InsertRedirectURIParams{Environment: environment, Uri: uri, CreatedAt: now}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store redirect URIs: %w", err)
	}
	return nil
}

// unfit says why an address is none to send people to.
func unfit(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case len(uri) > maxRedirectURI:
		return fmt.Sprintf("is longer than %d bytes", maxRedirectURI)
	case err != nil || store.CheckText(uri) != nil || u.Host == "" || u.Hostname() == "" || strings.ContainsAny(uri, " \t\r\n\"<>\\"):
		return "is no whole address: write one as https://app.example.com/connected"
	case u.User != nil:
		return "must not hold a user name or password"
	case strings.Contains(uri, "#"):
		return "must not have a #: nothing of it would reach the server"
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return ""
	}
	return "must begin with https://; http:// is for this machine alone (http://localhost:3000/…)"
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (s *Service) checkRedirect(ctx context.Context, environment, uri string) error {
	known, err := s.RedirectURIs(ctx, environment)
	if err != nil {
		return err
	}
	if slices.Contains(known, uri) {
		return nil
	}
	if why := unfit(uri); why != "" {
		return invalid("redirect_uri", "%s", why)
	}
	if len(known) == 0 {
		return invalid("redirect_uri", "is not on the environment's list, which is empty: add it by `sluice environment redirect-uri add` or PUT /environment/{id}/redirect-uris")
	}
	return invalid("redirect_uri", "is not on the environment's list, which it must match letter for letter: it has %s", strings.Join(known[:min(len(known), 10)], ", "))
}
