package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"sluice/internal/account"
	"sluice/internal/catalog"
	"sluice/internal/permission"
)

// IntegratedAccount is one tenant's connection to one vendor. Credentials never come back.
type IntegratedAccount struct {
	ID          string            `json:"id"`
	TenantID    string            `json:"tenant_id"`
	Name        string            `json:"name"`
	Integration IntegrationName   `json:"integration"`
	Status      string            `json:"status" enum:"connecting,active,needs_reauth,validation_error,disabled"`
	Context     map[string]string `json:"context"`
	Settings    account.Settings  `json:"settings" doc:"What the account opted into"`
	LastError   *string           `json:"last_error"`
	CreatedAt   *time.Time        `json:"created_at"`
	UpdatedAt   *time.Time        `json:"updated_at"`
}

// DeletedAccount says what became of an account's tokens at the vendor.
type DeletedAccount struct {
	ID         string                   `json:"id"`
	Revocation account.RevocationStatus `json:"revocation" enum:"revoked,failed,none" doc:"Whether the vendor has ended what it gave to the account; none: there was nothing to end, or there is no way to"`
	Message    string                   `json:"message,omitempty" doc:"What is left to do, in one sentence"`
}

// representation is what a caller prefers who wants to be told what was done (RFC 7240, section 4.2).
const representation = "return=representation"

type deletedAccount struct {
	Status  int
	Applied string `header:"Preference-Applied"`
	Body    *DeletedAccount
}

// IntegrationName names an integration.
type IntegrationName struct {
	Name  string `json:"name"`
	Label string `json:"label"`
}

func (a *api) showAccount(ctx context.Context, acct *account.Account) (IntegratedAccount, error) {
	out := IntegratedAccount{
		ID: acct.ID, TenantID: acct.TenantID, Name: acct.Name, Integration: IntegrationName{acct.Integration, acct.Integration},
		Status: string(acct.Status), Context: acct.Context, Settings: acct.Settings, CreatedAt: moment(acct.CreatedAt), UpdatedAt: moment(acct.UpdatedAt),
	}
	if out.Context == nil {
		out.Context = map[string]string{}
	}
	if acct.LastError != "" {
		out.LastError = &acct.LastError
	}
	def, err := a.Catalog.Find(ctx, acct.Environment, acct.Integration)
	if _, broken := errors.AsType[*catalog.OverrideError](err); broken {
		return out, nil // its calls say so
	}
	if err != nil {
		return out, err
	}
	out.Integration.Label = def.Label
	return out, nil
}

// AccountByID is the path of one account.
type AccountByID struct {
	ID string `path:"id"`
}

