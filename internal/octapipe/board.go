package octapipe

import "net/http"

func (s *Sandbox) serveBoard(w http.ResponseWriter, r *http.Request) bool { return false }
func (s *Sandbox) abandonJobs() error                                     { return nil }
