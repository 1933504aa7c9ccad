package main

import (
	"context"
	"net/http"
	"strings"
)

type claimsKey struct{}

// Answers 401 to whoever brings no valid token.
func withClaims(tokens *verifier, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		user, err := tokens.verify(token)
		if !found || err != nil {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, user)))
	})
}
