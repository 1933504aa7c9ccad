package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// As much of a container as running it takes.
type containerSpec struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
	Args    []string `json:"args"`
	Stdin   bool     `json:"stdin"`
	TTY     bool     `json:"tty"`
}

type podReader struct {
	url    string
	client *http.Client
}

// Finds a container, an ephemeral one included. pod is namespace/name.
func (p *podReader) container(pod, name string) (containerSpec, error) {
	namespace, podName, _ := strings.Cut(pod, "/")
	answer, err := p.client.Get(p.url + "/api/v1/namespaces/" + namespace + "/pods/" + podName)
	if err != nil {
		return containerSpec{}, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return containerSpec{}, fmt.Errorf("pod %s: %s", pod, answer.Status)
	}
	var found struct {
		Spec struct {
			Containers          []containerSpec `json:"containers"`
			EphemeralContainers []containerSpec `json:"ephemeralContainers"`
		} `json:"spec"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		return containerSpec{}, err
	}
	for _, each := range append(found.Spec.Containers, found.Spec.EphemeralContainers...) {
		if each.Name == name {
			return each, nil
		}
	}
	return containerSpec{}, fmt.Errorf("pod %s has no container %s", pod, name)
}
