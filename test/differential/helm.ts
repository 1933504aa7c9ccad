import { inRepository } from '@holdpoint/local';
import { command, type Command, type Family } from './command.ts';

const chart = inRepository('test', 'e2e', 'clients', 'chart');

const helmWith =
  (driver: 'configmap' | 'secret') =>
  (line: string): Command =>
    command(line, { program: 'helm', env: { HELM_DRIVER: driver } });

const inSecrets = helmWith('secret');
/** A release's whole life, its record kept where helm keeps it by itself: what is read of it is masked, and comes back. */
export const helmInSecrets: Family = {
  family: 'helm',
  isEmpty: true,
  commands: [
    inSecrets('list'),
    inSecrets(`install shop ${chart}`),
    inSecrets(`install shop ${chart}`),
    inSecrets(`install other ${chart} --dry-run=server`),
    inSecrets('list'),
    inSecrets('list -A -o json'),
    command('rollout status deployment/shop --timeout=60s'),
    { ...inSecrets('status shop'), unordered: true },
    inSecrets('get metadata shop'),
    inSecrets('get all shop'),
    inSecrets('get manifest shop'),
    inSecrets('get values shop'),
    inSecrets(`upgrade shop ${chart} --set greeting=welcome`),
    inSecrets('get values shop'),
    inSecrets(`upgrade shop ${chart} --set greeting=welcome --wait --timeout=60s`),
    inSecrets('history shop'),
    inSecrets('rollback shop 1'),
    inSecrets('history shop -o yaml'),
    inSecrets('test shop'),
    inSecrets('status none'),
    inSecrets('rollback shop 99'),
    command('get configmap shop -o jsonpath={.data.greeting}'),
    inSecrets('uninstall shop --wait --timeout=60s'),
    inSecrets('uninstall shop'),
    inSecrets(`upgrade --install again ${chart}`),
    command('get configmap,deployment -o name'),
  ],
};

const inConfigMaps = helmWith('configmap');
/** The same in short, its record kept in ConfigMaps. */
export const helmInConfigMaps: Family = {
  family: 'helmconfigmap',
  isEmpty: true,
  commands: [
    inConfigMaps(`install shop ${chart}`),
    inConfigMaps(`upgrade shop ${chart} --set greeting=welcome`),
    inConfigMaps('get all shop'),
    inConfigMaps('rollback shop 1'),
    inConfigMaps('history shop'),
    command('get configmap shop -o jsonpath={.data.greeting}'),
    inConfigMaps('uninstall shop'),
  ],
};
