package vendor_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/vendor"
)

// fleet is a list of ships as a vendor serves it.
func fleet(n int) []string {
	ships := make([]string, n)
	for i := range ships {
		ships[i] = fmt.Sprintf(`{"id":"s%03d"}`, i)
	}
	return ships
}

func array(items []string) string { return "[" + strings.Join(items, ",") + "]" }

// cut is a page of at most size items from offset on.
func cut(ships []string, offset, size int) []string {
	return ships[min(offset, len(ships)):min(offset+size, len(ships))]
}

func number(r *http.Request, name string, otherwise int) int {
	if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil {
		return n
	}
	return otherwise
}

// walk reads a list to its end as the gateway does, and answers the ids in order and how many requests it took.
func walk(t *testing.T, w *world, p *integration.Pagination, query string, size int) (ids []string, pages int, totals []int) {
	t.Helper()
	method := &integration.Method{Name: "list", HTTPMethod: "GET", Pagination: p}
	for at := (&vendor.Position{Size: size}); at != nil; pages++ {
		if pages > 40 {
			t.Fatalf("the list does not end: %v", ids)
		}
		r := w.do(t, &vendor.Request{Method: method, Path: "/ships", Query: query, Page: at})
		if r.Outcome != vendor.OK {
			t.Fatalf("page %d: %+v", pages, r.Problem)
		}
		var items []struct{ ID string }
		if err := json.Unmarshal(r.Body, &items); err != nil {
			t.Fatalf("page %d: %v in %s", pages, err, r.Body)
		}
		if len(items) != r.Items {
			t.Fatalf("page %d: says %d items and has %d", pages, r.Items, len(items))
		}
		for _, item := range items {
			ids = append(ids, item.ID)
		}
		totals = append(totals, r.Total)
		at = r.Next
	}
	return ids, pages, totals
}

