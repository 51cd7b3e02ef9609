package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sluice/internal/account"
	"sluice/internal/gateway"
	"sluice/internal/integration"
	"sluice/internal/node"
	"sluice/internal/toolset"
)

// tryCommand makes one call by a definition as a server would, so that whoever writes one sees what comes of it.
func tryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "try NAME|PATH TOOL [key=value…] [key:=json…]", Args: cobra.MinimumNArgs(2),
		Short: "Make one real call by a definition and show it on the wire; needs no server",
		Long: "Make one real call by a built-in integration, or by a definition's folder: connect an account, call the tool, and forget both.\n" +
			"The requests go to standard error with their secrets masked, the answer to standard output.\n\n" +
			"TOOL is a tool's name, or resource.method for one without documentation.",
		Example: "  sluice integration try ./acme list_all_acme_orders -c api_key=$KEY limit=5",
	}
	credentials := cmd.Flags().StringArrayP("credential", "c", nil, "name=value of a field of the definition's credentials")
	values := cmd.Flags().StringArray("context", nil, "name=value of a field of the definition's context")
	allow := cmd.Flags().StringSlice("allow-address", []string{"loopback"}, "addresses inside the network that the vendor may have: loopback, private, or a prefix")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		def, err := definitionOf(args[0])
		if err != nil {
			return err
		}
		given := account.NewAccount{Integration: def.Name}
		if given.Credentials, err = pairs("--credential", *credentials); err != nil {
			return err
		}
		if given.Context, err = pairs("--context", *values); err != nil {
			return err
		}
		arguments, err := toolArguments(args[2:])
		if err != nil {
			return err
		}
		t := &trial{def: def, account: given, allow: *allow, out: cmd.OutOrStdout(), log: cmd.ErrOrStderr()}
		return t.run(cmd.Context(), args[1], arguments)
	}
	return cmd
}

// trial is one call on a node that lives no longer.
type trial struct {
	def        *integration.Definition
	account    account.NewAccount
	allow      []string
	out, log   io.Writer
	credential *account.Credential // once there is one
}

func (t *trial) run(ctx context.Context, name string, arguments map[string]json.RawMessage) error {
	raw, err := json.Marshal(arguments)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "sluice-try-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	n, err := node.Open(ctx, node.Settings{
		Database: filepath.Join(folder, "sluice.db"), MasterKeyFile: filepath.Join(folder, "master.key"), PublicURL: "http://127.0.0.1",
		AllowAddresses: t.allow, AllowFiles: t.allow, Version: version(), Log: slog.New(slog.DiscardHandler), Observe: t.show,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	const by = "try"
	env, err := n.Environments.Create(ctx, by)
	if err != nil {
		return err
	}
	if _, err := n.Catalog.Put(ctx, env.ID, by, t.def); err != nil {
		return err
	}
	acct, err := n.Accounts.Create(ctx, env.ID, t.account)
	if invalid, ok := errors.AsType[*account.InvalidError](err); ok {
		return fmt.Errorf("%s %s", flagOf(invalid.Field), invalid.Message)
	}
	if err != nil {
		return err
	}
	if t.credential, err = n.Accounts.Credential(ctx, acct); err != nil {
		return err
	}
	caller, err := n.Gateway.OpenAccount(ctx, acct, toolset.Options{})
	if err != nil {
		return err
	}
	caller.Door = "cli"
	var result *gateway.Result
	if resource, method, ok := strings.Cut(name, "."); ok {
		result, err = n.Gateway.CallOperation(ctx, caller, resource, method, raw)
	} else {
		result, err = n.Gateway.Call(ctx, caller, name, raw)
	}
	if err != nil {
		return err
	}
	return t.answer(result)
}

// flagOf says where a field of an account is given on the command line.
func flagOf(field string) string {
	if name, ok := strings.CutPrefix(field, "credentials."); ok {
		return "-c " + name
	}
	if name, ok := strings.CutPrefix(field, "context."); ok {
		return "--context " + name
	}
	return field
}

