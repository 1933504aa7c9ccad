// The least that a validating webhook can be: it reads a review, answers "allowed", and does nothing else. What it adds to a
// write is what calling any webhook costs; what Holdpoint adds beyond that is Holdpoint's. Standard library only, with its
// defaults, as anybody would write it first.
//
// Any other path takes whatever is sent and answers 200: where the API server's audit events go while a benchmark runs.
package main

import (
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"os"
)

type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *request  `json:"request,omitempty"`
	Response   *response `json:"response,omitempty"`
}

type request struct {
	UID string `json:"uid"`
}

type response struct {
	UID     string `json:"uid"`
	Allowed bool   `json:"allowed"`
}

func validate(w http.ResponseWriter, r *http.Request) {
	var got review
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil || got.Request == nil {
		http.Error(w, "no AdmissionReview", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	answer := review{APIVersion: got.APIVersion, Kind: got.Kind, Response: &response{UID: got.Request.UID, Allowed: true}}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Print(err)
	}
}

func discard(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		log.Print(err)
	}
}

func main() {
	listen := flag.String("listen", "", "host:port")
	cert := flag.String("cert", "", "PEM certificate")
	key := flag.String("key", "", "PEM key")
	flag.Parse()
	// Whoever started us holds the other end: when it is gone, however it died, so are we.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	http.HandleFunc("/validate", validate)
	http.HandleFunc("/", discard)
	log.Fatal(http.ListenAndServeTLS(*listen, *cert, *key, nil))
}
