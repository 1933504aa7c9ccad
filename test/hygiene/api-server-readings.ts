/**
 * Request lines, and what the real API server (1.37.2) made of each: as its own audit event tells, or `no request` where it
 * answered without one. test/e2e/hygiene.test.ts holds this table against the real API server and against the proxy;
 * src/api-server-readings.test.ts holds our reader against it.
 */
export interface ApiServerReading {
  situation: string;
  method: string;
  /** As it stands on the request line. */
  target: string;
  /** `verb group/version resource/subresource namespace/name`, or `verb path`. */
  reading: string;
  /** Why the proxy refuses what the API server reads. Not said: both read the same. */
  refused?: string;
}

const dev = '/api/v1/namespaces/dev';

export const apiServerReadings: readonly ApiServerReading[] = [
  { situation: 'a get', method: 'GET', target: `${dev}/configmaps/c`, reading: 'get v1 configmaps dev/c' },
  { situation: 'a list', method: 'GET', target: `${dev}/configmaps?limit=1`, reading: 'list v1 configmaps dev/' },
  {
    situation: 'a list across namespaces',
    method: 'GET',
    target: '/api/v1/configmaps?limit=1',
    reading: 'list v1 configmaps /',
  },
  { situation: 'a HEAD', method: 'HEAD', target: `${dev}/configmaps/c`, reading: 'get v1 configmaps dev/c' },
  {
    situation: 'a list in a group',
    method: 'GET',
    target: '/apis/apps/v1/namespaces/dev/deployments',
    reading: 'list apps/v1 deployments dev/',
  },
  { situation: 'a namespace', method: 'GET', target: dev, reading: 'get v1 namespaces dev/dev' },
  { situation: 'its status', method: 'GET', target: `${dev}/status`, reading: 'get v1 namespaces/status dev/dev' },
  { situation: 'a subresource', method: 'GET', target: `${dev}/pods/p/log`, reading: 'get v1 pods/log dev/p' },
  {
    situation: 'more than a subresource',
    method: 'GET',
    target: `${dev}/pods/p/log/x`,
    reading: 'get v1 pods/log dev/p',
  },
  { situation: 'discovery', method: 'GET', target: '/apis/apps/v1', reading: 'get /apis/apps/v1' },
  { situation: 'discovery of the core group', method: 'GET', target: '/api/v1', reading: 'get /api/v1' },
  { situation: 'what is no API', method: 'GET', target: '/version', reading: 'get /version' },
  {
    situation: 'a slash at the end',
    method: 'GET',
    target: `${dev}/configmaps/c/`,
    reading: 'get v1 configmaps dev/c',
  },
  {
    situation: 'two slashes at the end',
    method: 'GET',
    target: `${dev}/configmaps//`,
    reading: 'list v1 configmaps dev/',
    refused: 'double slash',
  },
  {
    situation: 'a double slash',
    method: 'GET',
    target: '/api/v1//namespaces/dev/configmaps',
    reading: 'get /api/v1//namespaces/dev/configmaps',
    refused: 'double slash',
  },
  {
    situation: 'two slashes at the beginning',
    method: 'GET',
    target: '//api/v1/namespaces/dev/configmaps',
    reading: 'list v1 configmaps dev/',
    refused: 'double slash',
  },
  {
    situation: 'a dot segment',
    method: 'GET',
    target: '/api/v1/namespaces/b/../dev/configmaps',
    reading: 'get v1 ../configmaps b/dev',
    refused: 'dot segment',
  },
  {
    situation: 'a dot',
    method: 'GET',
    target: '/api/v1/./namespaces/dev/configmaps',
    reading: 'get v1 ./dev /namespaces',
    refused: 'dot segment',
  },
  {
    situation: 'an encoded dot segment',
    method: 'GET',
    target: '/api/v1/namespaces/b/%2e%2E/dev/configmaps',
    reading: 'get v1 ../configmaps b/dev',
    refused: 'dot segment',
  },
  {
    situation: 'an encoded letter',
    method: 'GET',
    target: `${dev}/configmap%73/c`,
    reading: 'get v1 configmaps dev/c',
  },
  {
    situation: 'an encoded letter of the verb in the path',
    method: 'GET',
    target: '/api/v1/w%61tch/namespaces/dev/configmaps?timeoutSeconds=1',
    reading: 'watch v1 configmaps dev/',
  },
  {
    situation: 'an encoded slash',
    method: 'GET',
    target: '/api/v1/namespaces%2Fdev/configmaps',
    reading: 'list v1 configmaps dev/',
    refused: 'encoded slash',
  },
  {
    situation: 'an encoded slash in a name',
    method: 'GET',
    target: `${dev}/configmaps/c%2fd`,
    reading: 'get v1 configmaps/d dev/c',
    refused: 'encoded slash',
  },
  {
    situation: 'a double encoding',
    method: 'GET',
    target: `${dev}/configmap%2573`,
    reading: 'list v1 configmap%73 dev/',
    refused: 'encoded character',
  },
  {
    situation: 'an encoded question mark',
    method: 'GET',
    target: `${dev}/configmaps%3Fwatch=1`,
    reading: 'list v1 configmaps?watch=1 dev/',
    refused: 'encoded character',
  },
  {
    situation: 'an encoded NUL',
    method: 'GET',
    target: `${dev}/configmaps/c%00`,
    reading: 'get v1 configmaps dev/c\u0000',
    refused: 'encoded character',
  },
  {
    situation: 'an encoded line break',
    method: 'GET',
    target: `${dev}/configmaps/c%0d%0a`,
    reading: 'get v1 configmaps dev/c\r\n',
    refused: 'encoded character',
  },
  {
    situation: 'a broken encoding',
    method: 'GET',
    target: `${dev}/configmaps/c%zz`,
    reading: 'no request',
    refused: 'percent-encoding',
  },
  {
    situation: 'what is no UTF-8',
    method: 'GET',
    target: `${dev}/configmaps/c%ff`,
    reading: 'get v1 configmaps dev/c\ufffd',
    refused: 'percent-encoding',
  },
  {
    situation: 'overlong UTF-8',
    method: 'GET',
    target: `${dev}%c0%afconfigmaps`,
    reading: 'get v1 namespaces dev\ufffd\ufffdconfigmaps/dev\ufffd\ufffdconfigmaps',
    refused: 'percent-encoding',
  },
  {
    situation: 'letters beyond ASCII',
    method: 'GET',
    target: `${dev}/configmaps/%C3%BC`,
    reading: 'get v1 configmaps dev/\u00fc',
  },
  {
    situation: 'a semicolon in the path',
    method: 'GET',
    target: `${dev}/configmaps;v=1/c`,
    reading: 'get v1 configmaps;v=1 dev/c',
    refused: 'encoded character',
  },
  {
    situation: 'a backslash',
    method: 'GET',
    target: `${dev}\\configmaps`,
    reading: 'get v1 namespaces dev\\configmaps/dev\\configmaps',
    refused: 'percent-encoded',
  },
  {
    situation: 'a plus in the path, which is a plus',
    method: 'GET',
    target: `${dev}/configmaps/c+d`,
    reading: 'get v1 configmaps dev/c+d',
  },
  {
    situation: 'a colon',
    method: 'GET',
    target: '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
    reading: 'get rbac.authorization.k8s.io/v1 clusterroles /system:node',
  },
  {
    situation: 'another case',
    method: 'GET',
    target: '/API/v1/namespaces/dev/configmaps',
    reading: 'get /API/v1/namespaces/dev/configmaps',
    refused: "outside the API's resources",
  },
  {
    situation: 'another case of the resource',
    method: 'GET',
    target: `${dev}/ConfigMaps`,
    reading: 'list v1 ConfigMaps dev/',
  },
  {
    situation: 'the absolute form',
    method: 'GET',
    target: 'https://elsewhere.example/api/v1/namespaces/dev/configmaps/c',
    reading: 'get v1 configmaps dev/c',
    refused: 'begin with a slash',
  },
  { situation: 'the asterisk form', method: 'GET', target: '*', reading: 'get *', refused: 'begin with a slash' },
  {
    situation: 'a fragment',
    method: 'GET',
    target: `${dev}/configmaps/c#d`,
    reading: 'get v1 configmaps dev/c#d',
    refused: 'percent-encoded',
  },
  {
    situation: 'a watch',
    method: 'GET',
    target: `${dev}/configmaps?watch=1&timeoutSeconds=1`,
    reading: 'watch v1 configmaps dev/',
  },
  {
    situation: 'a watch without a value',
    method: 'GET',
    target: `${dev}/configmaps?watch&timeoutSeconds=1`,
    reading: 'watch v1 configmaps dev/',
  },
  {
    situation: 'a watch of any other word',
    method: 'GET',
    target: `${dev}/configmaps?watch=no&timeoutSeconds=1`,
    reading: 'watch v1 configmaps dev/',
  },
  { situation: 'no watch', method: 'GET', target: `${dev}/configmaps?watch=FALSE`, reading: 'list v1 configmaps dev/' },
  {
    situation: 'no watch, as a number',
    method: 'GET',
    target: `${dev}/configmaps?watch=0`,
    reading: 'list v1 configmaps dev/',
  },
  {
    situation: 'a watch in another case, which is none',
    method: 'GET',
    target: `${dev}/configmaps?Watch=1`,
    reading: 'list v1 configmaps dev/',
  },
  {
    situation: 'an encoded parameter',
    method: 'GET',
    target: `${dev}/configmaps?%77atch=1&timeoutSeconds=1`,
    reading: 'watch v1 configmaps dev/',
  },
  {
    situation: 'a parameter twice',
    method: 'GET',
    target: `${dev}/configmaps?watch=0&watch=1`,
    reading: 'list v1 configmaps dev/',
    refused: 'more than once',
  },
  {
    situation: 'a parameter twice, the other way round',
    method: 'GET',
    target: `${dev}/configmaps?watch=1&watch=0&timeoutSeconds=1`,
    reading: 'watch v1 configmaps dev/',
    refused: 'more than once',
  },
  {
    situation: 'a semicolon in the query',
    method: 'GET',
    target: `${dev}/configmaps?x=1;watch=1`,
    reading: 'list v1 configmaps dev/',
    refused: 'percent-encoding',
  },
  {
    situation: 'a broken encoding in the query',
    method: 'GET',
    target: `${dev}/configmaps?watch=%`,
    reading: 'list v1 configmaps dev/',
    refused: 'percent-encoding',
  },
  {
    situation: 'a watch of a name',
    method: 'GET',
    target: `${dev}/configmaps/c?watch=1&timeoutSeconds=1`,
    reading: 'get v1 configmaps dev/c',
  },
  {
    situation: 'a legacy watch',
    method: 'GET',
    target: '/api/v1/watch/namespaces/dev/configmaps?timeoutSeconds=1',
    reading: 'watch v1 configmaps dev/',
  },
  {
    situation: 'a legacy watch of one',
    method: 'GET',
    target: '/api/v1/watch/namespaces/dev/configmaps/c?timeoutSeconds=1',
    reading: 'watch v1 configmaps dev/c',
  },
  {
    situation: 'a legacy watch, written to',
    method: 'POST',
    target: '/api/v1/watch/namespaces/dev/configmaps',
    reading: 'watch v1 configmaps dev/',
  },
  {
    situation: 'a legacy watch of nothing',
    method: 'GET',
    target: '/api/v1/watch',
    reading: 'no request',
    refused: 'where a resource is expected',
  },
  {
    situation: 'a legacy watch by field selector',
    method: 'GET',
    target: '/api/v1/watch/namespaces/dev/configmaps?fieldSelector=metadata.name%3Dc&timeoutSeconds=1',
    reading: 'watch v1 configmaps dev/',
  },
  {
    situation: 'the legacy proxy',
    method: 'GET',
    target: '/api/v1/proxy/namespaces/dev/services/s/x',
    reading: 'proxy v1 services dev/s',
    refused: 'reaches past',
  },
  {
    situation: 'a list by name',
    method: 'GET',
    target: `${dev}/configmaps?fieldSelector=metadata.name%3Dc`,
    reading: 'list v1 configmaps dev/c',
  },
  {
    situation: 'a list by name, said with two equals',
    method: 'GET',
    target: `${dev}/configmaps?fieldSelector=metadata.name%3D%3Dc`,
    reading: 'list v1 configmaps dev/c',
  },
  {
    situation: 'a list by name and more',
    method: 'GET',
    target: `${dev}/configmaps?fieldSelector=metadata.namespace%3Ddev,metadata.name%3Dc`,
    reading: 'list v1 configmaps dev/c',
  },
  {
    situation: 'a list by what is not the name',
    method: 'GET',
    target: `${dev}/configmaps?fieldSelector=metadata.name!%3Dc`,
    reading: 'list v1 configmaps dev/',
  },
  {
    situation: 'a list by a name with an escape',
    method: 'GET',
    target: `${dev}/configmaps?fieldSelector=metadata.name%3Dc%5C%5C`,
    reading: 'list v1 configmaps dev/c\\',
  },
  {
    situation: 'a list by a name within another value',
    method: 'GET',
    target: `${dev}/configmaps?fieldSelector=metadata.namespace!%3Db%5C,metadata.name%5C%3Dc`,
    reading: 'list v1 configmaps dev/',
  },
  {
    situation: 'a list by a field with a space',
    method: 'GET',
    target: `${dev}/configmaps?fieldSelector=+metadata.name%3Dc`,
    reading: 'list v1 configmaps dev/',
  },
  {
    situation: 'a list by two names',
    method: 'GET',
    target: `${dev}/configmaps?fieldSelector=metadata.name%3Dd,metadata.name%3Dc`,
    reading: 'list v1 configmaps dev/c',
    refused: 'two names',
  },
  {
    situation: 'a list by a name that is none',
    method: 'GET',
    target: `${dev}/configmaps?fieldSelector=metadata.name%3D..`,
    reading: 'list v1 configmaps dev/',
  },
  {
    situation: 'a list by a name, watched',
    method: 'GET',
    target: `${dev}/configmaps?watch=1&fieldSelector=metadata.name%3Dc&timeoutSeconds=1`,
    reading: 'watch v1 configmaps dev/c',
  },
  {
    situation: 'empty pairs in the query',
    method: 'GET',
    target: `${dev}/configmaps?&&limit=1&`,
    reading: 'list v1 configmaps dev/',
  },
  {
    situation: 'another question mark',
    method: 'GET',
    target: `${dev}/configmaps?limit=1?watch=1`,
    reading: 'list v1 configmaps dev/',
  },
  {
    situation: 'words of long ago',
    method: 'GET',
    target: `${dev}/configmaps/c?pretty=true&export=true`,
    reading: 'get v1 configmaps dev/c',
  },
  {
    situation: 'a delete',
    method: 'DELETE',
    target: `${dev}/configmaps/none?dryRun=All`,
    reading: 'delete v1 configmaps dev/none',
  },
  {
    situation: 'a delete, tried twice over',
    method: 'DELETE',
    target: `${dev}/configmaps/none?dryRun=All&dryRun=All`,
    reading: 'delete v1 configmaps dev/none',
  },
  {
    situation: 'a delete of many',
    method: 'DELETE',
    target: `${dev}/configmaps?dryRun=All`,
    reading: 'deletecollection v1 configmaps dev/',
  },
  {
    situation: 'a delete of many by name',
    method: 'DELETE',
    target: `${dev}/configmaps?dryRun=All&fieldSelector=metadata.name%3Dnone`,
    reading: 'deletecollection v1 configmaps dev/',
  },
  {
    situation: 'a create',
    method: 'POST',
    target: `${dev}/configmaps?dryRun=All`,
    reading: 'create v1 configmaps dev/',
  },
  {
    situation: 'an update',
    method: 'PUT',
    target: `${dev}/configmaps/none?dryRun=All`,
    reading: 'update v1 configmaps dev/none',
  },
  {
    situation: 'a method that Kubernetes has not',
    method: 'OPTIONS',
    target: `${dev}/configmaps`,
    reading: ' v1 configmaps dev/',
    refused: 'not served',
  },
  {
    situation: 'a TRACE',
    method: 'TRACE',
    target: `${dev}/configmaps`,
    reading: ' v1 configmaps dev/',
    refused: 'not served',
  },
  {
    situation: 'a tunnel',
    method: 'GET',
    target: '/api/v1/nodes/n/proxy/pods',
    reading: 'get v1 nodes/proxy /n',
    refused: 'reaches past',
  },
];

/** A request as an audit event tells of it, in the words of {@link ApiServerReading.reading}. */
export function readingOf(event: {
  verb: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  path: string;
}): string {
  if (event.resource === '') return `${event.verb} ${event.path}`;
  const group = event.group === '' ? event.version : `${event.group}/${event.version}`;
  const resource = event.subresource === '' ? event.resource : `${event.resource}/${event.subresource}`;
  // Of a create the event has the name of what was made; the request line has none.
  const name = event.verb === 'create' ? '' : event.name;
  return `${event.verb} ${group} ${resource} ${event.namespace}/${name}`;
}
