package oauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sluice/internal/doctor"
	"sluice/internal/permission"
)

func TestTheDoctorGoesTheWholeWayAndJudgesTheTools(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	report, err := doctor.Examine(t.Context(), doctor.Options{URL: i.Resource(server), Name: "octapipe-of-the-sales-team", Open: func(address string) error {
		go func() { // the browser
			a := decide(t, ada, address, "decision", "allow", "write", "on")
			if r, err := http.Get(a.header.Get("Location")); err == nil {
				r.Body.Close()
			}
		}()
		return nil
	}})
	if err != nil || report.Failed() && !strings.Contains(failures(report), "Cursor") {
		t.Fatalf("the report is %+v, error %v", report, err)
	}
	seen := map[string]doctor.Level{}
	for _, f := range report.Findings {
		if seen[f.Step] != doctor.Bad {
			seen[f.Step] = f.Level
		}
	}
	for _, step := range []string{"challenge", "resource metadata", "sign-in metadata", "registration", "sign-in", "token", "answer", "browser clients", "tools"} {
		if seen[step] != doctor.Good {
			t.Errorf("%s is %q", step, seen[step])
		}
	}
	cursor := ""
	for _, v := range report.Clients {
		for _, p := range v.Problems {
			if v.Client == "Cursor" && p.Level == doctor.Bad {
				cursor = p.Words
			}
		}
	}
	if !strings.Contains(cursor, "longer than 60 characters") {
		t.Errorf("of a long name of the server's Cursor is told %q", cursor)
	}

	// Without a person it says that one is needed, and that nothing is wrong so far.
	report, err = doctor.Examine(t.Context(), doctor.Options{URL: i.Resource(server)})
	if err != nil || report.Failed() || len(report.Clients) != 0 {
		t.Errorf("without a person: %+v, error %v", report, err)
	}
	// A URL that is not letter by letter what the server says of itself.
	u, _ := url.Parse(i.Resource(server))
	u.Host = "localhost:" + u.Port()
	report, err = doctor.Examine(t.Context(), doctor.Options{URL: u.String()})
	if err != nil || !report.Failed() || !strings.Contains(failures(report), "not the address that was given") {
		t.Errorf("by another name: %+v, error %v", report, err)
	}
	report, err = doctor.Examine(t.Context(), doctor.Options{URL: i.URL + "/mcp/" + strings.Repeat("a", 43)})
	if err != nil || !strings.Contains(failures(report), "no MCP server at this address") {
		t.Errorf("of a server that is not there: %+v, error %v", report, err)
	}
}

func failures(r *doctor.Report) string {
	var all []string
	for _, f := range r.Findings {
		if f.Level == doctor.Bad {
			all = append(all, f.Step+": "+f.Words)
		}
	}
	return strings.Join(all, "\n")
}
