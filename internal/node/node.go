// Package node puts one Sluice together from its parts: the store and what is kept in it, the way of a call, and the doors. `serve` runs one, `demo` too, and
// several on one PostgreSQL are one installation.
//
// It imports everything but the sandbox, and only cmd/sluice imports it. Settings go in; an http.Handler comes out.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/integrations"
	"sluice/internal/account"
	"sluice/internal/api"
	"sluice/internal/audit"
	"sluice/internal/catalog"
	"sluice/internal/confirmation"
	"sluice/internal/connect"
	"sluice/internal/connection"
	"sluice/internal/dashboard"
	"sluice/internal/download"
	"sluice/internal/environment"
	"sluice/internal/gateway"
	"sluice/internal/integration"
	"sluice/internal/integration/openapi"
	"sluice/internal/link"
	"sluice/internal/mcp"
	"sluice/internal/mcpserver"
	"sluice/internal/oauth"
	"sluice/internal/origin"
	"sluice/internal/outbound"
	"sluice/internal/page"
	"sluice/internal/secret"
	"sluice/internal/signin"
	"sluice/internal/store"
	"sluice/internal/toolset"
	"sluice/internal/user"
	"sluice/internal/vendor"
	"sluice/internal/webhook"
)

// Settings are what an operator decides.
type Settings struct {
	Database       string          // a file's path, or postgres://…
	Existing       bool            // make no file where there is none
	MasterKey      string          // 32 bytes in base64 or hexadecimal; "": MasterKeyFile
	MasterKeyFile  string          // "": master.key beside the SQLite file
	PublicURL      string          // under which the world reaches this installation
	AllowAddresses []string        // addresses inside the network that vendors may have: loopback, private, prefixes
	AllowFiles     []string        // addresses inside the network from which files may be fetched that callers name by URL
	AllowWebhooks  []string        // addresses inside the network that events may be sent to
	MaxFile        int64           // bytes of a file that is passed on, either way; 0: 1 GiB
	MaxCalls       int             // of one environment that are under way at once on this node; 0: any number
	AllowedOrigins []string        // of web pages that may call MCP servers
	AllowedHosts   []string        // names that this machine may be called by while it listens on loopback
	ExternalIssuer *oauth.External // whose tokens are trusted at MCP servers that people sign in to; nil: Sluice issues its own
	TrustedProxies []string        // addresses of reverse proxies, whose word is taken for who asks
	KeepAlive      time.Duration   // between the signs of life on a stream; 0: 20 s
	ToolsPage      int             // tools in one answer to tools/list; 0: all
	KeepCalls      time.Duration   // how long the log keeps a call; 0: for ever
	Version        string
	Log            *slog.Logger   // nil: slog.Default()
	Observe        func(Exchange) // is told of each request to a vendor; nil: nobody watches
}

// Exchange is a request to a vendor and what came of it, with the credential in clear text.
type Exchange = outbound.Exchange

// Node is one running Sluice, but for the listener.
type Node struct {
	Store        *store.Store
	Keys         *secret.Keys
	Environments *environment.Service
	Users        *user.Service
	SignIn       *signin.Door
	Catalog      *catalog.Catalog
	Accounts     *account.Service
	Links        *link.Service
	Servers      *mcpserver.Service
	Audit        *audit.Log
	Webhooks     *webhook.Service
	Gateway      *gateway.Gateway
	Origin       *origin.Policy
	Connections  *connection.Log
	OAuth        *oauth.Service
	Settings     Settings

	Confirmations *confirmation.Service // what waits for a person

	metrics   *metrics
	outbound  *outbound.Client
	fetcher   *outbound.Client // of files that callers name by URL
	mcp       *mcp.Handler
	api       http.Handler
	dashboard http.Handler
	files     *download.Handler
	connect   http.Handler
	oauth     *oauth.Door
	closers   []func()

	background sync.WaitGroup // announcements under way
}

