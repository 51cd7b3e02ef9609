package oauth

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

const maxURL = 2048

// notRedirects are schemes that no program receives a browser at.
var notRedirects = []string{"javascript", "data", "blob", "file", "vbscript", "about", "view-source", "filesystem", "ws", "wss", "ftp", "mailto", "tel", "sms", "intent"}

// checkRedirectURI says why an address cannot be one that browsers are sent back to: it has to be https, on this machine, or of a program's own scheme (RFC 8252,
// section 7).
func checkRedirectURI(text string) error {
	u, err := url.Parse(text)
	switch {
	case len(text) > maxURL:
		return fmt.Errorf("is longer than %d characters", maxURL)
	case err != nil || u.Scheme == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return errors.New("is no absolute URL")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return errors.New("must have no fragment")
	case u.User != nil:
		return errors.New("must hold no user name")
	case slices.Contains(notRedirects, strings.ToLower(u.Scheme)):
		return fmt.Errorf("has the scheme %s, which leads to no program", u.Scheme)
	case u.Scheme == "https" && u.Hostname() != "":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	case u.Scheme == "http" || u.Scheme == "https":
		return errors.New("must be https, or http on this machine (localhost)")
	}
	return nil
}

// matchRedirectURI reports whether an address is one of those registered, character by character, but for the port of one on this machine, which a program takes
// as it finds it free (RFC 8252, section 7.3). The host is not free: localhost is not 127.0.0.1.
func matchRedirectURI(registered []string, text string) bool {
	if checkRedirectURI(text) != nil {
		return false
	}
	for _, known := range registered {
		if known == text {
			return true
		}
		a, errA := url.Parse(known)
		b, errB := url.Parse(text)
		if errA != nil || errB != nil || a.Scheme != "http" || b.Scheme != "http" || !isLoopback(a.Hostname()) {
			continue
		}
		if a.Hostname() == b.Hostname() && a.EscapedPath() == b.EscapedPath() && a.RawQuery == b.RawQuery && a.ForceQuery == b.ForceQuery {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// targetWords name where a browser is sent back to, as people read it.
func targetWords(redirectURI string) (words string, onThisMachine bool) {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return redirectURI, false
	}
	switch {
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return u.Host, true
	case u.Scheme == "https":
		return u.Host, false
	}
	return "a program on this machine (" + u.Scheme + ":)", true
}
