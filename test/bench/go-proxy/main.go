// What kube-oidc-proxy and its like are at their centre: Go's own reverse proxy, which checks an OIDC token and impersonates
// whom it names. It judges nothing, masks nothing and records nothing. Standard library only, with its defaults, as anybody
// would write it first; every token is verified anew, as there.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"
)

type claims struct {
	Issuer  string   `json:"iss"`
	Subject string   `json:"sub"`
	Expires int64    `json:"exp"`
	Groups  []string `json:"groups"`
}

type verifier struct {
	issuer string
	keys   map[string]*ecdsa.PublicKey
}

var errToken = errors.New("the token is not valid")

func getJSON(client *http.Client, address string, into any) {
	answer, err := client.Get(address)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		log.Fatal(err)
	}
}

func discover(client *http.Client, issuer string) *verifier {
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	getJSON(client, issuer+"/.well-known/openid-configuration", &document)
	var set struct {
		Keys []struct{ Kid, X, Y string }
	}
	getJSON(client, document.Keys, &set)
	found := &verifier{issuer: issuer, keys: map[string]*ecdsa.PublicKey{}}
	for _, key := range set.Keys {
		found.keys[key.Kid] = &ecdsa.PublicKey{Curve: elliptic.P256(), X: number(key.X), Y: number(key.Y)}
	}
	return found
}

func number(text string) *big.Int {
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		log.Fatal(err)
	}
	return new(big.Int).SetBytes(bytes)
}

func decode(part string, into any) error {
	bytes, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(bytes, into)
}

// ES256 alone: what the local issuer signs with.
func (v *verifier) verify(token string) (*claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errToken
	}
	var header struct{ Alg, Kid string }
	if err := decode(parts[0], &header); err != nil || header.Alg != "ES256" {
		return nil, errToken
	}
	key := v.keys[header.Kid]
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || key == nil || len(signature) != 64 {
		return nil, errToken
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(key, digest[:], r, s) {
		return nil, errToken
	}
	found := &claims{}
	if err := decode(parts[1], found); err != nil {
		return nil, errToken
	}
	if found.Issuer != v.issuer || found.Subject == "" || time.Now().Unix() > found.Expires {
		return nil, errToken
	}
	return found, nil
}

func main() {
	listen := flag.String("listen", "", "host:port")
	cert := flag.String("cert", "", "PEM certificate")
	key := flag.String("key", "", "PEM key")
	upstream := flag.String("upstream", "", "URL of the API server")
	ca := flag.String("ca", "", "PEM authorities of the API server and of the issuer")
	issuer := flag.String("issuer", "", "URL")
	tokenFile := flag.String("token-file", "", "bearer token of the account that impersonates")
	flag.Parse()
	// Whoever started us holds the other end: when it is gone, however it died, so are we.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()

	pem, err := os.ReadFile(*ca)
	if err != nil {
		log.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(pem)
	token, err := os.ReadFile(*tokenFile)
	if err != nil {
		log.Fatal(err)
	}
	target, err := url.Parse(*upstream)
	if err != nil {
		log.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: authorities}
	tokens := discover(&http.Client{Transport: transport}, *issuer)

	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			user := r.In.Context().Value(claimsKey{}).(*claims)
			r.Out.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
			r.Out.Header.Set("Impersonate-User", user.Subject)
			r.Out.Header["Impersonate-Group"] = user.Groups
		},
	}
	http.Handle("/", withClaims(tokens, proxy))
	log.Fatal(http.ListenAndServeTLS(*listen, *cert, *key, nil))
}
