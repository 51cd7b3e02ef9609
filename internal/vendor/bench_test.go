package vendor_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/outbound"
	"sluice/internal/vendor"
)

// BenchmarkDo is one page of a list with everything on that a call has: a credential, limits, secrets dropped. The vendor's own cost, in the same process, is in it.
func BenchmarkDo(b *testing.B) {
	for _, kib := range []int{4, 16} {
		item := `{"id":"0192f0c1-0000-7000-8000-000000000000","name":"Acme Corp Deal","values":{"cf_a":"` + strings.Repeat("x", kib<<10/15-100) + `"}}`
		page := []byte("[" + strings.Repeat(item+",", 14) + item + "]")
		b.Run(fmt.Sprintf("%dKiB", kib), func(b *testing.B) {
			w := newWorldWith(b, func(d *integration.Definition) {
				d.Credentials = integration.Credentials{Format: "static", Token: "{{credentials.key}}", Fields: integration.Fields{{Name: "key", Type: "password"}}}
				d.Authorization = integration.Authorizations{{Format: "bearer"}}
				d.SecretFields = []string{"initial_password", "recover_code", "auth_code"}
				d.Pagination = integration.Pagination{Format: "page", Page: "page", Size: "limit", MaxSize: 15}
				d.Resources = integration.Resources{{Fields: &integration.FieldSource{At: "values"}}}
			}, map[string]string{"key": strings.Repeat("k", 40)}, outbound.Options{}, nil)
			w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				rw.Header()["Content-Type"] = []string{"application/json"}
				rw.Header()["X-RateLimit-Limit"] = []string{"60"}
				rw.Header()["X-RateLimit-Remaining"] = []string{"59"}
				rw.Header()["Content-Length"] = []string{fmt.Sprint(len(page))}
				rw.Write(page)
			})
			method := &integration.Method{Name: "list", HTTPMethod: "GET"}
			b.ReportAllocs()
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, err := w.Do(b.Context(), w.account, w.def, &vendor.Request{Method: method, Path: "/ships", Page: &vendor.Position{Size: 15}})
					if err != nil || r.Outcome != vendor.OK || r.Items != 15 {
						b.Errorf("got %+v, %v", r, err)
						return
					}
				}
			})
		})
	}
}
