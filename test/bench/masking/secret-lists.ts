import { randomBytes, randomUUID } from 'node:crypto';

/** Of which Secrets a list is made. */
export interface ListKind {
  name: string;
  items: number;
  data: () => Record<string, string>;
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
}

const base64 = (bytes: number): string => randomBytes(bytes).toString('base64');
const labels = { 'app.kubernetes.io/name': 'shop', 'app.kubernetes.io/part-of': 'shop-backend', tier: 'backend' };
const small = { data: () => ({ password: base64(18) }), labels };
/** As `bench:proxy` creates them. */
const large = {
  data: () => ({ username: base64(8), password: base64(24), token: base64(96), 'tls.key': base64(400) }),
};
/** As cert-manager annotates them. */
const annotations = {
  'cert-manager.io/alt-names': 'www.shop.example,shop.example',
  'cert-manager.io/certificate-name': 'shop-tls',
  'cert-manager.io/common-name': 'www.shop.example',
  'cert-manager.io/issuer-kind': 'ClusterIssuer',
  'cert-manager.io/issuer-name': 'letsencrypt-production',
};
const annotated = { data: () => ({ 'tls.crt': base64(900), 'tls.key': base64(400) }), labels, annotations };

export const listKinds: readonly ListKind[] = [500, 5_000].flatMap((items) => [
  { name: `${String(items)} small Secrets`, items, ...small },
  { name: `${String(items)} Secrets of 1.3 KB`, items, ...large },
  { name: `${String(items)} annotated Secrets`, items, ...annotated },
]);

/** A list as the API server answers it: every name, uid, version and value its own, in one line, with managedFields. */
export function secretList(kind: ListKind): Buffer {
  const list = {
    kind: 'SecretList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '812345' },
    items: Array.from({ length: kind.items }, (_, i) => secret(i, kind)),
  };
  return Buffer.from(`${JSON.stringify(list)}\n`);
}

function secret(i: number, { data: dataOf, labels, annotations }: ListKind): object {
  const data = dataOf();
  const fieldsV1 = {
    'f:data': { '.': {}, ...Object.fromEntries(Object.keys(data).map((key) => [`f:${key}`, {}])) },
    'f:type': {},
  };
  const creationTimestamp = '2026-11-26T12:00:00Z';
  return {
    metadata: {
      ...{ name: `secret-${String(i)}`, namespace: 'shop', uid: randomUUID(), resourceVersion: String(100_000 + i) },
      creationTimestamp,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      managedFields: [
        {
          ...{ manager: 'kubectl-create', operation: 'Update', apiVersion: 'v1', time: creationTimestamp },
          ...{ fieldsType: 'FieldsV1', fieldsV1 },
        },
      ],
    },
    data,
    type: 'Opaque',
  };
}
