package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"sluice/internal/account"
	"sluice/internal/environment"
	"sluice/internal/mcpserver"
	"sluice/internal/node"
	"sluice/internal/octapipe"
	"sluice/internal/permission"
	"sluice/internal/user"
)

// demoPlaces is what a demo tells once it is up; scripts read it as one line of JSON.
type demoPlaces struct {
	MCPURL        string `json:"mcp_url"`
	APIURL        string `json:"api_url"`
	APIToken      string `json:"api_token"`
	DashboardURL  string `json:"dashboard_url"`
	OctapipeURL   string `json:"octapipe_url"`
	OctapipeToken string `json:"octapipe_token"`
	AccountID     string `json:"integrated_account_id"`
	MCPID         string `json:"mcp_id"`
}

func demoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "demo", GroupID: "run", Args: cobra.NoArgs,
		Short: "Run Sluice with an Octapipe sandbox, connected and ready for an MCP client",
	}
	asJSON := cmd.Flags().Bool("json", false, "print one line of JSON when all is up, and nothing else")
	address := cmd.Flags().String("listen", "127.0.0.1:8080", "address of Sluice")
	sandboxAddress := cmd.Flags().String("octapipe-listen", "127.0.0.1:8081", "address of the Octapipe sandbox")
	data := cmd.Flags().String("data", "", "folder that keeps the state (default: a temporary one, removed at the end)")
	database := cmd.Flags().String("database", "", "another database for Sluice: postgres://…, or a file (default: in the data folder)")
	publicURL := cmd.Flags().String("public-url", "", "URL under which the internet reaches this demo, by a tunnel or a proxy (default: none does)")
	keepAlive := cmd.Flags().Duration("keep-alive", 20*time.Second, "time between the signs of life on a stream")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkKeepAlive(keepAlive.String(), *keepAlive); err != nil {
			return err
		}
		if *database != "" && *data == "" {
			return errors.New("--database wants --data too: that folder keeps the key without which nobody can read the database's credentials again")
		}
		log, err := newLog(cmd.ErrOrStderr(), "warn", "text")
		if err != nil {
			return err
		}
		d := demo{log: log, folder: *data, database: *database, publicURL: *publicURL, keepAlive: *keepAlive}
		if d.folder == "" {
			if d.folder, err = os.MkdirTemp("", "sluice-demo-"); err != nil {
				return err
			}
			defer os.RemoveAll(d.folder)
		}
		return d.run(cmd.Context(), *address, *sandboxAddress, func(p demoPlaces) error {
			if *asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(p)
			}
			return p.tell(cmd.OutOrStdout())
		})
	}
	return cmd
}

type demo struct {
	log       *slog.Logger
	folder    string
	database  string // "": in folder
	publicURL string // "": the address that is listened on

	keepAlive time.Duration
}

