package node

import (
	"context"
	"errors"

	"sluice/internal/environment"
	"sluice/internal/mcp"
	"sluice/internal/user"
)

// apiTokens tells the doors to tools what an API token may do now.
type apiTokens struct {
	environments *environment.Service
	users        *user.Service
}

// Identify implements mcp.APITokens. A token that is a user's may do no more than its user.
func (a apiTokens) Identify(ctx context.Context, bearer string) (mcp.APIToken, error) {
	token, err := a.environments.Authenticate(ctx, bearer)
	if errors.Is(err, environment.ErrUnknownToken) {
		return mcp.APIToken{}, nil
	}
	if err != nil {
		return mcp.APIToken{}, err
	}
	may := token.Scopes
	if token.UserID != "" {
		u, err := a.users.Find(ctx, token.UserID)
		if errors.Is(err, user.ErrNotFound) {
			return mcp.APIToken{}, nil
		}
		if err != nil {
			return mcp.APIToken{}, err
		}
		may = may.Both(u.Permissions())
	}
	return mcp.APIToken{ID: token.ID, UserID: token.UserID, Environment: token.Environment, May: may, ExpiresAt: token.ExpiresAt}, nil
}
