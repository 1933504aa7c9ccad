// What a kubelet serves to the API server: exec, attach, port-forward and container logs. The protocols are Kubernetes' own
// (k8s.io/cri-streaming, which containerd and CRI-O serve them with), so that what a session does at its end, at an
// error, at a new size is what it does in a cluster. The container runtime behind them is this machine: a command is a process
// here, a pod's port is a port of the loopback address.
//
// Pods are not started here: somebody else says that they run. A container's own process starts when it is first attached to,
// or its logs are first asked for.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

// As the kubelet's own defaults.
const (
	idleTimeout     = 4 * time.Hour
	creationTimeout = remotecommand.DefaultStreamCreationTimeout
)

func main() {
	listen := flag.String("listen", "", "host:port")
	cert := flag.String("cert", "", "PEM certificate to serve with")
	key := flag.String("key", "", "PEM key of it")
	apiServer := flag.String("api-server", "", "URL that pods are read from")
	clientCert := flag.String("client-cert", "", "PEM certificate to read them with")
	clientKey := flag.String("client-key", "", "PEM key of it")
	ca := flag.String("ca", "", "PEM authority of the API server")
	workDir := flag.String("work-dir", "", "folder that commands run in")
	flag.Parse()

	pods := &podReader{url: *apiServer, client: clientOf(*ca, *clientCert, *clientKey)}
	node := &runtime{pods: pods, workDir: *workDir, containers: map[string]*container{}}

	http.HandleFunc("/exec/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		options, err := remotecommand.NewOptions(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		remotecommand.ServeExec(w, r, node, nameOf(r), "", r.PathValue("container"), r.URL.Query()["command"], options,
			idleTimeout, creationTimeout, remotecommand.SupportedStreamingProtocols)
	})
	http.HandleFunc("/attach/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		options, err := remotecommand.NewOptions(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		remotecommand.ServeAttach(w, r, node, nameOf(r), "", r.PathValue("container"), options,
			idleTimeout, creationTimeout, remotecommand.SupportedStreamingProtocols)
	})
	http.HandleFunc("/portForward/{namespace}/{pod}", func(w http.ResponseWriter, r *http.Request) {
		options, err := portforward.NewV4Options(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		portforward.ServePortForward(w, r, node, nameOf(r), "", options,
			idleTimeout, creationTimeout, portforward.SupportedProtocols)
	})
	http.HandleFunc("/containerLogs/{namespace}/{pod}/{container}", node.serveLogs)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	log.Fatal(http.ListenAndServeTLS(*listen, *cert, *key, nil))
}

func nameOf(r *http.Request) string {
	return r.PathValue("namespace") + "/" + r.PathValue("pod")
}

func clientOf(ca, cert, key string) *http.Client {
	pem, err := os.ReadFile(ca)
	if err != nil {
		log.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(pem)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		log.Fatal(err)
	}
	settings := &tls.Config{RootCAs: authorities, Certificates: []tls.Certificate{pair}}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: settings}, Timeout: 10 * time.Second}
}
