package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sluice/internal/node"
	"sluice/internal/oauth"
	"sluice/internal/spelling"
)

// Settings of a node come from flags, from SLUICE_* variables and from a YAML file, the first that says something. Their names are the
// flags': --public-url, SLUICE_PUBLIC_URL, public_url.
func nodeFlags(f *pflag.FlagSet) {
	f.String("config", "", "YAML file with settings")
	f.String("listen", "127.0.0.1:8080", "address to listen on")
	f.String("database", "sluice.db", "file of the embedded database, or postgres://…")
	f.String("master-key", "", "key that wraps all keys: 32 random bytes in base64 (better given as SLUICE_MASTER_KEY)")
	f.String("master-key-file", "", "file of that key; made on first start (default: master.key beside the database's file)")
	f.String("public-url", "", "URL under which the world reaches this installation")
	f.StringSlice("allow-address", nil, "addresses inside the network that vendors may have: loopback, private, or a prefix")
	f.StringSlice("allow-file-address", nil, "addresses inside the network from which files may be fetched that callers name by URL")
	f.StringSlice("allow-webhook-address", nil, "addresses inside the network that events may be sent to")
	f.StringSlice("allow-origin", nil, "origins of web pages that may call MCP servers, beside the public URL's and this machine's")
	f.StringSlice("allow-host", nil, "names this machine may be called by while it listens on loopback")
	f.StringSlice("trusted-proxy", nil, "addresses of reverse proxies, whose X-Forwarded-For is believed")
	f.String("oauth-issuer", "", "authorization server whose tokens are trusted at MCP servers that people sign in to; Sluice itself if left out")
	f.String("oauth-audience", "", "what that one's tokens must be for; the MCP server's own URL if left out")
	f.String("oauth-keys-url", "", "where its keys are (JWKS); as its OpenID discovery says if left out")
	f.Int64("max-file", 1024, "largest file that is passed on, in MiB")
	f.Int("calls-per-environment", 1000, "calls of one environment that are under way at once; 0: any number")
	f.Duration("keep-alive", 20*time.Second, "time between the signs of life on a stream; keep it under what the proxies in between wait")
	f.Int("tools-page", 0, "tools in one answer to tools/list; 0: all of them")
	f.Int("keep-calls", 0, "days that the log keeps a call; 0: for ever")
	f.String("metrics-listen", "", "address at which a Prometheus server finds /metrics; nowhere if left out")
	f.String("log-level", "info", "debug, info, warn or error")
	f.String("log-format", "text", "text or json")
}

// settings are a node's, and how it listens and logs.
type settings struct {
	node.Settings
	Listen  string
	Metrics string // address to serve metrics at; "": nowhere
}

const environmentPrefix = "SLUICE_"

// clientVariables are read by the commands that are clients; they are no settings of a node.
var clientVariables = []string{"SLUICE_URL", "SLUICE_TOKEN"}

