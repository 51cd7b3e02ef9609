package signin

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"sluice/internal/page"
	"sluice/internal/prose"
	"sluice/internal/secret"
	"sluice/internal/user"
)

const callbackPath = "/sign-in/openid/callback"

// openIDPath leads to the provider that speaks for an address, or to the only one.
func openIDPath(next, email string) string {
	q := url.Values{}
	if next != "" {
		q.Set("next", next)
	}
	if email != "" {
		q.Set("email", email)
		q.Set("go", "1")
	}
	return "/sign-in/openid?" + q.Encode()
}

// journey is what the browser keeps, sealed, while its user is at the provider: what the answer is held against (OpenID Connect Core 1.0, 3.1.2; RFC 7636).
type journey struct {
	Environment string    `json:"environment"`
	Issuer      string    `json:"issuer"`
	State       string    `json:"state"`
	Nonce       string    `json:"nonce"`
	Verifier    string    `json:"verifier"`
	Next        string    `json:"next"`
	Ends        time.Time `json:"ends"`
}

const journeyLife = 15 * time.Minute

var journeyBound = []byte("openid sign-in")

// companyPage asks whose people somebody is, or leads on to the provider. It is a link that leads there and not the form itself, since browsers hold a page's
// policy for forms against where the form ends.
type companyPage struct {
	Form  *page.Form
	Next  string
	Go    string
	Label string
}

func (d *Door) toProvider(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	next, email := d.local(q.Get("next")), q.Get("email")
	f := page.NewForm("email", email)
	p, err := d.Users.OnlyProvider(r.Context())
	alone := err == nil
	if isNotFound(err) && email != "" {
		if p, err = d.Users.ProviderFor(r.Context(), email); isNotFound(err) {
			f.Fail("email", "Nobody with an address of this domain signs in by their company's account here.")
		}
	}
	switch {
	case isNotFound(err):
		pages.Write(w, r, http.StatusOK, "company", companyPage{Form: f, Next: next})
		return
	case err != nil:
		d.failed(w, r, err)
		return
	case !alone && q.Get("go") == "":
		pages.Write(w, r, http.StatusOK, "company", companyPage{Form: f, Next: next, Go: openIDPath(next, email), Label: p.Label})
		return
	}
	client, _, err := d.providers.find(r.Context(), d.HTTP, p, d.PublicURL)
	if err != nil {
		d.Log.WarnContext(r.Context(), "signin: the OpenID provider cannot be asked", "issuer", p.Issuer, "error", err)
		page.WriteMessage(w, r, http.StatusBadGateway, p.Label+" does not answer", "Sluice cannot reach the provider that you sign in by; its log says why. Try again in a moment.")
		return
	}
	j := journey{
		Environment: p.Environment, Issuer: p.Issuer, State: secret.NewToken(""), Nonce: secret.NewToken(""), Verifier: oauth2.GenerateVerifier(), Next: next,
		Ends: time.Now().Add(journeyLife),
	}
	text, err := json.Marshal(j)
	if err == nil {
		text, err = d.Keys.Seal(text, journeyBound)
	}
	if err != nil {
		d.failed(w, r, err)
		return
	}
	d.cookies.openid.set(w, base64.RawURLEncoding.EncodeToString(text), journeyLife)
	options := []oauth2.AuthCodeOption{oidc.Nonce(j.Nonce), oauth2.S256ChallengeOption(j.Verifier)}
	if email != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", email))
	}
	http.Redirect(w, r, client.AuthCodeURL(j.State, options...), http.StatusSeeOther)
}

func (d *Door) fromProvider(w http.ResponseWriter, r *http.Request) {
	j, ok := d.journey(r)
	d.cookies.openid.clear(w) // it is for one answer
	q := r.URL.Query()
	if !ok || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(j.State)) != 1 || q.Has("iss") && q.Get("iss") != j.Issuer {
		page.WriteMessage(w, r, http.StatusBadRequest, "This sign-in was not begun here", "It was begun in another browser or too long ago. Go to /sign-in and begin again.")
		return
	}
	if fault := q.Get("error"); fault != "" {
		d.Log.InfoContext(r.Context(), "signin: the OpenID provider refused", "issuer", j.Issuer, "error", fault, "description", q.Get("error_description"))
		page.WriteMessage(w, r, http.StatusForbidden, "You were not signed in", "The provider did not let you through ("+fault+"). Go to /sign-in to try again.")
		return
	}
	p, err := d.Users.Provider(r.Context(), j.Environment)
	if err == nil && p.Issuer != j.Issuer {
		err = user.ErrNotFound
	}
	if err != nil {
		page.WriteMessage(w, r, http.StatusBadRequest, "This sign-in cannot be finished", "The provider was changed meanwhile. Go to /sign-in and begin again.")
		return
	}
	claims, err := d.claims(r.Context(), p, j, q.Get("code"))
	if err != nil {
		d.Log.WarnContext(r.Context(), "signin: the OpenID provider's answer cannot be taken", "issuer", p.Issuer, "error", err)
		page.WriteMessage(w, r, http.StatusBadGateway, "You were not signed in", "What "+p.Label+" answered cannot be taken; Sluice's log says why. Go to /sign-in to try again.")
		return
	}
	u, err := d.Users.SignInByProvider(r.Context(), p, claims)
	if err == nil {
		err = d.admit(w, r, u, byProvider)
	}
	var nobody *user.NobodyError
	switch {
	case errors.As(err, &nobody):
		page.WriteMessage(w, r, http.StatusForbidden, "You were not signed in", prose.Capital(nobody.Message)+".")
	case err != nil:
		d.failed(w, r, err)
	default:
		http.Redirect(w, r, d.local(j.Next), http.StatusSeeOther)
	}
}