// Each format, with a list that ends within a page, on a page's edge, and with none at all, is read to its end exactly once.
func TestEveryListIsReadToItsEndExactlyOnce(t *testing.T) {
	zero := 0
	formats := []struct {
		name  string
		p     integration.Pagination
		serve func(ships []string, w http.ResponseWriter, r *http.Request) // pages of 15 at most
	}{
		{"page number, bare array", integration.Pagination{Format: "page", Page: "page", Size: "limit", MaxSize: 15}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			size := min(number(r, "limit", 15), 15)
			fmt.Fprint(w, array(cut(ships, (number(r, "page", 1)-1)*size, size)))
		}},
		{"page number, bare array, size of pages not known", integration.Pagination{Format: "page", Page: "page"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, array(cut(ships, (number(r, "page", 1)-1)*15, 15)))
		}},
		{"page number from 0 with the last page", integration.Pagination{Format: "page", Page: "p", First: &zero, Items: "data", LastPage: "meta.last"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"data":%s,"meta":{"last":%d}}`, array(cut(ships, number(r, "p", 0)*15, 15)), max(0, (len(ships)-1)/15))
		}},
		{"page number with a total", integration.Pagination{Format: "page", Page: "page", Size: "per_page", MaxSize: 15, Items: "data", Total: "total"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			size := min(number(r, "per_page", 15), 15)
			fmt.Fprintf(w, `{"data":%s,"total":%d}`, array(cut(ships, (number(r, "page", 1)-1)*size, size)), len(ships))
		}},
		{"page number with the next one", integration.Pagination{Format: "page", Page: "page", Items: "data", Next: "next"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			page := number(r, "page", 1)
			next := "null"
			if page*15 < len(ships) {
				next = fmt.Sprint(page + 1)
			}
			fmt.Fprintf(w, `{"data":%s,"next":%s}`, array(cut(ships, (page-1)*15, 15)), next)
		}},
		{"offset", integration.Pagination{Format: "offset", Offset: "skip", Size: "take", MaxSize: 15, Items: "rows"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"rows":%s}`, array(cut(ships, number(r, "skip", 0), min(number(r, "take", 15), 15))))
		}},
		{"offset with more", integration.Pagination{Format: "offset", Offset: "skip", Items: "rows", More: "has_more"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			offset := number(r, "skip", 0)
			fmt.Fprintf(w, `{"rows":%s,"has_more":%v}`, array(cut(ships, offset, 15)), offset+15 < len(ships))
		}},
		{"cursor", integration.Pagination{Format: "cursor", Cursor: "after", Items: "data", Next: "paging.next"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			offset := 0
			fmt.Sscanf(r.URL.Query().Get("after"), "c+/=%d", &offset)
			next := "null"
			if offset+15 < len(ships) {
				next = fmt.Sprintf(`"c+/=%d"`, offset+15)
			}
			fmt.Fprintf(w, `{"data":%s,"paging":{"next":%s}}`, array(cut(ships, offset, 15)), next)
		}},
		{"cursor that ends empty", integration.Pagination{Format: "cursor", Cursor: "after", Items: "data", Next: "next"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			offset := number(r, "after", 0)
			next := ""
			if offset+15 < len(ships) {
				next = fmt.Sprint(offset + 15)
			}
			fmt.Fprintf(w, `{"data":%s,"next":%q}`, array(cut(ships, offset, 15)), next)
		}},
		{"cursor that is an address", integration.Pagination{Format: "cursor", Items: "data", Next: "next"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			offset := number(r, "o", 0)
			next := "null"
			if offset+15 < len(ships) {
				next = fmt.Sprintf(`"https://inner.name:8443/v1/ships?o=%d&%s"`, offset+15, "kind=tug")
			}
			fmt.Fprintf(w, `{"data":%s,"next":%s}`, array(cut(ships, offset, 15)), next)
		}},
		{"header", integration.Pagination{Format: "header", Cursor: "after", Next: "X-Next"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			offset := number(r, "after", 0)
			if offset+15 < len(ships) {
				w.Header().Set("X-Next", fmt.Sprint(offset+15))
			}
			fmt.Fprint(w, array(cut(ships, offset, 15)))
		}},
		{"Link header", integration.Pagination{Format: "link"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			offset := number(r, "o", 0)
			if offset+15 < len(ships) {
				w.Header().Add("Link", fmt.Sprintf(`<http://%s/v1/ships?o=0>; rel="first", <http://%[1]s/v1/more?o=%d&kind=tug>; title="a, b; c"; rel="next nofollow"`, r.Host, offset+15))
			}
			fmt.Fprint(w, array(cut(ships, offset, 15)))
		}},
		{"Link header, relative", integration.Pagination{Format: "link"}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			offset := number(r, "o", 0)
			if offset+15 < len(ships) {
				w.Header().Add("Link", fmt.Sprintf(`<?kind=tug&o=%d>; rel=next`, offset+15))
			}
			fmt.Fprint(w, array(cut(ships, offset, 15)))
		}},
		{"expression with a cursor", integration.Pagination{Format: "expression", Cursor: "after", Items: "data", Next: `.data | if length == 15 then last.id else null end`}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			offset := 0
			if n, err := fmt.Sscanf(r.URL.Query().Get("after"), "s%d", &offset); n == 1 && err == nil {
				offset++
			}
			fmt.Fprintf(w, `{"data":%s}`, array(cut(ships, offset, 15)))
		}},
		{"expression with parameters", integration.Pagination{Format: "expression", Items: "data", Next: `if .at + 15 < .of then {from: (.at + 15), "to k": "x&y"} else empty end`}, func(ships []string, w http.ResponseWriter, r *http.Request) {
			offset := number(r, "from", 0)
			if offset > 0 && r.URL.Query().Get("to k") != "x&y" {
				offset = 1000
			}
			fmt.Fprintf(w, `{"data":%s,"at":%d,"of":%d}`, array(cut(ships, offset, 15)), offset, len(ships))
		}},
	}
	var ships []string
	var serve func([]string, http.ResponseWriter, *http.Request)
	w := newWorld(t, func(d *integration.Definition) {
		methods := make([]*integration.Method, len(formats))
		for i := range formats {
			methods[i] = &integration.Method{Name: "list", Pagination: &formats[i].p}
		}
		d.Resources = integration.Resources{{Methods: methods}}
	}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("kind") != "tug" {
			fmt.Fprint(w, "[]") // the filter was lost on the way
			return
		}
		serve(ships, w, r)
	})
	for _, format := range formats {
		t.Run(format.name, func(t *testing.T) {
			serve = format.serve
			for _, n := range []int{0, 1, 14, 15, 16, 30, 47} {
				ships = fleet(n)
				for _, size := range []int{0, 15, 4} {
					if size != 0 && format.p.Size == "" {
						continue
					}
					got, pages, _ := walk(t, w, &format.p, "kind=tug", size)
					var want []string
					for i := range n {
						want = append(want, fmt.Sprintf("s%03d", i))
					}
					if !slices.Equal(got, want) {
						t.Errorf("%d ships in pages of %d: got %v", n, size, got)
					}
					if most := n/15 + 2; size != 4 && pages > most {
						t.Errorf("%d ships: want at most %d requests, got %d", n, most, pages)
					}
				}
			}
		})
	}
}