func readSettings(cmd *cobra.Command) (*settings, error) {
	k := koanf.New(".")
	known := map[string]bool{}
	all := pflag.NewFlagSet("settings", pflag.ContinueOnError) // a command may have other flags, which are no settings
	nodeFlags(all)
	all.VisitAll(func(f *pflag.Flag) { known[strings.ReplaceAll(f.Name, "-", "_")] = true })
	refuse := func(from, spelled, prefix string) error {
		key := strings.ToLower(strings.TrimPrefix(spelled, prefix))
		if near := spelling.Nearest(key, sortedKeys(known)); near != "" {
			if prefix != "" {
				near = prefix + strings.ToUpper(near)
			}
			return fmt.Errorf("%s: there is no setting %s; did you mean %s?", from, spelled, near)
		}
		return fmt.Errorf("%s: there is no setting %s; the settings are %s", from, spelled, strings.Join(sortedKeys(known), ", "))
	}
	configFile, _ := cmd.Flags().GetString("config")
	if configFile == "" {
		configFile = os.Getenv(environmentPrefix + "CONFIG")
	}
	if configFile != "" {
		if err := k.Load(file.Provider(configFile), yaml.Parser()); err != nil {
			return nil, fmt.Errorf("read settings from %s: %w", configFile, err)
		}
		for _, key := range k.Keys() {
			switch {
			case !known[key]:
				return nil, refuse(configFile, key, "")
			case k.Get(key) == nil:
				return nil, fmt.Errorf("%s: %s has no value: give it one, or take the line out", configFile, key)
			}
		}
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		key, ours := strings.CutPrefix(name, environmentPrefix)
		if ours && !slices.Contains(clientVariables, name) && !known[strings.ToLower(key)] {
			return nil, refuse("environment", name, environmentPrefix)
		}
	}
	err := k.Load(env.Provider(".", env.Opt{Prefix: environmentPrefix, TransformFunc: func(name, value string) (string, any) {
		if value == "" { // as Compose files write what is not set
			return "", nil
		}
		return strings.ToLower(strings.TrimPrefix(name, environmentPrefix)), value
	}}), nil)
	if err != nil {
		return nil, err
	}
	err = k.Load(posflag.ProviderWithFlag(cmd.Flags(), ".", k, func(f *pflag.Flag) (string, any) {
		return strings.ReplaceAll(f.Name, "-", "_"), posflag.FlagVal(cmd.Flags(), f)
	}), nil)
	if err != nil {
		return nil, err
	}
	if k.Int64("max_file") < 1 {
		return nil, fmt.Errorf("max_file is %q; it must be a number of MiB, from 1", k.String("max_file"))
	}
	keepAlive := k.Duration("keep_alive")
	if err := checkKeepAlive(k.String("keep_alive"), keepAlive); err != nil {
		return nil, err
	}
	toolsPage, err := count(k, "tools_page", "a whole number, 0 for all tools in one answer")
	if err != nil {
		return nil, err
	}
	keepCalls, err := count(k, "keep_calls", "a whole number of days, 0 to keep all calls for ever")
	if err != nil {
		return nil, err
	}
	maxCalls, err := count(k, "calls_per_environment", "a whole number, 0 for any number of calls at once")
	if err != nil {
		return nil, err
	}
	log, err := newLog(cmd.ErrOrStderr(), k.String("log_level"), k.String("log_format"))
	if err != nil {
		return nil, err
	}
	list := func(key string) []string {
		if text, ok := k.Get(key).(string); ok { // of a variable, or a single one in the file
			return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
		}
		return k.Strings(key)
	}
	external, err := externalIssuer(k.String("oauth_issuer"), k.String("oauth_audience"), k.String("oauth_keys_url"))
	if err != nil {
		return nil, err
	}
	return &settings{
		Listen:  k.String("listen"),
		Metrics: k.String("metrics_listen"),
		Settings: node.Settings{
			Database: k.String("database"), MasterKey: k.String("master_key"), MasterKeyFile: k.String("master_key_file"),
			PublicURL: strings.TrimSuffix(k.String("public_url"), "/"), AllowAddresses: list("allow_address"), AllowFiles: list("allow_file_address"),
			AllowWebhooks:  list("allow_webhook_address"),
			AllowedOrigins: list("allow_origin"), AllowedHosts: list("allow_host"), TrustedProxies: list("trusted_proxy"), ExternalIssuer: external, KeepAlive: keepAlive, ToolsPage: toolsPage, MaxFile: k.Int64("max_file") << 20, MaxCalls: maxCalls,
			KeepCalls: time.Duration(keepCalls) * 24 * time.Hour, Version: version(), Log: log,
		},
	}, nil
}

// externalIssuer is the authorization server of somebody else's whose tokens are trusted; nil: none.
func externalIssuer(issuer, audience, keysURL string) (*oauth.External, error) {
	if issuer == "" {
		if audience != "" || keysURL != "" {
			return nil, errors.New("oauth_audience and oauth_keys_url are of an oauth_issuer: name that one too")
		}
		return nil, nil
	}
	if u, err := url.Parse(issuer); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("oauth_issuer is %q; it must be the issuer's URL, exactly as its tokens name it", issuer)
	}
	return &oauth.External{Issuer: issuer, Audience: audience, KeysURL: keysURL}, nil
}

// count is a setting that is a number from 0, where must says what it has to be.
func count(k *koanf.Koanf, name, must string) (int, error) {
	n := k.Int(name)
	if n < 0 || n == 0 && k.String(name) != "0" { // what is no number reads as 0
		return 0, fmt.Errorf("%s is %q; it must be %s", name, k.String(name), must)
	}
	return n, nil
}

func checkKeepAlive(said string, keepAlive time.Duration) error {
	if keepAlive < time.Second/10 {
		return fmt.Errorf("keep_alive is %q; it must be a time from 100ms, such as 20s", said)
	}
	return nil
}

func newLog(w io.Writer, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log_level is %q; it must be debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: l}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("log_format is %q; it must be text or json", format)
}

func sortedKeys(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