// journey opens what the browser kept.
func (d *Door) journey(r *http.Request) (j journey, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(d.cookies.openid.read(r))
	if err != nil {
		return j, false
	}
	text, err := d.Keys.Open(sealed, journeyBound)
	if err != nil || json.Unmarshal(text, &j) != nil {
		return j, false
	}
	return j, time.Now().Before(j.Ends)
}

// claims exchanges the code and checks what came for it: signature, issuer, audience, expiry, nonce.
func (d *Door) claims(ctx context.Context, p *user.Provider, j journey, code string) (user.Claims, error) {
	client, provider, err := d.providers.find(ctx, d.HTTP, p, d.PublicURL)
	if err != nil {
		return user.Claims{}, err
	}
	ctx = oidc.ClientContext(ctx, d.HTTP)
	token, err := client.Exchange(ctx, code, oauth2.VerifierOption(j.Verifier))
	if err != nil {
		return user.Claims{}, fmt.Errorf("exchange the code: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return user.Claims{}, errors.New("there is no ID token in the answer")
	}
	id, err := provider.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(ctx, raw)
	if err != nil {
		return user.Claims{}, fmt.Errorf("check the ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(j.Nonce)) != 1 {
		return user.Claims{}, errors.New("the ID token was made for another sign-in: its nonce is not ours")
	}
	var said identity
	if err := id.Claims(&said); err != nil {
		return user.Claims{}, fmt.Errorf("read the ID token: %w", err)
	}
	if said.Email == "" { // which a provider may tell at its UserInfo endpoint only
		info, err := provider.UserInfo(ctx, client.TokenSource(ctx, token))
		if err != nil {
			return user.Claims{}, fmt.Errorf("ask who it is: %w", err)
		}
		if info.Subject != id.Subject { // OpenID Connect Core 1.0, 5.3.2
			return user.Claims{}, errors.New("the UserInfo endpoint speaks of somebody else")
		}
		if err := info.Claims(&said); err != nil {
			return user.Claims{}, fmt.Errorf("read who it is: %w", err)
		}
	}
	return user.Claims{Subject: id.Subject, Email: said.Email, EmailVerified: bool(said.Verified || said.DomainVerified), Name: said.Name}, nil
}

// identity is what Sluice reads of a token. Microsoft Entra does not know email_verified and tells, if asked to, xms_edov in its place: that the address's
// domain belongs to the tenant.
type identity struct {
	Email          string `json:"email"`
	Verified       truth  `json:"email_verified"`
	DomainVerified truth  `json:"xms_edov"`
	Name           string `json:"name"`
}

// truth reads true as some providers write it, too: as a text or a number.
type truth bool

func (t *truth) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `true`, `"true"`, `1`, `"1"`:
		*t = true
	default:
		*t = false
	}
	return nil
}

// providers remembers what providers tell of themselves (OpenID Connect Discovery 1.0), for a while.
type providers struct {
	mu    sync.Mutex
	known map[string]discovered // by issuer
}

type discovered struct {
	provider *oidc.Provider
	at       time.Time
}

// rediscoverAfter is how long a provider's description is taken for true. Its keys are asked for anew whenever a signature wants one that is not known.
const rediscoverAfter = time.Hour

func (s *providers) find(ctx context.Context, client *http.Client, p *user.Provider, publicURL string) (*oauth2.Config, *oidc.Provider, error) {
	s.mu.Lock()
	known, ok := s.known[p.Issuer]
	s.mu.Unlock()
	if !ok || time.Since(known.at) > rediscoverAfter {
		// The provider keeps the context for as long as it asks for keys.
		provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), client), p.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("discover the OpenID provider: %w", err)
		}
		known = discovered{provider, time.Now()}
		s.mu.Lock()
		if s.known == nil || len(s.known) > 1000 {
			s.known = map[string]discovered{}
		}
		s.known[p.Issuer] = known
		s.mu.Unlock()
	}
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: known.provider.Endpoint(), RedirectURL: publicURL + callbackPath,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}, known.provider, nil
}