// run starts the sandbox and a node that knows it by its address only, connects them, calls up, and serves until ctx ends.
func (d *demo) run(ctx context.Context, address, sandboxAddress string, up func(demoPlaces) error) error {
	if err := os.MkdirAll(d.folder, 0o700); err != nil {
		return err
	}
	l, err := listen(address)
	if err != nil {
		return err
	}
	defer l.Close()
	sandboxListener, err := listen(sandboxAddress)
	if err != nil {
		return err
	}
	defer sandboxListener.Close()
	sandbox, err := octapipe.Open(octapipe.Config{DataPath: filepath.Join(d.folder, "octapipe"), Seed: true, Log: d.log})
	if err != nil {
		return err
	}
	defer sandbox.Close()
	if d.publicURL == "" {
		d.publicURL = urlOf(l)
	}
	if d.database == "" {
		d.database = filepath.Join(d.folder, "sluice.db")
	}
	n, err := node.Open(ctx, node.Settings{
		Database: d.database, MasterKeyFile: filepath.Join(d.folder, "master.key"), PublicURL: d.publicURL, AllowAddresses: []string{"loopback"}, AllowFiles: []string{"loopback"}, AllowWebhooks: []string{"loopback"},
		KeepAlive: d.keepAlive,
		Version:   version(), Log: d.log,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.Store.ServeAlone(); err != nil {
		return err
	}

	// Two groups: the sandbox answers until Sluice's last call has ended.
	sandboxContext, stopSandbox := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSandbox()
	var sandboxServing errgroup.Group
	sandboxServing.Go(func() error { return serveUntil(sandboxContext, sandboxListener, sandbox.Handler(), d.log, nil) })
	serving, servingContext := errgroup.WithContext(ctx)
	serving.Go(func() error { return serveUntil(servingContext, l, n.Handler(), d.log, n.Drain) })
	serving.Go(func() error {
		places, err := d.connect(servingContext, n, sandbox, l, sandboxListener)
		if err != nil {
			return err
		}
		return up(places)
	})
	err = serving.Wait()
	stopSandbox()
	return errors.Join(err, sandboxServing.Wait())
}

// connect makes what a person would: an environment, an API token, an integrated account and an MCP server that offers every tool and asks before it deletes. What an earlier
// start left in the folder is kept; token and MCP server are new each time, since neither can be shown twice.
func (d *demo) connect(ctx context.Context, n *node.Node, sandbox *octapipe.Sandbox, l, sandboxListener net.Listener) (p demoPlaces, err error) {
	const by = "demo"
	env, err := n.Environments.ByName(ctx, "demo")
	if errors.Is(err, environment.ErrNotFound) {
		env, err = n.Environments.Create(ctx, "demo")
	}
	if err != nil {
		return p, err
	}
	_, token, err := n.Environments.CreateToken(ctx, env.ID, "Demo of "+time.Now().Format(time.DateTime), by, time.Time{})
	if err != nil {
		return p, err
	}
	acct, err := d.account(ctx, n, env.ID, sandbox.Login(), urlOf(sandboxListener))
	if err != nil {
		return p, fmt.Errorf("connect the sandbox: %w", err)
	}
	server, serverToken, err := n.Servers.Create(ctx, mcpserver.Draft{Environment: env.ID, AccountID: acct.ID, Name: "Octapipe demo", CreatedBy: by,
		Config: []byte(`{"confirm":"destructive"}`)}) // nothing that a client tries is lost before somebody said yes
	if err != nil {
		return p, err
	}
	if err := d.lookAround(ctx, n, server); err != nil {
		return p, fmt.Errorf("look around in the sandbox: %w", err)
	}
	dashboard, err := d.signIn(ctx, n, env.ID)
	if err != nil {
		return p, err
	}
	return demoPlaces{
		MCPURL: n.MCPURL(serverToken), APIURL: urlOf(l), APIToken: token, DashboardURL: dashboard,
		OctapipeURL: urlOf(sandboxListener), OctapipeToken: sandbox.AdminToken(), AccountID: acct.ID, MCPID: server.ID,
	}, nil
}

// lookAround makes a few calls that read, by the MCP server and as any caller does, so that whoever opens the dashboard finds a log. One of them names a card that
// is not there: a refusal is part of what a log shows.
func (d *demo) lookAround(ctx context.Context, n *node.Node, server *mcpserver.Server) error {
	c, err := n.Gateway.Open(ctx, server)
	if err != nil {
		return err
	}
	c.Door, c.ClientName = "cli", "sluice demo"
	call := func(tool string, arguments map[string]any) ([]byte, error) {
		b, err := json.Marshal(arguments)
		if err != nil {
			return nil, err
		}
		result, err := n.Gateway.Call(ctx, c, tool, b)
		if err != nil {
			return nil, err
		}
		return result.Body, nil
	}
	b, err := call("list_all_octapipe_pipelines", map[string]any{"limit": 5})
	if err != nil {
		return err
	}
	var pipelines []struct {
		UUID string `json:"uuid"`
	}
	if err := json.Unmarshal(b, &pipelines); err != nil {
		return fmt.Errorf("read the pipelines: %w", err)
	}
	for _, p := range pipelines {
		for _, tool := range []string{"list_all_octapipe_pipeline_stages", "list_all_octapipe_pipeline_cards"} {
			if _, err := call(tool, map[string]any{"pipeline_uuid": p.UUID, "limit": 15}); err != nil {
				return err
			}
		}
		if _, err := call("get_single_octapipe_pipeline_card_by_id", map[string]any{"pipeline_uuid": p.UUID, "id": "00000000-0000-4000-8000-000000000000"}); err != nil {
			return err
		}
	}
	for _, tool := range []string{"list_all_octapipe_databases", "list_all_octapipe_tasks", "octapipe_users_me"} {
		if _, err := call(tool, nil); err != nil {
			return err
		}
	}
	return nil
}

// signIn makes the demo's owner, who has no password, and a link that signs them in, once.
func (d *demo) signIn(ctx context.Context, n *node.Node, environmentID string) (string, error) {
	const email = "owner@demo.example"
	owner, err := n.Users.ByEmail(ctx, email)
	if errors.Is(err, user.ErrNotFound) {
		owner, err = n.Users.Create(ctx, user.Draft{Environment: environmentID, Email: email, Name: "Demo owner", Role: permission.Owner}, user.Operator)
	}
	if err != nil {
		return "", fmt.Errorf("make the demo's owner: %w", err)
	}
	token, _, err := n.Users.NewLink(ctx, owner.Environment, owner.ID, user.SignInLink, 24*time.Hour, user.Operator)
	if err != nil {
		return "", err
	}
	return n.SignIn.SignInURL(token), nil
}

func (d *demo) account(ctx context.Context, n *node.Node, environmentID string, login octapipe.Login, sandboxURL string) (*account.Account, error) {
	known, _, err := n.Accounts.List(ctx, environmentID, account.Filter{Integration: "octapipe", TenantID: "demo", Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(known) > 0 { // the sandbox may have another address than last time
		return n.Accounts.Update(ctx, environmentID, known[0].ID, account.Change{
			Context: map[string]*string{"base_url": &sandboxURL}, Credentials: map[string]string{"domain": login.Domain, "email": login.Email, "password": login.Password},
		})
	}
	return n.Accounts.Create(ctx, environmentID, account.NewAccount{
		Integration: "octapipe", TenantID: "demo", Name: "Octapipe sandbox",
		Credentials: map[string]string{"domain": login.Domain, "email": login.Email, "password": login.Password},
		Context:     map[string]string{"base_url": sandboxURL},
	})
}

func (p demoPlaces) tell(w io.Writer) error {
	_, err := fmt.Fprintf(w, `Sluice is up. It knows an Octapipe sandbox, and has made an MCP server on it that offers every tool.

%s  MCP server       %s
  Dashboard        %s   (signs you in, once)
  Boards to watch  %s/
  REST API         %s   (Authorization: Bearer %s)

Paste one of the above into your client, and ask: "Find TechNova Upgrade in the pipeline Q3 Renewals, move it
to Contract Sent and attach a note that says why." Then look at the boards. ChatGPT and Claude on the web call
from the internet: docs/clients/public-address.md. Ctrl-C ends the demo.
`, clientConfigurations("octapipe", p.MCPURL), p.MCPURL, p.DashboardURL, p.OctapipeURL, p.APIURL, p.APIToken)
	return err
}
