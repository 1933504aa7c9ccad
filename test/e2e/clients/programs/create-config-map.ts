/**
 * A user's program on @kubernetes/client-node: creates the ConfigMap NAME in NAMESPACE. Prints what was done; or what was
 * thrown, and exits with 1. It knows nothing of Holdpoint.
 */
import { ApiException, CoreV1Api, KubeConfig, type V1Status } from '@kubernetes/client-node';

const [namespace = '', name = ''] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromDefault();
try {
  await config.makeApiClient(CoreV1Api).createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
  console.log(`created ${name}`);
} catch (error) {
  if (!(error instanceof ApiException)) throw error;
  const status = JSON.parse(error.body as string) as V1Status;
  console.error(`${error.constructor.name} ${String(error.code)} ${String(status.reason)}: ${String(status.message)}`);
  for (const cause of status.details?.causes ?? []) console.error(`${String(cause.field)}: ${String(cause.message)}`);
  process.exitCode = 1;
}
