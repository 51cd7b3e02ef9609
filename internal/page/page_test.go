package page_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/internal/page"
)

var set = page.Parse(fstest.MapFS{
	"_parts.html": {Data: []byte(`{{define "greeting"}}Hello, {{.}}{{end}}`)},
	"form.html": {Data: []byte(`{{define "title"}}A form{{end}}{{define "main"}}<h1>{{template "greeting" "you"}}</h1>
<form method="post">{{errors .}}{{field . "email" "E-mail" "type=email" "required" "help=Where mail reaches you."}}{{field . "password" "Password" "type=password"}}{{field . "note" "Note" "rows=3"}}</form>{{end}}`)},
})

func answer(t *testing.T, h http.Handler, r *http.Request) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func TestAFormThatFailedKeepsWhatWasEnteredButThePassword(t *testing.T) {
	form := &page.Form{Values: url.Values{"email": {`"><script>`}, "password": {"hunter2hunter2"}, "note": {"two\nlines"}}}
	form.Fail("email", "This is no address.")
	_, body := answer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set.Write(w, r, http.StatusUnprocessableEntity, "form", form)
	}), httptest.NewRequest("GET", "/", nil))
	for _, want := range []string{
		"<title>A form · Sluice</title>", "<h1>Hello, you</h1>", `value="&#34;&gt;&lt;script&gt;"`, "two\nlines</textarea>", `aria-invalid="true"`, `aria-describedby="f-email-error f-email-help"`,
		`<a href="#f-email">This is no address.</a>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q:\n%s", want, body)
		}
	}
	if strings.Contains(body, "hunter2") {
		t.Error("the page sends a password back")
	}
}

func TestAPageStandsInTheFrameOfItsContext(t *testing.T) {
	show := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { set.Write(w, r, http.StatusOK, "form", page.NewForm()) })
	r := httptest.NewRequest("GET", "/", nil)
	if _, body := answer(t, show, r); !strings.Contains(body, `class="card"`) || strings.Contains(body, "<nav") {
		t.Errorf("a page without a frame is no card:\n%s", body)
	}
	r = r.WithContext(page.WithFrame(r.Context(), page.Frame{
		Home: "/dashboard", Sections: []page.Link{{Label: "Logs", URL: "/logs", Icon: "logs", Current: true}}, Name: "Ada", SignOut: "/sign-out",
	}))
	_, body := answer(t, show, r)
	for _, want := range []string{`href="/logs" aria-current="page"`, "Ada", `action="/sign-out"`, `href="#main"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the framed page lacks %q:\n%s", want, body)
		}
	}
}

func TestAPageLoadsOnlyWhatIsServedBesideItUnderNamesThatMayBeKeptForEver(t *testing.T) {
	_, body := answer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.WriteMessage(w, r, http.StatusNotFound, "Not found", "There is no such page.")
	}), httptest.NewRequest("GET", "/", nil))
	loads := regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(body, -1)
	if len(loads) != 3 {
		t.Fatalf("the page loads %v, want an icon, a stylesheet and a script", loads)
	}
	for _, l := range loads {
		r := httptest.NewRequest("GET", l[1], nil)
		response, content := answer(t, page.Static(), r)
		if response.StatusCode != http.StatusOK || !strings.Contains(response.Header.Get("Cache-Control"), "immutable") || len(content) == 0 {
			t.Errorf("GET %s: %d, %v", l[1], response.StatusCode, response.Header)
		}
		r.Header.Set("Accept-Encoding", "gzip, br")
		if response, packed := answer(t, page.Static(), r); response.Header.Get("Content-Encoding") != "gzip" || len(packed) >= len(content) && len(content) > 1000 {
			t.Errorf("GET %s as gzip: %v, %d bytes of %d", l[1], response.Header, len(packed), len(content))
		}
	}
	if response, _ := answer(t, page.Static(), httptest.NewRequest("GET", "/static/style.css", nil)); response.StatusCode != http.StatusNotFound {
		t.Errorf("a name without its hash: %d, want 404", response.StatusCode)
	}
	if regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script>`).MatchString(body) {
		t.Error("the page holds inline script or style")
	}
}

func TestANoticeIsShownOnceByThePageThatARedirectLeadsTo(t *testing.T) {
	show := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { set.Write(w, r, http.StatusOK, "form", page.NewForm()) })
	redirect, _ := answer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.Redirect(w, r, "/there", `The account “Müller & Co” was connected.`)
	}), httptest.NewRequest("POST", "/", nil))
	if redirect.StatusCode != http.StatusSeeOther || redirect.Header.Get("Location") != "/there" || len(redirect.Cookies()) != 1 || !redirect.Cookies()[0].HttpOnly {
		t.Fatalf("the redirect: %d, %v", redirect.StatusCode, redirect.Header)
	}
	r := httptest.NewRequest("GET", "/there", nil)
	r.AddCookie(redirect.Cookies()[0])
	shown, body := answer(t, show, r)
	if !strings.Contains(body, "The account “Müller &amp; Co” was connected.") {
		t.Errorf("the notice is not shown:\n%s", body)
	}
	if cookies := shown.Cookies(); len(cookies) != 1 || cookies[0].MaxAge >= 0 {
		t.Errorf("the notice is kept: %v", cookies)
	}
}

func TestAnotherSitesFormIsRefused(t *testing.T) {
	h := page.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for _, c := range []struct {
		name, method string
		headers      []string
		want         int
	}{
		{"a page of ours", "POST", []string{"Sec-Fetch-Site", "same-origin"}, 204},
		{"over plain HTTP, a page of ours", "POST", []string{"Origin", "http://example.com"}, 204},
		{"another site", "POST", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a neighbour under the same domain", "POST", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"over plain HTTP, another site", "POST", []string{"Origin", "http://evil.example"}, 403},
		{"an origin that is not told", "POST", []string{"Origin", "null"}, 403},
		{"nothing said", "POST", nil, 403},
		{"nothing said, by DELETE", "DELETE", nil, 403},
		{"a link from another site", "GET", []string{"Sec-Fetch-Site", "cross-site"}, 204},
	} {
		r := httptest.NewRequest(c.method, "http://example.com/", nil)
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Set(c.headers[i], c.headers[i+1])
		}
		response, body := answer(t, h, r)
		if response.StatusCode != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, response.StatusCode, c.want, body)
		}
		if csp := response.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", c.name, csp)
		}
	}
}

func TestAFormMayEndOnlyWhereThePageSays(t *testing.T) {
	for _, c := range []struct{ address, source string }{
		{"https://claude.ai/api/mcp/auth_callback", "https://claude.ai"},
		{"http://127.0.0.1:33418/callback?x=1", "http://127.0.0.1:33418"},
		{"http://localhost:6274", "http://localhost:6274"},
		{"http://[::1]:6274/", "http:"},
		{"cursor://anysphere.cursor-mcp/oauth/callback", "cursor:"},
		{"https://evil.example;script-src%20*/", ""},
		{"https://*.example/", ""},
		{"javascript:alert(1)", ""},
		{"data:text/html,x", ""},
		{"/relative", ""},
	} {
		var err error
		response, _ := answer(t, page.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { err = page.AllowFormTarget(w, c.address) })), httptest.NewRequest("GET", "/", nil))
		_, got, _ := strings.Cut(response.Header.Get("Content-Security-Policy"), "form-action 'self'")
		if strings.TrimSpace(got) != c.source || (err == nil) != (c.source != "") {
			t.Errorf("%s: form-action gains %q, error %v; want %q", c.address, got, err, c.source)
		}
	}
}
