package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/creack/pty"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

func (n *runtime) ExecInContainer(ctx context.Context, _, _, _ string, command []string, in io.Reader,
	out, errOut io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration) error {
	return n.run(command, in, out, errOut, tty, resize)
}

// Runs a command to its end. What cannot be run at all ends as it would in a container: with 126 or 127.
func (n *runtime) run(command []string, in io.Reader, out, errOut io.Writer, tty bool,
	resize <-chan remotecommand.TerminalSize) error {
	process := exec.Command(command[0], command[1:]...)
	process.Dir = n.workDir
	if tty {
		return n.runInTerminal(process, in, out, resize)
	}
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if out != nil {
		process.Stdout = out
	}
	if errOut != nil {
		process.Stderr = errOut
	}
	if in == nil {
		return exitOf(process.Run())
	}
	// Not process.Stdin: then its end would wait for the end of a client's input, which may be long after.
	input, err := process.StdinPipe()
	if err != nil {
		return err
	}
	if err := process.Start(); err != nil {
		return exitOf(err)
	}
	go func() {
		_, _ = io.Copy(input, in)
		_ = input.Close()
	}()
	return exitOf(process.Wait())
}

func (n *runtime) runInTerminal(process *exec.Cmd, in io.Reader, out io.Writer,
	resize <-chan remotecommand.TerminalSize) error {
	terminal, err := pty.Start(process)
	if err != nil {
		return exitOf(err)
	}
	defer terminal.Close()
	go func() {
		for size := range resize {
			_ = pty.Setsize(terminal, &pty.Winsize{Rows: size.Height, Cols: size.Width})
		}
	}()
	if in != nil {
		go func() { _, _ = io.Copy(terminal, in) }()
	}
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		if out == nil {
			out = io.Discard
		}
		_, _ = io.Copy(out, terminal)
	}()
	err = process.Wait()
	<-shown
	return exitOf(err)
}

// An exit as Kubernetes tells it; of a signal, 128 and its number, as a shell and every container runtime do.
func exitOf(err error) error {
	var exited *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exited):
		code := exited.ExitCode()
		if status, ok := exited.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			code = 128 + int(status.Signal())
		}
		return codeError(code)
	case errors.Is(err, os.ErrPermission):
		return codeError(126)
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		return codeError(127)
	default:
		return err
	}
}

func codeError(code int) error {
	return utilexec.CodeExitError{Err: fmt.Errorf("exit status %d", code), Code: code}
}
