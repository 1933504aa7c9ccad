package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// Joins a stream with a port. As in containerd: when one direction is over, the other has a second.
func (n *runtime) PortForward(_ context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	connection, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer connection.Close()
	over := make(chan error, 2)
	join := func(to io.Writer, from io.Reader) {
		_, err := io.Copy(to, from)
		over <- err
	}
	go join(stream, connection)
	go join(connection, stream)
	err = <-over
	select {
	case <-over:
	case <-time.After(time.Second):
	}
	return err
}
