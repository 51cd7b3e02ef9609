package api_test

import (
	"strings"
	"testing"
)

func TestAFileOverTheProxyAndByItsTool(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		var me struct{ UUID string }
		n.do(t, "POST", n.proxy("users/me"), nil).want(200).into(&me)
		attach := func(file string) string {
			var made struct{ UUID string }
			n.do(t, "POST", n.proxy("files"), `{"entity":"user","record_uuid":"`+me.UUID+`",`+file+`}`).want(200).into(&made)
			return made.UUID
		}
		text := attach(`"file_text":"a,b\n","file_name":"ä.csv"`)
		bytes := attach(`"file":"data:image/png;base64,AAEC","file_name":"a.png"`)

		got := n.do(t, "POST", n.proxy("files/download", "id", bytes), nil).want(200)
		equal(t, "the file", "\x00\x01\x02", string(got.body))
		for name, want := range map[string]string{"Content-Type": "image/png", "Content-Disposition": "attachment; filename=a.png", "Content-Length": "3", "Cache-Control": "private, no-store",
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"} {
			equal(t, name, want, got.header.Get(name))
		}
		n.do(t, "POST", n.proxy("files/download", "id", "00000000-0000-4000-8000-000000000000"), nil).refuses(404, "any")
		n.do(t, "POST", n.proxy("files/download"), nil).refuses(422, "id", "required")

		tool := "/integrated-account/" + n.account + "/tools/octapipe_files_download"
		equal(t, "a small text", `{"name":"ä.csv","media_type":"text/csv","size":4,"text":"a,b\n"}`, string(n.do(t, "POST", tool, `{"id":"`+text+`"}`).want(200).body))
		link := n.do(t, "POST", tool, `{"id":"`+bytes+`"}`).want(200).object()
		if url, _ := link["url"].(string); !strings.Contains(url, "/file/") || link["text"] != nil || link["expires_at"] == nil || link["name"] != "a.png" {
			t.Errorf("want a link, got %v", link)
		}
		n.do(t, "POST", "/integrated-account/"+n.account+"/tools/create_a_octapipe_file", `{"entity":"user","record_uuid":"`+me.UUID+`","file_url":"http://169.254.169.254/"}`).refuses(422, "file_url", "not allowed")
	})
}
