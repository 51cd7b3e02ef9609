package vendor

import (
	"fmt"
	"net/url"
	"strings"

	"sluice/internal/account"
	"sluice/internal/outbound"
)

// build makes the request: address, page, credential and headers.
func (k *call) build() (*outbound.Request, error) {
	values := &account.Values{Definition: k.def, Context: k.acct.Context, Credential: k.credential}
	auth, err := k.accounts.Authorize(k.auth, values)
	if err != nil {
		return nil, fmt.Errorf("authorize the call to %s: %w", k.label, err)
	}
	source := k.def.BaseURL
	if k.req.Method.BaseURL != "" {
		source = k.req.Method.BaseURL
	}
	base, err := k.templates.ExpandAddress(source, values)
	if err != nil {
		return nil, fmt.Errorf("make the address of %s: %w", k.label, err)
	}
	k.first = strings.TrimRight(base, "/") + k.req.Path
	k.address, k.query = k.first, k.req.Query
	if k.page != nil {
		k.turn()
	}
	address := k.address
	switch {
	case auth.Query != "" && k.query != "":
		address += "?" + without(k.query, auth.Query) + auth.Query
	case auth.Query != "":
		address += "?" + auth.Query
	case k.query != "":
		address += "?" + k.query
	}
	header, err := k.header(values, auth)
	if err != nil {
		return nil, err
	}
	return &outbound.Request{Method: strings.ToUpper(k.req.Method.HTTPMethod), URL: address, Header: header, Body: k.req.Body, Once: k.write}, nil
}

// without is the query without the parameters that the authorization sets, ready to be followed by it: a vendor's link to the next page may carry the old key.
func without(query, auth string) string {
	for part := range strings.SplitSeq(auth, "&") {
		name, _, _ := strings.Cut(part, "=")
		query = setParameter(query, name, "")
	}
	if query != "" {
		query += "&"
	}
	return query
}

// header puts the headers together. A later one of the same name takes the place of an earlier: the definition's, the method's, the call's, and
// last what Sluice itself is responsible for. Cookies add up.
func (k *call) header(values *account.Values, auth *account.Authorization) ([][2]string, error) {
	h := make([][2]string, 0, 4+len(k.def.Headers)+len(k.req.Method.Headers)+len(k.req.Header)+len(auth.Header))
	h = append(h, [2]string{"Accept", jsonType})
	if k.req.Method.Response.Format != "" && k.req.Method.Response.Format != "json" {
		h[0][1] = "*/*"
	}
	for _, headers := range []map[string]string{k.def.Headers, k.req.Method.Headers} {
		for name, source := range headers {
			value, err := k.templates.Expand(source, values)
			if err != nil {
				return nil, fmt.Errorf("make the header %s for %s: %w", name, k.label, err)
			}
			h = setHeader(h, name, value)
		}
	}
	if k.req.ContentType != "" {
		h = setHeader(h, "Content-Type", k.req.ContentType)
	}
	cookie := ""
	for i, f := range k.req.Header {
		switch {
		case strings.EqualFold(f[0], "Cookie"):
			cookie = joined(cookie, f[1])
		case i > 0 && strings.EqualFold(k.req.Header[i-1][0], f[0]): // one header in several lines
			h = append(h, f)
		default:
			h = setHeader(h, f[0], f[1])
		}
	}
	h = k.req.Trace.appendTo(h)
	for _, f := range auth.Header {
		h = setHeader(h, f[0], f[1])
	}
	if cookie = joined(cookie, auth.Cookie); cookie != "" {
		h = setHeader(h, "Cookie", cookie)
	}
	return h, nil
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

func setHeader(h [][2]string, name, value string) [][2]string {
	kept := h[:0]
	for _, f := range h {
		if !strings.EqualFold(f[0], name) {
			kept = append(kept, f)
		}
	}
	return append(kept, [2]string{name, value})
}

// setParameter replaces a parameter of a query, given by its encoded name; an empty value takes it away. The others stay as they are spelled.
func setParameter(query, name, value string) string {
	if query == "" && value != "" {
		return name + "=" + value
	}
	var b strings.Builder
	for part := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(part, "=")
		if part == "" || key == name || sameName(key, name) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(part)
	}
	if value != "" {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(value)
	}
	return b.String()
}

// sameName compares two encoded names by what they say.
func sameName(a, b string) bool {
	if !strings.ContainsAny(a, "%+") && !strings.ContainsAny(b, "%+") {
		return false // equal ones were found already
	}
	x, errX := url.QueryUnescape(a)
	y, errY := url.QueryUnescape(b)
	return errX == nil && errY == nil && x == y
}