func TestAPageSaysHowSureItsNextIs(t *testing.T) {
	bare := &integration.Pagination{Format: "page", Page: "page", Size: "limit", MaxSize: 15}
	told := &integration.Pagination{Format: "page", Page: "page", Size: "limit", MaxSize: 15, Items: "data", Total: "total"}
	tests := []struct {
		name    string
		p       *integration.Pagination
		body    string
		next    string
		unknown bool
		total   int
	}{
		{"a full bare array", bare, array(fleet(15)), "2", true, -1},
		{"a short bare array", bare, array(fleet(14)), "", false, -1},
		{"an empty bare array", bare, "[]", "", false, -1},
		{"more than a page", bare, array(fleet(20)), "2", true, -1},
		{"a total that is not reached", told, `{"data":` + array(fleet(15)) + `,"total":16}`, "2", false, 16},
		{"a total that is reached", told, `{"data":` + array(fleet(15)) + `,"total":15}`, "", false, 15},
		{"a total that is missing", told, `{"data":` + array(fleet(15)) + `}`, "2", true, -1},
		{"an envelope that was left out", told, array(fleet(15)), "2", true, -1},
		{"null for an empty list", told, `{"data":null,"total":0}`, "", false, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, nil, answer(200, typeJSON, test.body))
			r := w.do(t, &vendor.Request{Method: &integration.Method{Name: "list", HTTPMethod: "GET", Pagination: test.p}, Path: "/ships", Page: &vendor.Position{Size: 50}})
			next := ""
			if r.Next != nil {
				next = r.Next.Token
				if r.Next.Size != 50 {
					t.Errorf("want the size kept, got %d", r.Next.Size)
				}
			}
			if next != test.next || r.MoreUnknown != test.unknown || r.Total != test.total {
				t.Errorf("want %q %v %d, got %q %v %d", test.next, test.unknown, test.total, next, r.MoreUnknown, r.Total)
			}
		})
	}
}

// A vendor that does not know the parameter answers the first page for ever.
func TestAVendorThatRepeatsItselfEndsTheList(t *testing.T) {
	for _, p := range []*integration.Pagination{
		{Format: "page", Page: "page", Size: "limit", MaxSize: 15},
		{Format: "offset", Offset: "offset"},
		{Format: "link"},
		{Format: "cursor", Cursor: "after", Next: "next", Items: "data"},
	} {
		n := 0
		w := newWorld(t, nil, func(w http.ResponseWriter, r *http.Request) {
			n++
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Link", fmt.Sprintf(`</v1/ships?n=%d>; rel=next`, n))
			if p.Format == "cursor" {
				fmt.Fprintf(w, `{"data":%s,"next":"c%d"}`, array(fleet(15)), n)
				return
			}
			fmt.Fprint(w, array(fleet(15)))
		})
		ids, pages, _ := walk(t, w, p, "", 0)
		if len(ids) != 15 || pages != 2 {
			t.Errorf("%s: want 15 items in 2 requests, got %d in %d", p.Format, len(ids), pages)
		}
	}
}

func TestAnswersThatAreNoListAreTold(t *testing.T) {
	for body, has := range map[string]string{
		`{"message":"hello"}`: "has no list at data",
		`{"data":{"id":1}}`:   "is an object where a list was expected",
		`"text"`:              "is a text where a list was expected",
		`not JSON`:            "is a text where a list was expected",
	} {
		w := newWorld(t, nil, answer(200, typeJSON, body))
		r := w.do(t, &vendor.Request{Method: &integration.Method{Name: "list", HTTPMethod: "GET", Pagination: &integration.Pagination{Format: "page", Items: "data"}}, Path: "/ships", Page: &vendor.Position{}})
		if r.Outcome != vendor.Refused || r.Body != nil || !strings.Contains(r.Problem.Message, has) {
			t.Errorf("%s: got %d %+v", body, r.Outcome, r.Problem)
		}
	}
	w := newWorld(t, nil, answer(204, "", ""))
	r := w.do(t, &vendor.Request{Method: &integration.Method{Name: "list", HTTPMethod: "GET"}, Path: "/ships", Page: &vendor.Position{}})
	if r.Outcome != vendor.OK || string(r.Body) != "[]" || r.Items != 0 || r.Next != nil {
		t.Errorf("204: got %+v", r)
	}
}
