package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// A client that nobody registered is known by the document under its own URL, which Sluice reads by https, from a host whose certificate an authority vouches for
// that the operating system trusts.
func TestTheGoClientSignsInByItsDocument(t *testing.T) {
	certFile, keyFile, _ := certificate(t)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	var read atomic.Int32
	var id string
	documents := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		read.Add(1)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"client_id":%q,"client_name":"Documented","redirect_uris":[%q],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]}`, id, nowhere)
	}))
	documents.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	documents.StartTLS()
	t.Cleanup(documents.Close)
	id = strings.Replace(documents.URL, "127.0.0.1", "localhost", 1) + "/client.json"

	connect := func(t *testing.T, h *house) error {
		t.Helper()
		server, ada := h.signInServer(t), h.invite(t, "member", http.DefaultTransport)
		b := newBrowser(t, http.DefaultTransport)
		handler, err := auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
			ClientIDMetadataDocumentConfig: &auth.ClientIDMetadataDocumentConfig{URL: id}, RedirectURL: nowhere,
			AuthorizationCodeFetcher: func(_ context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
				b.submit(t, h.APIURL+"/sign-in", url.Values{"email": {ada.email}, "password": {ada.password}})
				answer, err := b.client.Get(args.URL)
				if err != nil {
					return nil, err
				}
				page, err := io.ReadAll(answer.Body)
				answer.Body.Close()
				if err != nil || !strings.Contains(string(page), "Documented") {
					return nil, fmt.Errorf("the person is shown, with HTTP %d: %s (%v)", answer.StatusCode, page, err)
				}
				back := b.allow(t, ada, args.URL, true).Query()
				return &auth.AuthorizationResult{Code: back.Get("code"), State: back.Get("state"), Iss: back.Get("iss")}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		session, err := mcp.NewClient(&mcp.Implementation{Name: "sluice-e2e-go", Version: "1.0.0"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: server.URL, OAuthHandler: handler}, nil)
		if err != nil {
			return err
		}
		defer session.Close()
		if _, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "list_all_octapipe_users", Arguments: map[string]any{}}); err != nil {
			t.Errorf("a call: %v", err)
		}
		if state, client, steps := h.verdict(t, server); state != "connected" || client != "Documented" || !strings.Contains(fmt.Sprint(steps), "client_metadata") {
			t.Errorf("connecting is %s, of %q: %v", state, client, steps)
		}
		return nil
	}
	t.Run("of an authority that is not trusted", func(t *testing.T) {
		if err := connect(t, startInstallation(t)); err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
			t.Errorf("got %v, want the certificate named", err)
		}
	})
	t.Run("of one that is", func(t *testing.T) {
		t.Setenv("SSL_CERT_FILE", certFile)
		before := read.Load()
		if err := connect(t, startInstallation(t)); err != nil {
			t.Fatal(err)
		}
		if n := read.Load() - before; n != 1 {
			t.Errorf("the document was read %d times, want once while it is fresh", n)
		}
	})
}
