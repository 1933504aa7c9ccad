import { inRepository } from '@holdpoint/local';
import { command, type Command, type Family } from './command.ts';

const chart = inRepository('test', 'e2e', 'clients', 'chart');

/** A release's whole life, with its record kept by one of helm's drivers. */
export function helmWith(driver: 'configmap' | 'secret'): Family {
  const helm = (line: string): Command => command(line, { program: 'helm', env: { HELM_DRIVER: driver } });
  return {
    family: `helm${driver}`,
    commands: [
      helm('version --short'),
      helm('list'),
      helm(`install shop ${chart}`),
      helm(`install shop ${chart}`),
      helm(`install other ${chart} --dry-run=server`),
      helm(`template shop ${chart}`),
      helm('list'),
      helm('list -A -o json'),
      command('rollout status deployment/shop --timeout=60s'),
      { ...helm('status shop'), unordered: true },
      helm('get metadata shop'),
      helm('get all shop'),
      helm('get manifest shop'),
      helm('get values shop'),
      helm(`upgrade shop ${chart} --set greeting=welcome`),
      helm('get values shop'),
      helm(`upgrade shop ${chart} --set greeting=welcome --wait --timeout=60s`),
      helm('history shop'),
      helm('rollback shop 1'),
      helm('history shop -o yaml'),
      helm('test shop'),
      helm(`lint ${chart}`),
      helm('status none'),
      helm('rollback shop 99'),
      command('get configmap shop -o jsonpath={.data.greeting}'),
      helm('uninstall shop --wait --timeout=60s'),
      helm('uninstall shop'),
      helm(`upgrade --install again ${chart}`),
      command('get configmap,deployment -o name'),
    ],
  };
}