// Open makes a node. Close it, also when a part of the work that needs one is all that is wanted.
func Open(ctx context.Context, s Settings) (_ *Node, err error) {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	n := &Node{Settings: s}
	defer func() {
		if err != nil {
			n.Close()
		}
	}()
	policy, err := outbound.ParsePolicy(s.AllowAddresses)
	if err != nil {
		return nil, err
	}
	filePolicy, err := outbound.ParsePolicy(s.AllowFiles)
	if err != nil {
		return nil, err
	}
	if n.Origin, err = origin.New(origin.Settings{PublicURL: s.PublicURL, Origins: s.AllowedOrigins, Hosts: s.AllowedHosts, Proxies: s.TrustedProxies}); err != nil {
		return nil, err
	}
	builtin, err := integrations.All()
	if err != nil {
		return nil, err
	}
	if n.Store, err = store.Open(ctx, s.Database, store.Options{Log: s.Log, Existing: s.Existing}); err != nil {
		return nil, err
	}
	n.onClose(func() { n.Store.Close() })
	n.onClose(n.background.Wait)
	source, err := n.masterKey()
	if err != nil {
		return nil, err
	}
	if n.Keys, err = secret.Load(ctx, n.Store, source); err != nil {
		return nil, err
	}
	n.onClose(n.Store.Subscribe(store.Keysets, func(string) { n.Keys.Changed() }))

	n.Environments = environment.New(n.Store, n.Keys, s.Log)
	n.onClose(n.Environments.Close)
	n.Users = user.New(user.Config{Store: n.Store, Keys: n.Keys, Log: s.Log})
	n.onClose(n.Users.Close)
	n.Catalog = catalog.New(n.Store, builtin)
	n.Catalog.Check(func(def *integration.Definition, config string) error {
		if config == "" {
			_, err := toolset.Compile(def, toolset.Options{})
			return err
		}
		c, err := mcpserver.ParseConfig([]byte(config))
		if err != nil {
			return nil // it was written by a Sluice that knew more, and is not this change's to judge
		}
		return suits(def, c)
	})
	n.onClose(n.Catalog.Close)
	n.outbound = outbound.New(outbound.Options{Policy: policy, Observe: s.Observe, HeaderTimeout: vendorPatience, Timeout: vendorPatience})
	n.onClose(n.outbound.Close)
	n.fetcher = outbound.New(outbound.Options{Policy: filePolicy, Observe: s.Observe})
	n.onClose(n.fetcher.Close)
	n.Accounts = account.New(account.Config{
		Store: n.Store, Sealer: n.Keys, Definitions: n.Catalog, Outbound: n.outbound, Log: s.Log,
		KeepAlive: time.Hour, Callback: s.PublicURL + connect.CallbackPath, ReconnectURL: func(id string) string { return connect.ReconnectURL(s.PublicURL, id) },
	})
	n.onClose(n.Accounts.Close)
	n.Links = link.New(n.Store, n.Keys, n.Accounts, n.Catalog)
	n.Servers = mcpserver.New(n.Store, n.Keys, mcpserver.Options{Validate: n.checkFilters, Log: s.Log})
	n.onClose(n.Servers.Close)
	n.Audit = audit.New(n.Store, s.Log)
	n.onClose(n.Audit.Close)
	if s.KeepCalls > 0 {
		n.Audit.Retain(s.KeepCalls)
	}
	n.Confirmations = confirmation.New(n.Store, s.Log)
	n.onClose(n.Confirmations.Close)
	hooks, err := outbound.ParsePolicy(s.AllowWebhooks)
	if err != nil {
		return nil, err
	}
	events := outbound.New(outbound.Options{Policy: hooks})
	n.onClose(events.Close)
	if n.Webhooks, err = webhook.New(ctx, webhook.Config{Store: n.Store, Sealer: n.Keys, Outbound: events, Log: s.Log}); err != nil {
		return nil, err
	}
	n.onClose(n.Webhooks.Close)
	n.metrics = newMetrics(n.Audit, s.Version)
	n.Gateway = gateway.New(gateway.Config{
		Definitions: n.Catalog, Accounts: n.Accounts, Servers: n.Servers, Audit: n.metrics, Sealer: n.Keys, Confirmations: n.Confirmations,
		FileURL: n.fileURL, MaxFile: s.MaxFile, MaxCalls: s.MaxCalls,
		Vendor: vendor.New(n.Accounts, n.outbound, n.fetcher),
		Fetch:  n.fetch,
		FieldsChanged: func(acct *account.Account) {
			n.background.Go(func() {
				if err := n.Store.Publish(context.WithoutCancel(ctx), store.Fields, acct.ID); err != nil {
					s.Log.Warn("a change of custom fields could not be announced", "account", acct.ID, "error", err)
				}
			})
		},
	})
	n.metrics.watch(n.Gateway)
	return n, n.openDoors()
}

