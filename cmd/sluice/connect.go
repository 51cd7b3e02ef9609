package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sluice/internal/account"
	"sluice/internal/integration"
)

func connectCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "connect [INTEGRATION]", GroupID: "admin", Args: cobra.MaximumNArgs(1),
		Short: "Connect an account: asks for what is needed, or prints a link for whoever owns it",
		Long: "Connect an account. What the integration needs is asked for, passwords without showing them; -c gives it beforehand.\n" +
			"Where one signs in with the vendor, a link is printed, and the command waits until somebody has gone through it.",
		Example: "  sluice connect octapipe\n" +
			"  sluice connect octapipe -c domain=acme -c email=ann@acme.example -c password=@password.txt\n" +
			"  sluice connect octapipe --link --tenant acme\n" +
			"  sluice connect --account acc_… (again, with the same id and the same MCP servers)",
	}
	asJSON := clientFlags(cmd)
	k := connecting{}
	f := cmd.Flags()
	f.StringArrayVarP(&k.credentials, "credential", "c", nil, "name=value of a field that the integration asks for; name=@file reads a file, name=- standard input")
	f.StringArrayVar(&k.context, "context", nil, "name=value of what is not secret: base_url=https://…")
	f.StringVar(&k.name, "name", "", "what to call the account")
	f.StringVar(&k.tenant, "tenant", "", "whose account it is, in your own words")
	f.StringVar(&k.account, "account", "", "connect this account again")
	f.StringVar(&k.redirect, "redirect-uri", "", "where the link leads when it is done; on the environment's list")
	f.BoolVar(&k.link, "link", false, "print a link for somebody else, instead of asking here")
	f.BoolVar(&k.noWait, "no-wait", false, "do not wait until the link was used")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if k.client, err = newClient(cmd); err != nil {
			return err
		}
		k.cmd, k.asJSON, k.prompter = cmd, *asJSON, newPrompter(cmd)
		if len(args) > 0 {
			k.integration = args[0]
		}
		return k.run(cmd.Context())
	}
	return cmd
}

// connecting is one run of the command.
type connecting struct {
	*client
	*prompter
	cmd    *cobra.Command
	asJSON bool

	integration, account, name, tenant, redirect string
	credentials, context                         []string
	link, noWait                                 bool
}

func (k *connecting) run(ctx context.Context) error {
	if k.account != "" {
		var known struct {
			Integration struct{ Name string }
		}
		if err := k.get(ctx, "/integrated-account/"+url.PathEscape(k.account), &known); err != nil {
			return err
		}
		if k.integration != "" && k.integration != known.Integration.Name {
			return fmt.Errorf("the account %s is of %s, not of %s: leave the integration out", k.account, known.Integration.Name, k.integration)
		}
		k.integration = known.Integration.Name
	}
	values, err := pairs("--context", k.context)
	if err != nil {
		return err
	}
	if k.integration == "" {
		if !k.link {
			return errors.New("say what to connect, as in `sluice connect octapipe`; `sluice integration list` shows what there is")
		}
		return k.byLink(ctx, values)
	}
	var entry struct{ Definition json.RawMessage }
	if err := k.get(ctx, "/integration/"+url.PathEscape(k.integration), &entry); err != nil {
		return err
	}
	def, err := integration.Parse(entry.Definition)
	if err != nil {
		return fmt.Errorf("read the definition of %s: %w", k.integration, err)
	}
	form := account.Describe(def)
	credentials, err := k.given()
	if err != nil {
		return err
	}
	way, err := k.way(form, credentials)
	if err != nil {
		return err
	}
	if k.link || form.Ways[way].SignIn {
		if len(credentials) > 0 {
			return errors.New("what is signed in to by a link is asked for on its page: leave -c out")
		}
		return k.byLink(ctx, values)
	}
	if k.account == "" {
		if err := k.fill(form.Context, "context.", values); err != nil {
			return err
		}
	}
	if k.account == "" || len(credentials) == 0 { // else what is not given stays
		if err := k.fill(form.Ways[way].Fields, "credentials.", credentials); err != nil {
			return err
		}
	}
	return k.byForm(ctx, values, credentials)
}

func (k *connecting) get(ctx context.Context, path string, into any) error {
	b, err := k.do(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("read Sluice's answer: %w", err)
	}
	return nil
}

// given are the credentials that the command line names.
func (k *connecting) given() (map[string]string, error) { return credentialPairs(k.cmd, k.credentials) }

// credentialPairs reads name=value texts whose values may lie in a file.
func credentialPairs(cmd *cobra.Command, given []string) (map[string]string, error) {
	values, err := pairs("--credential", given)
	if err != nil {
		return nil, err
	}
	for name, text := range values {
		if values[name], err = value(cmd, text); err != nil {
			return nil, fmt.Errorf("--credential %s: %w", name, err)
		}
	}
	return values, nil
}

