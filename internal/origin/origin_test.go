package origin_test

import (
	"net/http"
	"testing"

	"sluice/internal/origin"
)

func TestRefusesSettingsThatMeanNothing(t *testing.T) {
	for _, s := range []origin.Settings{
		{PublicURL: "sluice.example"},
		{PublicURL: "ftp://sluice.example"},
		{Origins: []string{"inspector.example"}},
		{Origins: []string{"https://inspector.example/path"}},
		{Proxies: []string{"nginx"}},
		{Proxies: []string{"10.0.0.0/99"}},
	} {
		if _, err := origin.New(s); err == nil {
			t.Errorf("%+v was accepted", s)
		}
	}
}

func TestAHeaderSaysWhoAsksOnlyWhereANamedProxyWroteIt(t *testing.T) {
	p, err := origin.New(origin.Settings{Proxies: []string{"10.0.0.0/8", "::1", "192.0.2.7"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, peer, want string
		forwarded        []string
	}{
		{"nobody between", "203.0.113.5:1234", "203.0.113.5", nil},
		{"a stranger that claims another address", "203.0.113.5:1234", "203.0.113.5", []string{"198.51.100.1"}},
		{"a named proxy", "10.1.2.3:80", "198.51.100.1", []string{"198.51.100.1"}},
		{"a named proxy, to which a stranger claimed another address", "10.1.2.3:80", "198.51.100.1", []string{"127.0.0.1, 198.51.100.1"}},
		{"two named proxies", "[::1]:80", "198.51.100.1", []string{"1.1.1.1, 198.51.100.1, 192.0.2.7"}},
		{"two fields of the same name", "[::1]:80", "198.51.100.1", []string{"1.1.1.1", "198.51.100.1"}},
		{"a named proxy that adds nothing", "10.1.2.3:80", "10.1.2.3", nil},
		{"a named proxy that adds nonsense", "10.1.2.3:80", "10.1.2.3", []string{"198.51.100.1, unknown"}},
		{"an IPv4 address in IPv6 form", "[::ffff:10.1.2.3]:80", "198.51.100.1", []string{"::ffff:198.51.100.1"}},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		for _, f := range c.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := p.Address(r); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
