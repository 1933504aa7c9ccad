import { inRepository } from '../repository.ts';

/** One binary, and how it is built. */
export interface Build {
  name: 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kwok';
  module: string;
  package: string;
  ldflags: string;
}

const strip = '-s -w';
/** Without these the server calls itself v0.0.0, and clients believe it. Keep in step with go.mod. */
const version = 'k8s.io/component-base/version';
const kubernetes = `${strip} -X ${version}.gitVersion=v1.37.2 -X ${version}.gitMajor=1 -X ${version}.gitMinor=37`;

const kubernetesModule = inRepository('local', 'binaries', 'kubernetes');

/** The shortest first, so that something is seen to happen. */
export const builds: readonly Build[] = [
  { name: 'etcd', module: kubernetesModule, package: 'go.etcd.io/etcd/server/v3', ldflags: strip },
  {
    name: 'kwok',
    module: inRepository('local', 'binaries', 'kwok'),
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    ldflags: strip,
  },
  {
    name: 'kube-apiserver',
    module: kubernetesModule,
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    ldflags: kubernetes,
  },
  {
    name: 'kube-controller-manager',
    module: kubernetesModule,
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    ldflags: kubernetes,
  },
];