// vendorPatience is how long a vendor may take for one answer. A client is shown that its call is alive for as long, and no proxy in between cuts it.
const vendorPatience = 5 * time.Minute

// askProvider is how long an OpenID provider may take, while somebody waits.
const askProvider = 10 * time.Second

func (n *Node) openDoors() error {
	changes := newChanges(n.Store)
	n.onClose(changes.close)
	n.Connections = connection.New(n.Store, n.Settings.Log)
	n.OAuth = oauth.New(oauth.Config{
		Store: n.Store, Keys: n.Keys, Servers: n.Servers, People: people{n}, Offers: n.offer, Fetch: n.fetchDocument, Connections: n.Connections,
		Origin: n.Origin, PublicURL: n.Settings.PublicURL, External: n.Settings.ExternalIssuer, Log: n.Settings.Log,
	})
	n.onClose(n.OAuth.Close)
	n.oauth = oauth.NewDoor(n.OAuth)
	n.mcp = mcp.New(mcp.Options{
		Gateway: n.Gateway, Servers: n.Servers, APITokens: apiTokens{n.Environments, n.Users}, SignIns: n.OAuth, Changes: changes, Origin: n.Origin,
		KeepAlive: n.Settings.KeepAlive, ToolsPage: n.Settings.ToolsPage,
		Version: n.Settings.Version, Log: n.Settings.Log,
	})
	n.SignIn = signin.New(signin.Options{
		Users: n.Users, Environments: n.Environments, Keys: n.Keys, PublicURL: n.Settings.PublicURL, Home: dashboard.Path, Address: n.Origin.Address,
		HTTP: n.outbound.HTTP(askProvider), Log: n.Settings.Log,
	})
	n.files = &download.Handler{Gateway: n.Gateway, Log: n.Settings.Log}
	n.connect = connect.New(connect.Config{Links: n.Links, Accounts: n.Accounts, Catalog: n.Catalog, Users: editors{n}, PublicURL: n.Settings.PublicURL, Log: n.Settings.Log})
	n.api = api.New(api.Config{
		OAuth: n.OAuth, Connections: n.Connections,
		Environments: n.Environments, Users: n.Users, People: n.SignIn, Accounts: n.Accounts, Servers: n.Servers, Catalog: n.Catalog, Audit: n.Audit, Webhooks: n.Webhooks, Gateway: n.Gateway, Confirmations: n.Confirmations,
		Links: n.Links, LinkURL: func(token string) string { return connect.URL(n.Settings.PublicURL, token) }, CallbackURL: n.Settings.PublicURL + connect.CallbackPath,
		MCPURL: n.MCPURL, Fetch: n.fetchImport, Ready: n.Store.Ping, Version: n.Settings.Version, Log: n.Settings.Log,
	})
	n.dashboard = dashboard.New(dashboard.Config{
		Door: n.SignIn, Users: n.Users, Environments: n.Environments, Accounts: n.Accounts, Servers: n.Servers, Catalog: n.Catalog, Audit: n.Audit, Gateway: n.Gateway,
		Confirmations: n.Confirmations, Webhooks: n.Webhooks, OAuth: n.OAuth, Connections: n.Connections,
		Links: n.Links, LinkURL: func(token string) string { return connect.URL(n.Settings.PublicURL, token) },
		CallbackURL: n.Settings.PublicURL + connect.CallbackPath,
		PublicURL:   n.Settings.PublicURL, MCPURL: n.MCPURL, Fetch: n.fetch, Log: n.Settings.Log,
	})
	return nil
}

// masterKey is where the key comes from that wraps the keyset. Several nodes share a database and no disk, so PostgreSQL wants it given.
func (n *Node) masterKey() (secret.Source, error) {
	switch {
	case n.Settings.MasterKey != "":
		return secret.Given(n.Settings.MasterKey), nil
	case n.Settings.MasterKeyFile != "":
		return secret.File(n.Settings.MasterKeyFile), nil
	case n.Store.Dialect() == store.SQLite:
		return secret.File(filepath.Join(filepath.Dir(n.Store.Path()), "master.key")), nil
	}
	return nil, errors.New("PostgreSQL needs a master key, the same on every node: give --master-key, SLUICE_MASTER_KEY or --master-key-file (32 random bytes in base64: openssl rand -base64 32)")
}