// way is the one that the given credentials belong to, or that somebody chooses.
func (k *connecting) way(form *account.Form, given map[string]string) (int, error) {
	if len(form.Ways) == 1 {
		return 0, nil
	}
	if len(given) > 0 {
		for i, w := range form.Ways {
			if has(w.Fields, given) {
				return i, nil
			}
		}
		return 0, nil // which says what it does not know
	}
	if k.link || !k.present() {
		return 0, nil
	}
	options := make([]account.Option, len(form.Ways))
	for i, w := range form.Ways {
		options[i] = account.Option{Value: fmt.Sprint(i), Label: w.Label}
		if w.Label == "" {
			options[i].Label = fmt.Sprintf("Way %d", i+1)
		}
	}
	for i := range options {
		options[i].Value = options[i].Label
	}
	label, err := k.choose("How to connect "+form.Label, options, options[0].Label)
	for i, o := range options {
		if o.Label == label {
			return i, err
		}
	}
	return 0, err
}

func has(fields []account.FormField, given map[string]string) bool {
	known := 0
	for _, f := range fields {
		if _, ok := given[strings.TrimPrefix(f.Name, "credentials.")]; ok {
			known++
		}
	}
	return known == len(given)
}

// fill asks for what is not given. Where nobody is there to ask, only what is required is missed.
func (k *connecting) fill(fields []account.FormField, prefix string, values map[string]string) error {
	var lacking []string
	for _, f := range fields {
		name := strings.TrimPrefix(f.Name, prefix)
		if _, ok := values[name]; ok {
			continue
		}
		if !k.present() {
			if f.Required {
				lacking = append(lacking, name)
			}
			continue
		}
		text, err := k.ask(f)
		if err != nil {
			return err
		}
		if text != "" {
			values[name] = text
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	flag := "--context"
	if prefix == "credentials." {
		flag = "-c"
	}
	return fmt.Errorf("there is no terminal to ask on, and it needs %s: give %s %s=…, or %[2]s %[3]s=@file", strings.Join(lacking, ", "), flag, lacking[0])
}

// byForm connects with what was entered, and asks what can only be asked then.
func (k *connecting) byForm(ctx context.Context, values, credentials map[string]string) error {
	method, path, body := http.MethodPost, "/integrated-account", map[string]any{"credentials": credentials, "context": values}
	if k.account != "" {
		method, path = http.MethodPatch, path+"/"+url.PathEscape(k.account)
	} else {
		body["integration"], body["name"], body["tenant_id"] = k.integration, k.name, k.tenant
	}
	made, err := k.do(ctx, method, path, nil, body)
	for err == nil {
		var acct struct{ ID, Status string }
		if err := json.Unmarshal(made, &acct); err != nil {
			return fmt.Errorf("read Sluice's answer: %w", err)
		}
		if acct.Status != string(account.Connecting) {
			break
		}
		made, err = k.choice(ctx, acct.ID)
	}
	if err != nil {
		return err
	}
	return printMade(k.cmd, k.asJSON, made, "Integrated account %s is %s\n", "id", "status")
}

// choice asks what a connecting account leaves to choose.
func (k *connecting) choice(ctx context.Context, id string) (json.RawMessage, error) {
	var q struct {
		Field, Label string
		Options      []account.Option
	}
	path := "/integrated-account/" + url.PathEscape(id)
	if err := k.get(ctx, path+"/question", &q); err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(q.Field, "context.")
	if !k.present() {
		return nil, fmt.Errorf("the account %s is connected but for one thing: choose the %s by PATCH %s, or here with --context %s=…", id, q.Label, path, name)
	}
	chosen, err := k.choose(q.Label, q.Options, "")
	if err != nil {
		return nil, err
	}
	return k.do(ctx, http.MethodPatch, path, nil, map[string]any{"context": map[string]string{name: chosen}})
}

// byLink makes a link and waits until somebody has gone through it.
func (k *connecting) byLink(ctx context.Context, values map[string]string) error {
	body := map[string]any{}
	if k.account != "" {
		body["integrated_account_id"] = k.account
	} else {
		body["tenant_id"], body["integration"], body["name"] = k.tenant, k.integration, k.name
		if len(values) > 0 {
			body["context"] = values
		}
	}
	if k.redirect != "" {
		body["redirect_uri"] = k.redirect
	}
	b, err := k.do(ctx, http.MethodPost, "/link-token", nil, body)
	if err != nil {
		return err
	}
	type state struct {
		ID, Status string
		URL        string    `json:"link_url"`
		Expires    time.Time `json:"expires_at"`
		Account    string    `json:"integrated_account_id"`
	}
	var made state
	if err := json.Unmarshal(b, &made); err != nil {
		return fmt.Errorf("read Sluice's answer: %w", err)
	}
	if k.noWait {
		if k.asJSON {
			return printJSON(k.cmd.OutOrStdout(), json.RawMessage(b))
		}
		_, err := fmt.Fprintln(k.cmd.OutOrStdout(), made.URL)
		return err
	}
	fmt.Fprintf(k.out, "Open this in a browser:\n\n  %s\n\nIt works once, until %s. Waiting for it; Ctrl-C ends the waiting, and not the link.\n", made.URL, made.Expires.Local().Format("15:04"))
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		var now state
		if err := k.get(ctx, "/link-token/"+url.PathEscape(made.ID), &now); err != nil {
			return err
		}
		switch now.Status {
		case "expired":
			return errors.New("the link has expired, and nobody has gone through it")
		case "used":
			acct, err := k.do(ctx, http.MethodGet, "/integrated-account/"+url.PathEscape(now.Account), nil, nil)
			if err != nil {
				return err
			}
			return printMade(k.cmd, k.asJSON, acct, "Integrated account %s is %s\n", "id", "status")
		}
	}
}
