package gateway

import (
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// request is a prepared call as the vendor's request, with the files that it fetches on the way.
func (g *Gateway) request(c *Caller, tool *toolset.Tool, p *toolset.Prepared) *vendor.Request {
	request := requestOf(c, tool, p)
	if p.Upload != nil {
		request.Upload = &vendor.Upload{MaxBytes: g.maxFile}
		for _, piece := range p.Upload {
			part := vendor.Piece{Bytes: piece.Bytes}
			if f := piece.File; f != nil {
				part.File = &vendor.File{Argument: f.Argument, URL: f.URL, Name: f.Name, Types: f.Types, MaxSize: f.MaxSize, Head: f.Head}
			}
			request.Upload.Pieces = append(request.Upload.Pieces, part)
		}
	}
	return request
}