// Rewrap wraps the keyset by the master key in a file.
func (n *Node) Rewrap(ctx context.Context, masterKeyFile string) error {
	return n.Keys.Rewrap(ctx, secret.File(masterKeyFile))
}

// fetch reads a file of somebody's by its URL, under the policy for such files.
func (n *Node) fetch(ctx context.Context, url string) ([]byte, error) {
	return n.fetchUpTo(ctx, url, 0)
}

// fetchUpTo is fetch with another bound than outbound's own.
func (n *Node) fetchUpTo(ctx context.Context, url string, most int64) ([]byte, error) {
	response, err := n.fetcher.Do(ctx, &outbound.Request{Method: http.MethodGet, URL: url, MaxBody: most})
	if err != nil {
		return nil, err
	}
	if response.Status != http.StatusOK {
		return nil, fmt.Errorf("it was answered with HTTP %d", response.Status)
	}
	return response.Body, nil
}

// fetchImport is fetch for a document to import, which may be as large as one that is sent.
func (n *Node) fetchImport(ctx context.Context, url string) ([]byte, error) {
	return n.fetchUpTo(ctx, url, openapi.MaxDocument)
}

// checkFilters refuses a config that names what the account's integration does not have, or leaves no tool.
func (n *Node) checkFilters(ctx context.Context, environment, accountID string, config mcpserver.Config) error {
	acct, err := n.Accounts.Get(ctx, environment, accountID)
	if err != nil {
		return err
	}
	def, err := n.Catalog.FindFor(ctx, environment, acct.Integration, accountID)
	if err != nil {
		return err
	}
	return suits(def, config)
}

// suits refuses a config by which a definition leaves no tool, or that binds what none takes.
func suits(def *integration.Definition, config mcpserver.Config) error {
	if err := toolset.CheckFilter(def, config.Methods, config.Tags); err != nil || len(config.Bind) == 0 {
		return err
	}
	tools, err := toolset.Compile(def, toolset.Options{Methods: config.Methods, Tags: config.Tags, Bind: config.Bind})
	if err == nil {
		err = tools.CheckBind(slices.Sorted(maps.Keys(config.Bind))...)
	}
	if err != nil {
		return &mcpserver.InvalidError{Field: "config.bind", Message: strings.TrimPrefix(strings.TrimPrefix(err.Error(), "bind."), "bind ")}
	}
	return nil
}

// Handler serves the node's doors. No mux stands before them: one would answer by redirects of its own, and the MCP endpoint, which is asked most by far,
// needs none.
func (n *Node) Handler() http.Handler {
	static := page.Static()
	return paced(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if oauth.Serves(r.URL.Path) {
			n.oauth.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, mcp.Path) {
			n.mcp.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, download.Path) {
			n.files.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, page.StaticPath) {
			static.ServeHTTP(w, r)
			return
		}
		if n.SignIn.Serves(r.URL.Path) {
			n.SignIn.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, connect.Path) {
			n.connect.ServeHTTP(w, r)
			return
		}
		if r.URL.Path == dashboard.Path || strings.HasPrefix(r.URL.Path, dashboard.Path+"/") {
			n.dashboard.ServeHTTP(w, r)
			return
		}
		if r.URL.Path == "/" && strings.Contains(r.Header.Get("Accept"), "text/html") { // a browser; others are told what this is
			http.Redirect(w, r, dashboard.Path, http.StatusSeeOther)
			return
		}
		n.api.ServeHTTP(w, r)
	}), bodyPatience)
}

// MCPURL is the URL of an MCP server by its token.
func (n *Node) MCPURL(token string) string { return n.Settings.PublicURL + mcp.Path + token }

// fileURL is the URL of a file by the token of a link to it.
func (n *Node) fileURL(token string) string { return n.Settings.PublicURL + download.Path + token }

// Drain ends the streams, so that a server's Shutdown need not wait for them.
func (n *Node) Drain(ctx context.Context) error {
	if err := n.mcp.Close(ctx); err != nil {
		return fmt.Errorf("end the streams: %w", err)
	}
	return nil
}

func (n *Node) onClose(f func()) { n.closers = append(n.closers, f) }

// Close writes down what is queued and lets go of everything, last made first. Requests must have ended before.
func (n *Node) Close() {
	for i := len(n.closers) - 1; i >= 0; i-- {
		n.closers[i]()
	}
	n.closers = nil
}
