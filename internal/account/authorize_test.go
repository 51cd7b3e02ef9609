package account_test

import (
	"fmt"
	"testing"

	"sluice/internal/account"
	"sluice/internal/integration"
)

func TestAuthorizationsArePutOnTogether(t *testing.T) {
	w := newWorld(t, sqlite(t))
	fields := map[string]string{"key": "k&y", "user": "ann", "password": "p:w"}
	tests := []struct {
		name string
		list integration.Authorizations
		want account.Authorization
		err  bool
	}{
		{name: "none", list: nil},
		{name: "bearer", list: integration.Authorizations{{Format: "bearer"}}, want: account.Authorization{Header: [][2]string{{"Authorization", "Bearer t0"}}}},
		{name: "basic", list: integration.Authorizations{{Format: "basic", Username: "{{credentials.user}}", Password: "{{credentials.password}}"}},
			want: account.Authorization{Header: [][2]string{{"Authorization", "Basic YW5uOnA6dw=="}}}},
		{name: "basic with a key and no password", list: integration.Authorizations{{Format: "basic", Username: "{{credentials.key}}", Password: ""}},
			want: account.Authorization{Header: [][2]string{{"Authorization", "Basic ayZ5Og=="}}}},
		{name: "header, query and cookies", list: integration.Authorizations{
			{Format: "header", Name: "X-Key", Value: "Key {{credentials.key}}"}, {Format: "query", Name: "api key", Value: "{{credentials.key}}"},
			{Format: "query", Name: "t", Value: "{{token.access}}"}, {Format: "cookie", Name: "sid", Value: "{{token.access}}"}, {Format: "cookie", Name: "u", Value: "{{credentials.user}}"}},
			want: account.Authorization{Header: [][2]string{{"X-Key", "Key k&y"}}, Query: "api+key=k%26y&t=t0", Cookie: "sid=t0; u=ann"}},
		{name: "one that was optional is left out", list: integration.Authorizations{{Format: "bearer"}, {Format: "header", Name: "X", Value: "{{credentials.more}}"}},
			want: account.Authorization{Header: [][2]string{{"Authorization", "Bearer t0"}}}},
		{name: "nothing is left", list: integration.Authorizations{{Format: "header", Name: "X", Value: "{{credentials.more}}"}}, err: true},
		{name: "a cookie that would be two", list: integration.Authorizations{{Format: "cookie", Name: "u", Value: "{{credentials.user}}; admin=1"}}, err: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := &account.Values{Definition: w.def, Credential: &account.Credential{Fields: fields, Token: "t0"}}
			for range 2 { // made, and from the cache
				got, err := w.Authorize(test.list, v)
				if (err != nil) != test.err {
					t.Fatalf("got error %v", err)
				}
				if err == nil && fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", test.want) {
					t.Errorf("want %+v, got %+v", test.want, *got)
				}
			}
		})
	}
}
