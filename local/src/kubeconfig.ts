/** How a kubeconfig's user proves who it is. Paths are absolute, or relative to the kubeconfig's own folder. */
export type Credential =
  | { type: 'ClientCertificate'; cert: string; key: string }
  | { type: 'Token'; token: string }
  | { type: 'TokenFile'; file: string };

/** A kubeconfig with one cluster, one user, one context, as JSON: which is YAML. */
export function kubeconfigOf(input: { server: string; ca: string; name: string; credential: Credential }): string {
  const { server, ca, name, credential } = input;
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'holdpoint-local', cluster: { server, 'certificate-authority': ca } }],
      users: [{ name, user: userOf(credential) }],
      contexts: [{ name, context: { cluster: 'holdpoint-local', user: name } }],
      'current-context': name,
    },
    undefined,
    2,
  )}\n`;
}

function userOf(credential: Credential): object {
  switch (credential.type) {
    case 'ClientCertificate':
      return { 'client-certificate': credential.cert, 'client-key': credential.key };
    case 'Token':
      return { token: credential.token };
    case 'TokenFile':
      return { tokenFile: credential.file };
  }
}
