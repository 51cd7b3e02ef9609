package outbound

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// BenchmarkDo compares the pool with net/http's transport, over an upstream in the same process whose cost is in both.
func BenchmarkDo(b *testing.B) {
	for _, kib := range []int{4, 16} {
		page := []byte("[" + strings.Repeat(`"0123456789abcde",`, kib<<10/18) + `""]`)
		s := serve(b, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", fmt.Sprint(len(page)))
			w.Write(page)
		})
		header := [][2]string{{"Authorization", "Bearer " + strings.Repeat("a", 40)}, {"Accept", "application/json"}}
		for _, way := range []string{"pool", "transport"} {
			b.Run(fmt.Sprintf("%s/%dKiB", way, kib), func(b *testing.B) {
				c := newClient(b, Options{})
				if way == "transport" {
					c.pool.http2[s.URL] = true
				}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				b.ReportAllocs()
				b.SetParallelism(16)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						res, err := c.Do(ctx, &Request{Method: "GET", URL: s.URL + "/cards?page=2", Header: header})
						if err != nil || len(res.Body) != len(page) {
							b.Errorf("got %v", err)
							return
						}
					}
				})
			})
		}
	}
}