// answer prints what came of the call.
func (t *trial) answer(r *gateway.Result) error {
	for _, note := range r.Notes {
		fmt.Fprintln(t.log, note)
	}
	body := r.Body
	if r.Failed() {
		body = r.Details
	}
	if r.File != nil {
		body = r.File.Text
	}
	if len(body) > 0 {
		var out bytes.Buffer
		if json.Indent(&out, body, "", "  ") != nil {
			out = *bytes.NewBuffer(body)
		}
		out.WriteByte('\n')
		if _, err := out.WriteTo(t.out); err != nil {
			return err
		}
	}
	switch {
	case r.Status == http.StatusUnauthorized: // r.Message sends people to an account that is about to be forgotten
		return fmt.Errorf("%s does not take the credential (401): check what -c gives, and how authorization puts it on the request", t.def.Label)
	case r.Failed():
		return errors.New(strings.TrimSuffix(r.Message, "."))
	case r.File != nil && r.File.Text == nil:
		fmt.Fprintf(t.log, "The answer is a file: %s (%s).\n", r.File.Name, r.File.MediaType)
	case r.NextCursor != "":
		fmt.Fprintf(t.log, "%d items; more follow: give limit to see more of them.\n", r.Items)
	case len(body) == 0:
		fmt.Fprintln(t.log, "Done; the vendor sent nothing back.")
	}
	return nil
}

const masked = "•••"

// show prints a request and the head of its answer.
func (t *trial) show(e node.Exchange) {
	var b strings.Builder
	fmt.Fprintf(&b, "→ %s %s\n", e.Request.Method, t.maskURL(e.Request.URL))
	contentType := ""
	for _, field := range e.Request.Header {
		if strings.EqualFold(field[0], "Content-Type") {
			contentType = field[1]
		}
		fmt.Fprintf(&b, "  %s: %s\n", field[0], t.maskHeader(field[0], field[1]))
	}
	const most = 4 << 10
	switch body := e.Request.Body; {
	case len(body) == 0:
	case strings.HasPrefix(contentType, "multipart/") || len(body) > most:
		fmt.Fprintf(&b, "  (%d bytes)\n", len(body))
	default:
		fmt.Fprintf(&b, "  %s\n", t.mask(string(body)))
	}
	if e.Response != nil {
		fmt.Fprintf(&b, "← %d %s, %s\n", e.Response.Status, http.StatusText(e.Response.Status), e.Took.Round(time.Millisecond))
	} else {
		fmt.Fprintf(&b, "← %s\n", t.mask(fmt.Sprint(e.Err)))
	}
	io.WriteString(t.log, b.String())
}

// authorizations are all by which the definition puts a credential on a request.
func (t *trial) authorizations() []integration.Authorization {
	all := slices.Clone(t.def.Authorization)
	for _, r := range t.def.Resources {
		for _, m := range r.Methods {
			if m.Authorization != nil {
				all = append(all, *m.Authorization...)
			}
		}
	}
	return all
}

// maskHeader keeps of a header that carries a credential only its scheme.
func (t *trial) maskHeader(name, value string) string {
	secret := strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "Cookie")
	for _, a := range t.authorizations() {
		secret = secret || a.Format == "header" && strings.EqualFold(a.Name, name)
	}
	if !secret {
		return t.mask(value)
	}
	if scheme, _, ok := strings.Cut(value, " "); ok && strings.EqualFold(name, "Authorization") {
		return scheme + " " + masked
	}
	return masked
}

func (t *trial) maskURL(address string) string {
	place, query, found := strings.Cut(address, "?")
	if !found {
		return t.mask(address)
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, _ := strings.Cut(part, "=")
		for _, a := range t.authorizations() {
			if a.Format == "query" && name == url.QueryEscape(a.Name) {
				parts[i] = name + "=" + masked
			}
		}
	}
	return t.mask(place + "?" + strings.Join(parts, "&"))
}

// mask hides what was given as a secret, and what came of it, in every spelling that a request may have.
func (t *trial) mask(text string) string {
	if t.credential != nil {
		return t.credential.Mask(text)
	}
	for _, name := range slices.Sorted(maps.Keys(t.account.Credentials)) {
		value := t.account.Credentials[name]
		if value == "" || !t.isSecret(name) {
			continue
		}
		quoted, err := json.Marshal(value)
		if err != nil {
			continue
		}
		for _, spelling := range []string{value, string(quoted[1 : len(quoted)-1]), url.QueryEscape(value), url.PathEscape(value)} {
			text = strings.ReplaceAll(text, spelling, masked)
		}
	}
	return text
}

// isSecret reports whether one of the ways to connect has a field of that name that is not shown while it is typed.
func (t *trial) isSecret(name string) bool {
	for _, way := range append([]integration.Credentials{t.def.Credentials}, t.def.Credentials.Alternatives...) {
		for _, f := range way.Fields {
			if f.Name == name && (f.Type == "password" || way.Format == "static") {
				return true
			}
		}
	}
	return false
}
