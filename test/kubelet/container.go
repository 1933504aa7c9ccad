package main

import (
	"context"
	"io"
	"net/http"
	"sync"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

type runtime struct {
	pods    *podReader
	workDir string

	mutex      sync.Mutex
	containers map[string]*container
}

// A container's own process: what it says is kept, and told to whoever is attached.
type container struct {
	spec   containerSpec
	input  *io.PipeWriter
	resize chan remotecommand.TerminalSize
	ended  chan struct{}

	mutex    sync.Mutex
	log      []byte
	attached map[io.Writer]struct{}
	// Closed, and made anew, whenever there is more in the log.
	more chan struct{}
}

// The container's process; started when there is none yet.
func (n *runtime) container(pod, name string) (*container, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if found, ok := n.containers[pod+"/"+name]; ok {
		return found, nil
	}
	spec, err := n.pods.container(pod, name)
	if err != nil {
		return nil, err
	}
	started := &container{
		spec: spec, resize: make(chan remotecommand.TerminalSize), ended: make(chan struct{}),
		attached: map[io.Writer]struct{}{}, more: make(chan struct{}),
	}
	var in io.Reader
	if spec.Stdin {
		reader, writer := io.Pipe()
		in, started.input = reader, writer
	}
	n.containers[pod+"/"+name] = started
	go func() {
		defer close(started.ended)
		_ = n.run(append(spec.Command, spec.Args...), in, started, started, spec.TTY, started.resize)
	}()
	return started, nil
}

// What the process says.
func (c *container) Write(bytes []byte) (int, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.log = append(c.log, bytes...)
	for each := range c.attached {
		if _, err := each.Write(bytes); err != nil {
			delete(c.attached, each)
		}
	}
	close(c.more)
	c.more = make(chan struct{})
	return len(bytes), nil
}

func (n *runtime) AttachContainer(_ context.Context, pod, _, name string, in io.Reader, out, _ io.WriteCloser, _ bool,
	resize <-chan remotecommand.TerminalSize) error {
	found, err := n.container(pod, name)
	if err != nil {
		return err
	}
	if out != nil {
		found.mutex.Lock()
		found.attached[out] = struct{}{}
		found.mutex.Unlock()
	}
	if in != nil && found.input != nil {
		go func() { _, _ = io.Copy(found.input, in) }()
	}
	go func() {
		for size := range resize {
			select {
			case found.resize <- size:
			case <-found.ended:
				return
			}
		}
	}()
	<-found.ended
	return nil
}

func (n *runtime) serveLogs(w http.ResponseWriter, r *http.Request) {
	found, err := n.container(nameOf(r), r.PathValue("container"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	follow := r.URL.Query().Get("follow") == "true"
	told := 0
	for {
		found.mutex.Lock()
		rest, more := found.log[told:], found.more
		found.mutex.Unlock()
		if _, err := w.Write(rest); err != nil {
			return
		}
		told += len(rest)
		w.(http.Flusher).Flush()
		if !follow {
			return
		}
		select {
		case <-more:
		case <-found.ended:
			follow = false
		case <-r.Context().Done():
			return
		}
	}
}