func (a *api) accounts() {
	show := func(ctx context.Context, acct *account.Account, err error) (*one[IntegratedAccount], error) {
		if err != nil {
			return nil, err
		}
		shown, err := a.showAccount(ctx, acct)
		return &one[IntegratedAccount]{shown}, err
	}
	register(a, operation{"list-integrated-accounts", http.MethodGet, "/integrated-account", "List integrated accounts", 0, permission.AccountsRead},
		func(ctx context.Context, in *struct {
			Paging
			TenantID    string `query:"tenant_id"`
			Integration string `query:"integration"`
			Status      string `query:"status" enum:"connecting,active,needs_reauth,validation_error,disabled"`
		}) (*listed[IntegratedAccount], error) {
			before, err := in.below("acc")
			if err != nil {
				return nil, err
			}
			accounts, next, err := a.Accounts.List(ctx, caller(ctx).Environment, account.Filter{
				TenantID: in.TenantID, Integration: in.Integration, Status: account.Status(in.Status), Before: before, Limit: in.Limit,
			})
			if err != nil {
				return nil, err
			}
			var broken error
			l := listOf(accounts, next, func(acct *account.Account) IntegratedAccount {
				shown, err := a.showAccount(ctx, acct)
				if err != nil {
					broken = err
				}
				return shown
			})
			return l, broken
		})
	register(a, operation{"create-integrated-account", http.MethodPost, "/integrated-account", "Connect an account; its credentials are proven with the vendor first", http.StatusCreated, permission.AccountsWrite},
		func(ctx context.Context, in *struct {
			Body struct {
				Integration string            `json:"integration" minLength:"1"`
				TenantID    string            `json:"tenant_id,omitempty" maxLength:"200"`
				Name        string            `json:"name,omitempty" maxLength:"200"`
				Credentials map[string]string `json:"credentials,omitempty" doc:"The fields that the integration's form asks for"`
				Context     map[string]string `json:"context,omitempty" doc:"What is not secret: base_url"`
			}
		}) (*one[IntegratedAccount], error) {
			acct, err := a.Accounts.Create(ctx, caller(ctx).Environment, account.NewAccount{
				Integration: in.Body.Integration, TenantID: in.Body.TenantID, Name: in.Body.Name, Credentials: in.Body.Credentials, Context: in.Body.Context,
			})
			if errors.Is(err, catalog.ErrNotFound) {
				return nil, problem(http.StatusUnprocessableEntity, a.fail(ctx, err).Message).at("integration")
			}
			return show(ctx, acct, err)
		})
	register(a, operation{"get-integrated-account", http.MethodGet, "/integrated-account/{id}", "Get an integrated account", 0, permission.AccountsRead},
		func(ctx context.Context, in *AccountByID) (*one[IntegratedAccount], error) {
			acct, err := a.Accounts.Get(ctx, caller(ctx).Environment, in.ID)
			return show(ctx, acct, err)
		})
	register(a, operation{"update-integrated-account", http.MethodPatch, "/integrated-account/{id}", "Change an integrated account; what is not given stays", 0, permission.AccountsWrite},
		func(ctx context.Context, in *struct {
			AccountByID
			Body struct {
				TenantID    *string            `json:"tenant_id,omitempty" maxLength:"200"`
				Name        *string            `json:"name,omitempty" maxLength:"200"`
				Credentials map[string]string  `json:"credentials,omitempty"`
				Context     map[string]*string `json:"context,omitempty" doc:"null takes a value away"`
				Status      *account.Status    `json:"status,omitempty" enum:"active,disabled"`
				Settings    *accountSettings   `json:"settings,omitempty" doc:"What the account opts into; what is not given stays"`
			}
		}) (*one[IntegratedAccount], error) {
			settings, err := a.changed(ctx, in.ID, in.Body.Settings)
			if err != nil {
				return nil, err
			}
			acct, err := a.Accounts.Update(ctx, caller(ctx).Environment, in.ID, account.Change{
				TenantID: in.Body.TenantID, Name: in.Body.Name, Credentials: in.Body.Credentials, Context: in.Body.Context, Status: in.Body.Status, Settings: settings,
			})
			return show(ctx, acct, err)
		})
	register(a, operation{"delete-integrated-account", http.MethodDelete, "/integrated-account/{id}", "Delete an integrated account and the MCP servers on it", 0, permission.AccountsWrite},
		func(ctx context.Context, in *struct {
			AccountByID
			Prefer string `header:"Prefer" doc:"return=representation: say what became of the account's tokens; otherwise the answer is 204"`
		}) (*deletedAccount, error) {
			revocation, err := a.Accounts.Delete(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			if !strings.Contains(strings.ReplaceAll(in.Prefer, `"`, ""), representation) {
				return &deletedAccount{Status: http.StatusNoContent}, nil
			}
			return &deletedAccount{http.StatusOK, representation, &DeletedAccount{ID: in.ID, Revocation: revocation.Status, Message: revocation.Message}}, nil
		})
	register(a, operation{"refresh-credentials", http.MethodPost, "/integrated-account/refresh-credentials", "Prove an account's credentials at once", 0, permission.AccountsWrite},
		func(ctx context.Context, in *struct {
			Body struct {
				ID string `json:"id" minLength:"1"`
			}
		}) (*one[IntegratedAccount], error) {
			acct, err := a.Accounts.RefreshCredentials(ctx, caller(ctx).Environment, in.Body.ID)
			return show(ctx, acct, err)
		})
}
