package dashboard

import (
	"strings"

	"sluice/internal/confirmation"
	"sluice/internal/page"
	"sluice/internal/permission"
)

// route is a page or an action, with the permission that it needs.
type route struct {
	pattern string
	needs   permission.Permission
	serve   func(*visit) error
}

// home is where the dashboard begins.
const home = Path + "/accounts"

// signOut is where the door to the outside ends a session.
const signOut = "/sign-out"

// routes are all pages and actions. What needs nothing is for everybody who is signed in.
var routes = []route{
	{"GET /dashboard/{$}", "", func(v *visit) error { return v.done(home, "") }},

	{"GET /dashboard/accounts", permission.AccountsRead, (*visit).accounts},
	{"GET /dashboard/connect", permission.AccountsWrite, (*visit).chooseIntegration},
	{"GET /dashboard/connect/{integration}", permission.AccountsWrite, (*visit).connectForm},
	{"POST /dashboard/connect/{integration}", permission.AccountsWrite, (*visit).connect},
	{"GET /dashboard/invite", permission.AccountsWrite, (*visit).inviteCustomer},
	{"POST /dashboard/invite", permission.AccountsWrite, (*visit).makeLink},
	{"GET /dashboard/connected", permission.AccountsRead, (*visit).connected},
	{"GET /dashboard/accounts/{id}", permission.ServersRead, (*visit).servers},
	{"GET /dashboard/accounts/{id}/tools", permission.ToolsRead, (*visit).tools},
	{"GET /dashboard/accounts/{id}/logs", permission.LogsRead, (*visit).accountLogs},
	{"GET /dashboard/accounts/{id}/settings", permission.AccountsRead, (*visit).accountSettings},
	{"POST /dashboard/accounts/{id}/settings", permission.AccountsWrite, (*visit).changeAccount},
	{"GET /dashboard/accounts/{id}/reconnect", permission.AccountsWrite, (*visit).reconnectForm},
	{"POST /dashboard/accounts/{id}/reconnect", permission.AccountsWrite, (*visit).reconnect},
	{"GET /dashboard/accounts/{id}/override", permission.IntegrationsRead, (*visit).override},
	{"POST /dashboard/accounts/{id}/override", permission.IntegrationsWrite, (*visit).setOverride},
	{"POST /dashboard/accounts/{id}/check", permission.AccountsWrite, (*visit).checkAccount},
	{"POST /dashboard/accounts/{id}/disable", permission.AccountsWrite, (*visit).disableAccount},
	{"POST /dashboard/accounts/{id}/enable", permission.AccountsWrite, (*visit).enableAccount},
	{"GET /dashboard/accounts/{id}/delete", permission.AccountsWrite, (*visit).deleteAccountForm},
	{"POST /dashboard/accounts/{id}/delete", permission.AccountsWrite, (*visit).deleteAccount},

	{"GET /dashboard/accounts/{id}/servers/new", permission.ServersWrite, (*visit).newServer},
	{"POST /dashboard/accounts/{id}/servers/new", permission.ServersWrite, (*visit).createServer},
	{"POST /dashboard/accounts/{id}/servers/preview", permission.ServersRead, (*visit).previewServer},
	{"GET /dashboard/accounts/{id}/servers/bind", permission.ServersWrite, (*visit).bindChoices},
	{"GET /dashboard/accounts/{id}/servers/{mcp}", permission.ServersRead, (*visit).server},
	{"POST /dashboard/accounts/{id}/servers/{mcp}", permission.ServersWrite, (*visit).changeServer},
	{"GET /dashboard/accounts/{id}/servers/{mcp}/revoke", permission.ServersWrite, (*visit).revokeServerForm},
	{"POST /dashboard/accounts/{id}/servers/{mcp}/revoke", permission.ServersWrite, (*visit).revokeServer},

	{"GET /dashboard/accounts/{id}/servers/{mcp}/sign-ins", permission.ServersRead, (*visit).signIns},
	{"GET /dashboard/accounts/{id}/servers/{mcp}/sign-ins/{attempt}", permission.ServersRead, (*visit).attempt},
	{"POST /dashboard/accounts/{id}/servers/{mcp}/sign-ins/revoke", permission.ServersWrite, (*visit).revokeGrant},

	{"GET /dashboard/accounts/{id}/tools/{tool}", permission.ToolsRead, (*visit).playground},
	{"POST /dashboard/accounts/{id}/tools/{tool}", permission.ToolsRead, (*visit).play}, // a tool that is not safe needs tools:write

	{"GET /dashboard/logs", permission.LogsRead, (*visit).logs},
	{"GET /dashboard/logs/export", permission.LogsRead, (*visit).exportLogs},
	{"GET /dashboard/logs/{call}", permission.LogsRead, (*visit).call},

	{"GET /dashboard/confirmations", permission.LogsRead, (*visit).waiting},
	{"POST /dashboard/confirmations/{confirmation}/approve", permission.ToolsWrite, (*visit).approve},
	{"POST /dashboard/confirmations/{confirmation}/decline", permission.ToolsWrite, (*visit).decline},

	{"GET /dashboard/integrations", permission.IntegrationsRead, (*visit).integrations},
	{"GET /dashboard/import", permission.IntegrationsWrite, (*visit).importForm},
	{"POST /dashboard/import", permission.IntegrationsWrite, (*visit).importDocument},
	{"GET /dashboard/integrations/{name}", permission.IntegrationsRead, (*visit).integration},
	{"POST /dashboard/integrations/{name}/oauth-client", permission.IntegrationsWrite, (*visit).setVendorClient},
	{"POST /dashboard/integrations/{name}/oauth-client/remove", permission.IntegrationsWrite, (*visit).removeVendorClient},
	{"GET /dashboard/overrides/{name}", permission.IntegrationsRead, (*visit).override},
	{"POST /dashboard/overrides/{name}", permission.IntegrationsWrite, (*visit).setOverride},
	{"GET /dashboard/integrations/{name}/definition.json", permission.IntegrationsRead, (*visit).definition},
	{"GET /dashboard/integrations/{name}/{resource}", permission.IntegrationsRead, (*visit).resource},

	{"GET /dashboard/settings", "", func(v *visit) error { return v.done(settings+"/you", "") }},
	{"GET /dashboard/settings/you", "", (*visit).you},
	{"POST /dashboard/settings/you", "", (*visit).changeYou},
	{"POST /dashboard/settings/you/password", "", (*visit).changePassword},
	{"POST /dashboard/settings/you/sessions", "", (*visit).endSession},
	{"GET /dashboard/settings/users", permission.UsersRead, (*visit).users},
	{"POST /dashboard/settings/users", permission.UsersWrite, (*visit).invite},
	{"POST /dashboard/settings/users/uninvite", permission.UsersWrite, (*visit).uninvite},
	{"GET /dashboard/settings/users/{user}", permission.UsersRead, (*visit).user},
	{"POST /dashboard/settings/users/{user}", permission.UsersWrite, (*visit).changeUser},
	{"POST /dashboard/settings/users/{user}/password-link", permission.UsersWrite, (*visit).passwordLink},
	{"GET /dashboard/settings/users/{user}/remove", permission.UsersWrite, (*visit).removeUserForm},
	{"POST /dashboard/settings/users/{user}/remove", permission.UsersWrite, (*visit).removeUser},
	{"GET /dashboard/settings/tokens", permission.TokensRead, (*visit).tokens},
	{"POST /dashboard/settings/tokens", permission.TokensWrite, (*visit).createToken},
	{"GET /dashboard/settings/tokens/{token}/revoke", permission.TokensWrite, (*visit).revokeTokenForm},
	{"POST /dashboard/settings/tokens/{token}/revoke", permission.TokensWrite, (*visit).revokeToken},
	{"GET /dashboard/settings/clients", permission.ServersRead, (*visit).clients},
	{"POST /dashboard/settings/clients", permission.ServersWrite, (*visit).createClient},
	{"GET /dashboard/settings/clients/{client}/remove", permission.ServersWrite, (*visit).removeClientForm},
	{"POST /dashboard/settings/clients/{client}/remove", permission.ServersWrite, (*visit).removeClient},
	{"GET /dashboard/settings/webhooks", permission.WebhooksRead, (*visit).webhooks},
	{"POST /dashboard/settings/webhooks", permission.WebhooksWrite, (*visit).createWebhook},
	{"GET /dashboard/settings/webhooks/{webhook}", permission.WebhooksRead, (*visit).webhook},
	{"POST /dashboard/settings/webhooks/{webhook}", permission.WebhooksWrite, (*visit).changeWebhook},
	{"POST /dashboard/settings/webhooks/{webhook}/test", permission.WebhooksWrite, (*visit).testWebhook},
	{"POST /dashboard/settings/webhooks/{webhook}/secret", permission.WebhooksWrite, (*visit).rotateWebhook},
	{"POST /dashboard/settings/webhooks/{webhook}/delete", permission.WebhooksWrite, (*visit).deleteWebhook},
	{"GET /dashboard/settings/sign-in", permission.UsersRead, (*visit).signIn},
	{"POST /dashboard/settings/sign-in", permission.EnvironmentWrite, (*visit).setProvider},
	{"POST /dashboard/settings/sign-in/remove", permission.EnvironmentWrite, (*visit).removeProvider},
	{"GET /dashboard/settings/environment", "", (*visit).environment},
	{"POST /dashboard/settings/environment", permission.EnvironmentWrite, (*visit).createEnvironment},
	{"POST /dashboard/settings/environment/name", permission.EnvironmentWrite, (*visit).renameEnvironment},
}

