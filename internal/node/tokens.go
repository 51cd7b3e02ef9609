package node

import (
	"context"
	"errors"

	"sluice/internal/environment"
	"sluice/internal/permission"
	"sluice/internal/user"
)

// apiTokens tells the doors to tools what an API token may do now.
type apiTokens struct {
	environments *environment.Service
	users        *user.Service
}

// Identify implements mcp.APITokens. A token that is a user's may do no more than its user.
func (a apiTokens) Identify(ctx context.Context, bearer string) (id, environmentID string, may permission.Set, err error) {
	token, err := a.environments.Authenticate(ctx, bearer)
	if errors.Is(err, environment.ErrUnknownToken) {
		return "", "", 0, nil
	}
	if err != nil {
		return "", "", 0, err
	}
	may = token.Scopes
	if token.UserID != "" {
		u, err := a.users.Find(ctx, token.UserID)
		if errors.Is(err, user.ErrNotFound) {
			return "", "", 0, nil
		}
		if err != nil {
			return "", "", 0, err
		}
		may = may.Both(u.Permissions())
	}
	return token.ID, token.Environment, may, nil
}
