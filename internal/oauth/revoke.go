package oauth

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"sluice/internal/connection"
	"sluice/internal/mcpserver"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// revocation ends a token (RFC 7009): a refresh token ends all that the person allowed this client, an access token itself. Whether there was such a token is not
// told.
func (d *Door) revocation(w http.ResponseWriter, r *http.Request, server *mcpserver.Server) {
	err := d.revoke(w, r, server)
	if err != nil {
		status, e := d.tokenError(w, r, err)
		writeError(w, status, e)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

func (d *Door) revoke(w http.ResponseWriter, r *http.Request, server *mcpserver.Server) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	var in oidc.RefreshTokenRequest // for the client's proof alone
	if err := op.ParseAuthenticatedTokenRequest(r, decoder, &in); err != nil {
		return err
	}
	var from connection.From
	text := r.PostForm.Get("token")
	if text == "" {
		return oidc.ErrInvalidRequest().WithDescription("token is missing.")
	}
	c, err := d.clientOfRequest(r, server, in.ClientID, in.ClientSecret, &from)
	if e, ok := errors.AsType[*oidc.Error](err); ok && e.ErrorType == oidc.InvalidGrant {
		return nil // there is no such token of the client's (RFC 7009, section 2.2)
	}
	if err != nil {
		return err
	}
	for _, prefix := range []string{refreshPrefix, accessPrefix} {
		token, g, err := d.findToken(r.Context(), text, prefix)
		if err != nil {
			return err
		}
		if g == nil || g.Environment != server.Environment || g.ServerID != server.ID || g.ClientID != c.ID {
			continue
		}
		if prefix == refreshPrefix {
			return d.drop(r.Context(), g.Environment, g.ID)
		}
		err = d.Store.Tx(r.Context(), func(tx *store.Tx) error {
			tx.Publish(store.OAuthTokens, token.ID)
			_, err := tx.DeleteOAuthToken(r.Context(), db.DeleteOAuthTokenParams{Environment: g.Environment, ID: token.ID})
			return err
		})
		if err != nil {
			return fmt.Errorf("revoke a token: %w", err)
		}
	}
	return nil
}