// sections are the places of the navigation.
var sections = []struct {
	label, path, icon string
	needs             permission.Permission
}{
	{"Integrated accounts", Path + "/accounts", "accounts", permission.AccountsRead},
	{"Logs", Path + "/logs", "logs", permission.LogsRead},
	{"Confirmations", confirmations, "confirmations", permission.LogsRead},
	{"Integrations", Path + "/integrations", "integrations", permission.IntegrationsRead},
	{"Settings", settings, "settings", ""},
}

// frame is what stands around the visitor's page.
func (v *visit) frame() page.Frame {
	f := page.Frame{Home: home, Name: v.person.Name, Detail: string(v.person.Role), Profile: settings + "/you", SignOut: signOut}
	if f.Name == "" {
		f.Name = v.person.Email
	}
	if env, err := v.Environments.Get(v.r.Context(), v.env()); err == nil {
		f.Environment = env.Name
	}
	for _, s := range sections {
		if s.needs != "" && !v.may.Has(s.needs) {
			continue
		}
		at := v.r.URL.Path
		link := page.Link{Label: s.label, URL: s.path, Icon: s.icon, Current: at == s.path || strings.HasPrefix(at, s.path+"/")}
		if s.path == confirmations {
			link.Count = v.countWaiting()
		}
		f.Sections = append(f.Sections, link)
	}
	return f
}

// countWaiting is how many calls wait for somebody's yes, so that each page says so.
func (v *visit) countWaiting() int {
	found, _, err := v.Confirmations.List(v.r.Context(), v.env(), confirmation.Filter{Limit: perPage})
	if err != nil {
		v.Log.WarnContext(v.r.Context(), "dashboard: count what waits", "error", err)
	}
	return len(found)
}
