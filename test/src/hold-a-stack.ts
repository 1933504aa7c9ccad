/** Starts a control plane and a kubectl that watches, says what it is doing, and then waits to be killed. */
import { startStack } from '@holdpoint/local';

const stack = await startStack({ services: [], onProgress: (text) => console.log(text) });
const watching = stack.kubectlStart('admin', ['get', 'namespaces', '--watch'], { timeoutMs: 600_000 });
while (!watching.stdout().includes('default')) await new Promise((resolve) => setTimeout(resolve, 50));
console.log('up');
setInterval(() => undefined, 60_000);
