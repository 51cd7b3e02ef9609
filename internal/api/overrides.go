package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"sluice/internal/catalog"
	"sluice/internal/integration"
	"sluice/internal/permission"
	"sluice/internal/prose"
)

// Override is what of an integration is different for all accounts of the environment, or for one.
type Override struct {
	Integration string          `json:"integration"`
	AccountID   *string         `json:"integrated_account_id" doc:"null: it is for all accounts of the environment"`
	Version     int64           `json:"version" doc:"From 1; 0: there was never one"`
	Override    json.RawMessage `json:"override" doc:"null: there is none"`
	UpdatedAt   *time.Time      `json:"updated_at"`
}

func showOverride(name string, o *catalog.Override) *one[Override] {
	return &one[Override]{Override{name, text(o.Account), o.Version, o.Document, moment(o.UpdatedAt)}}
}

// putOverride stores an override. It is kept as JSON, whatever it came as.
func (a *api) putOverride(ctx context.Context, name, account string, document []byte) (*one[Override], error) {
	if document != nil {
		var err error
		if document, err = a.Catalog.ReadOverride(ctx, caller(ctx).Environment, name, account, document); err != nil {
			return nil, err
		}
		if len(document) == 0 {
			document = nil
		} else if at, found := findNUL(document); found {
			return nil, problem(http.StatusUnprocessableEntity, named(at)+" holds the character U+0000, which cannot be stored: leave it out.").at(at)
		}
	}
	o, err := a.Catalog.PutOverride(ctx, caller(ctx).Environment, caller(ctx).ID, name, account, document)
	if own, ok := errors.AsType[*catalog.OverrideError](err); ok && own.Account == account {
		var faults integration.Faults
		if errors.As(own, &faults) {
			return nil, faults
		}
		return nil, problem(http.StatusUnprocessableEntity, prose.Sentence(prose.Capital(own.Error())))
	}
	if err != nil {
		return nil, err
	}
	return showOverride(name, o), nil
}

// IntegrationByName is the path of one integration.
type IntegrationByName struct {
	Name string `path:"name"`
}

func (a *api) overrides() {
	register(a, operation{"get-integration-override", http.MethodGet, "/integration/{name}/override", "Get what of an integration is different for this environment", 0, permission.IntegrationsRead},
		func(ctx context.Context, in *IntegrationByName) (*one[Override], error) {
			if _, err := a.Catalog.Get(ctx, caller(ctx).Environment, in.Name); err != nil {
				return nil, err
			}
			o, err := a.Catalog.GetOverride(ctx, caller(ctx).Environment, in.Name, "")
			if err != nil {
				return nil, err
			}
			return showOverride(in.Name, o), nil
		})
	register(a, operation{"put-integration-override", http.MethodPut, "/integration/{name}/override", "Make a part of an integration different for this environment: a merge patch (RFC 7396) of its definition, JSON or YAML; it lands whole or is refused", 0, permission.IntegrationsWrite},
		func(ctx context.Context, in *struct {
			IntegrationByName
			RawBody []byte `contentType:"application/yaml"`
		}) (*one[Override], error) {
			return a.putOverride(ctx, in.Name, "", in.RawBody)
		})
	register(a, operation{"delete-integration-override", http.MethodDelete, "/integration/{name}/override", "Take back what is different for this environment", http.StatusNoContent, permission.IntegrationsWrite},
		func(ctx context.Context, in *IntegrationByName) (*struct{}, error) {
			_, err := a.putOverride(ctx, in.Name, "", nil)
			return nil, err
		})
	register(a, operation{"get-account-override", http.MethodGet, "/integrated-account/{id}/override", "Get what of its integration is different for an account", 0, permission.IntegrationsRead},
		func(ctx context.Context, in *AccountByID) (*one[Override], error) {
			acct, err := a.Accounts.Get(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			o, err := a.Catalog.GetOverride(ctx, acct.Environment, acct.Integration, acct.ID)
			if err != nil {
				return nil, err
			}
			return showOverride(acct.Integration, o), nil
		})
	register(a, operation{"put-account-override", http.MethodPut, "/integrated-account/{id}/override", "Make a part of its integration different for an account: a merge patch (RFC 7396) of its definition, JSON or YAML; it lands whole or is refused", 0, permission.IntegrationsWrite},
		func(ctx context.Context, in *struct {
			AccountByID
			RawBody []byte `contentType:"application/yaml"`
		}) (*one[Override], error) {
			acct, err := a.Accounts.Get(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			return a.putOverride(ctx, acct.Integration, acct.ID, in.RawBody)
		})
	register(a, operation{"delete-account-override", http.MethodDelete, "/integrated-account/{id}/override", "Take back what is different for an account", http.StatusNoContent, permission.IntegrationsWrite},
		func(ctx context.Context, in *AccountByID) (*struct{}, error) {
			acct, err := a.Accounts.Get(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			_, err = a.putOverride(ctx, acct.Integration, acct.ID, nil)
			return nil, err
		})
	register(a, operation{"list-integration-versions", http.MethodGet, "/integration/{name}/versions", "List the versions of an integration of the environment's own, the newest first", 0, permission.IntegrationsRead},
		func(ctx context.Context, in *struct {
			IntegrationByName
		}) (*listed[IntegrationVersion], error) {
			if _, err := a.Catalog.Get(ctx, caller(ctx).Environment, in.Name); err != nil {
				return nil, err
			}
			versions, err := a.Catalog.Versions(ctx, caller(ctx).Environment, in.Name)
			if err != nil {
				return nil, err
			}
			return listOf(versions, "", func(v catalog.Version) IntegrationVersion {
				return IntegrationVersion{v.Version, v.Digest, v.CreatedBy, moment(v.CreatedAt)}
			}), nil
		})
}

// IntegrationVersion is one version of a stored definition. The newest is the one that counts.
type IntegrationVersion struct {
	Version   int64      `json:"version"`
	Digest    string     `json:"digest"`
	CreatedBy string     `json:"created_by"`
	CreatedAt *time.Time `json:"created_at"`
}
