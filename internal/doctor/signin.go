package doctor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// signIn goes the way of a person, where one is there: it registers a client, has the browser opened, and exchanges the code.
func (e *examination) signIn(ctx context.Context, protected *resource, s *authorizationServer, scope string) error {
	if e.Open == nil {
		e.say("sign-in", Note, "A person has to sign in from here on: the tools were not looked at.", "Run it again with --sign-in, or with an access token.")
		return errEnd
	}
	if s.Registration == "" {
		e.say("registration", Note, "There is no registration, so the sign-in cannot be tried from here.", "")
		return errEnd
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the browser: %w", err)
	}
	defer l.Close()
	redirect := "http://" + l.Addr().String() + "/callback"
	client, err := e.register(ctx, s, redirect)
	if err != nil {
		return err
	}
	state, verifier := rand.Text(), rand.Text()+rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirect}, "state": {state}, "resource": {protected.Resource},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	if scope != "" {
		query.Set("scope", scope)
	}
	back := make(chan url.Values, 1)
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/callback" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintln(w, "Done: go back to the terminal.")
		select {
		case back <- r.URL.Query():
		default:
		}
	})}
	go server.Serve(l)
	defer server.Close()
	join := "?"
	if strings.Contains(s.Authorization, "?") {
		join = "&"
	}
	if err := e.Open(s.Authorization + join + query.Encode()); err != nil {
		return fmt.Errorf("open the sign-in page: %w", err)
	}
	var got url.Values
	select {
	case got = <-back:
	case <-time.After(e.Wait):
		e.say("sign-in", Bad, "Nobody came back from the sign-in page within "+e.Wait.String()+".", "Open it in a browser on this machine, and allow it.")
		return errEnd
	case <-ctx.Done():
		return ctx.Err()
	}
	switch {
	case got.Get("state") != state:
		e.say("sign-in", Bad, "The browser came back with another state than it was sent with.", "")
		return errEnd
	case got.Get("error") != "":
		e.say("sign-in", Bad, "The browser came back with an error: "+got.Get("error")+": "+got.Get("error_description"), "")
		return errEnd
	case s.Iss && got.Get("iss") != s.Issuer:
		e.say("sign-in", Bad, fmt.Sprintf("The browser came back from %q, not from %s: clients refuse that.", got.Get("iss"), s.Issuer), "")
		return errEnd
	}
	e.say("sign-in", Good, "A person signed in and allowed it.", "")
	return e.exchange(ctx, protected, s, client, redirect, got.Get("code"), verifier)
}

func (e *examination) register(ctx context.Context, s *authorizationServer, redirect string) (client string, err error) {
	body, _ := json.Marshal(map[string]any{
		"client_name": "Sluice doctor", "redirect_uris": []string{redirect}, "token_endpoint_auth_method": "none", "application_type": "native",
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
	})
	a, err := e.send(ctx, http.MethodPost, s.Registration, "application/json", body)
	var registered struct {
		ID string `json:"client_id"`
	}
	switch {
	case err != nil:
		e.say("registration", Bad, fmt.Sprintf("It does not answer: %v.", err), "")
		return "", errEnd
	case a.status != http.StatusCreated && a.status != http.StatusOK || json.Unmarshal(a.body, &registered) != nil || registered.ID == "":
		e.say("registration", Bad, fmt.Sprintf("It refuses (HTTP %d): %.300s", a.status, a.body), "")
		return "", errEnd
	}
	e.say("registration", Good, "A client registered itself.", "")
	return registered.ID, nil
}

func (e *examination) exchange(ctx context.Context, protected *resource, s *authorizationServer, client, redirect, code, verifier string) error {
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}, "resource": {protected.Resource},
	}
	a, err := e.send(ctx, http.MethodPost, s.Token, "application/x-www-form-urlencoded", []byte(form.Encode()))
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Expires int64  `json:"expires_in"`
	}
	switch {
	case err != nil:
		e.say("token", Bad, fmt.Sprintf("The token endpoint does not answer: %v.", err), "")
		return errEnd
	case a.status != http.StatusOK || json.Unmarshal(a.body, &tokens) != nil || tokens.Access == "":
		e.say("token", Bad, fmt.Sprintf("The code is not exchanged (HTTP %d): %.300s", a.status, a.body), "")
		return errEnd
	case tokens.Refresh == "":
		e.say("token", Note, fmt.Sprintf("There is a token for %v, and none to renew it: people sign in again after that.", time.Duration(tokens.Expires)*time.Second), "")
	default:
		e.say("token", Good, fmt.Sprintf("There is a token for %v, and one to renew it.", time.Duration(tokens.Expires)*time.Second), "")
	}
	e.access = tokens.Access
	result, a, err := e.call(ctx, "initialize", initialize)
	switch {
	case err != nil:
		return err
	case a.status == http.StatusUnauthorized:
		e.say("answer", Bad, "The server does not take the token that it has just been asked for: "+a.header.Get("WWW-Authenticate"), "A proxy in front may take the Authorization header away.")
		return errEnd
	case result == nil:
		e.say("answer", Bad, fmt.Sprintf("The answer to initialize is no MCP (HTTP %d): %.200s", a.status, a.body), "")
		return errEnd
	}
	e.session = a.header.Get("Mcp-Session-Id")
	e.say("answer", Good, "The server answers whoever signed in.", "")
	return nil
}
