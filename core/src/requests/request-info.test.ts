import { expect, test } from '@jest/globals';
import { readRequestLine, requestInfoOf, type RequestInfo } from './request-info.ts';

const nothing: RequestInfo = {
  isResourceRequest: false,
  path: '',
  verb: '',
  apiPrefix: '',
  apiGroup: '',
  apiVersion: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
};
const core = { isResourceRequest: true, apiPrefix: 'api', apiVersion: 'v1' };
const apps = { isResourceRequest: true, apiPrefix: 'apis', apiGroup: 'apps', apiVersion: 'v1' };

// The rows above the line are those of Kubernetes' own requestinfo_test.go.
test.each<[string, string, string, Partial<RequestInfo>]>([
  ['a cluster-wide list', 'GET', '/api/v1/pods', { ...core, verb: 'list', resource: 'pods' }],
  [
    'a get of a namespace',
    'GET',
    '/api/v1/namespaces/a',
    { ...core, verb: 'get', namespace: 'a', resource: 'namespaces', name: 'a' },
  ],
  ['a list of namespaces', 'GET', '/api/v1/namespaces', { ...core, verb: 'list', resource: 'namespaces' }],
  [
    'a namespaced list',
    'GET',
    '/api/v1/namespaces/a/pods',
    { ...core, verb: 'list', namespace: 'a', resource: 'pods' },
  ],
  [
    'a namespaced get',
    'GET',
    '/api/v1/namespaces/a/pods/p',
    { ...core, verb: 'get', namespace: 'a', resource: 'pods', name: 'p' },
  ],
  [
    'a HEAD, which is a get',
    'HEAD',
    '/api/v1/namespaces/a/pods/p',
    { ...core, verb: 'get', namespace: 'a', resource: 'pods', name: 'p' },
  ],
  [
    'a watch',
    'GET',
    '/api/v1/namespaces/a/pods?watch=true',
    { ...core, verb: 'watch', namespace: 'a', resource: 'pods' },
  ],
  ['a watch, as a number', 'GET', '/api/v1/pods?watch=1', { ...core, verb: 'watch', resource: 'pods' }],
  ['a watch, without a value', 'GET', '/api/v1/pods?watch', { ...core, verb: 'watch', resource: 'pods' }],
  ['no watch', 'GET', '/api/v1/pods?watch=False', { ...core, verb: 'list', resource: 'pods' }],
  ['a watch by an encoded parameter', 'GET', '/api/v1/pods?%77atch=1', { ...core, verb: 'watch', resource: 'pods' }],
  [
    'a watch of one, by field selector',
    'GET',
    '/api/v1/pods?watch=1&fieldSelector=metadata.name%3Dp',
    { ...core, verb: 'watch', resource: 'pods', name: 'p' },
  ],
  [
    'a legacy watch',
    'GET',
    '/api/v1/watch/namespaces/a/pods',
    { ...core, verb: 'watch', namespace: 'a', resource: 'pods' },
  ],
  [
    'a legacy watch of one',
    'GET',
    '/api/v1/watch/namespaces/a/pods/p',
    { ...core, verb: 'watch', namespace: 'a', resource: 'pods', name: 'p' },
  ],
  ['the legacy proxy verb', 'GET', '/api/v1/proxy/nodes/n/x', { ...core, verb: 'proxy', resource: 'nodes', name: 'n' }],
  [
    'a subresource',
    'GET',
    '/api/v1/namespaces/a/pods/p/log',
    { ...core, verb: 'get', namespace: 'a', resource: 'pods', name: 'p', subresource: 'log' },
  ],
  [
    'a tunnel with a path of its own',
    'GET',
    '/api/v1/nodes/n/proxy/logs/x',
    { ...core, verb: 'get', resource: 'nodes', name: 'n', subresource: 'proxy' },
  ],
  [
    'a subresource of a namespace',
    'PUT',
    '/api/v1/namespaces/a/finalize',
    { ...core, verb: 'update', namespace: 'a', resource: 'namespaces', name: 'a', subresource: 'finalize' },
  ],
  ['a create', 'POST', '/api/v1/namespaces/a/pods', { ...core, verb: 'create', namespace: 'a', resource: 'pods' }],
  [
    'a delete of many',
    'DELETE',
    '/api/v1/namespaces/a/pods',
    { ...core, verb: 'deletecollection', namespace: 'a', resource: 'pods' },
  ],
  [
    'a patch in a group',
    'PATCH',
    '/apis/apps/v1/namespaces/a/deployments/d',
    { ...apps, verb: 'patch', namespace: 'a', resource: 'deployments', name: 'd' },
  ],
  [
    'a scale',
    'PUT',
    '/apis/apps/v1/namespaces/a/deployments/d/scale',
    { ...apps, verb: 'update', namespace: 'a', resource: 'deployments', name: 'd', subresource: 'scale' },
  ],
  ['discovery of a group', 'GET', '/apis/apps/v1', { verb: 'get' }],
  ['discovery of the core group', 'GET', '/api/v1', { verb: 'get' }],
  ['the root', 'GET', '/', { verb: 'get' }],
  ['a path of another kind', 'POST', '/metrics/cadvisor/x', { verb: 'post' }],
  // ——— what is not in theirs
  [
    'a trailing slash',
    'GET',
    '/api/v1/namespaces/a/secrets/s/',
    { ...core, verb: 'get', namespace: 'a', resource: 'secrets', name: 's', path: '/api/v1/namespaces/a/secrets/s' },
  ],
  [
    'an encoded letter',
    'GET',
    '/api/v1/namespaces/a/secret%73/s',
    { ...core, verb: 'get', namespace: 'a', resource: 'secrets', name: 's', path: '/api/v1/namespaces/a/secrets/s' },
  ],
  [
    'a name with a colon',
    'GET',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
    {
      ...apps,
      apiGroup: 'rbac.authorization.k8s.io',
      verb: 'get',
      resource: 'clusterroles',
      name: 'system:node',
      path: '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node',
    },
  ],
])('reads %s', (_situation, method, url, want) => {
  expect(requestInfoOf(method, url)).toEqual({ ...nothing, path: url.split('?', 1)[0], ...want });
});

test.each([
  ['a double slash', '/api/v1//secrets', 'its path has a double slash'],
  ['two leading slashes', '//api/v1/secrets', 'its path has a double slash'],
  ['a dot segment', '/api/v1/namespaces/a/../b/secrets', 'its path has a dot segment'],
  ['an encoded dot segment', '/api/v1/%2e%2E/secrets', 'its path has a dot segment'],
  ['an encoded slash', '/api/v1/namespaces/a%2fsecrets', 'its path has an encoded slash'],
  ['an encoded backslash', '/api/v1/namespaces/a%5csecrets', 'its path has an encoded slash'],
  ['a double encoding', '/api/v1/namespaces/a/secrets/%2573', 'its path has an encoded character that no name has'],
  ['an encoded question mark', '/api/v1/secrets%3fwatch=1', 'its path has an encoded character that no name has'],
  ['an encoded NUL', '/api/v1/secrets%00', 'its path has an encoded character that no name has'],
  ['an encoded line break', '/api/v1/secrets%0d%0a', 'its path has an encoded character that no name has'],
  ['broken encoding', '/api/v1/secrets%zz', 'its path is not valid percent-encoding of UTF-8'],
  ['overlong UTF-8', '/api/v1/%c0%af', 'its path is not valid percent-encoding of UTF-8'],
  ['an absolute URL', 'https://elsewhere/api/v1/secrets', 'it does not begin with a slash'],
  ['an asterisk', '*', 'it does not begin with a slash'],
  ['a raw backslash', '/api/v1\\secrets', 'its path has characters that must be percent-encoded'],
  ['a raw space', '/api/v1/secrets x', 'its path has characters that must be percent-encoded'],
  ['a fragment', '/api/v1/secrets?a#b', 'its query has characters that must be percent-encoded'],
  ['a semicolon in the query', '/api/v1/secrets?a=1;watch=1', 'its query is not valid percent-encoding of UTF-8'],
  ['broken encoding in the query', '/api/v1/secrets?watch=%', 'its query is not valid percent-encoding of UTF-8'],
  ['one parameter twice', '/api/v1/pods?watch=0&watch=1', 'its query has the parameter "watch" more than once'],
  [
    'two field selectors',
    '/api/v1/pods?fieldSelector=&fieldSelector=metadata.name%3Da',
    'its query has the parameter "fieldSelector" more than once',
  ],
  [
    'one parameter in two spellings',
    '/api/v1/pods?watch=0&%77atch=1',
    'its query has the parameter "watch" more than once',
  ],
  [
    'two names at once',
    '/api/v1/pods?fieldSelector=metadata.name%3Da,metadata.name%3D%3Db',
    'its field selector asks for two names at once',
  ],
  ['a verb in the path and nothing after', '/api/v1/watch', undefined],
  ['a verb in a group path and nothing after', '/apis/apps/v1/watch', 'the path ends where a resource is expected'],
])('refuses %s', (_situation, url, want) => {
  const got = requestInfoOf('GET', url);
  if (want === undefined) expect(got).toEqual({ refused: true, code: 400, message: expect.any(String) });
  else expect(got).toEqual({ refused: true, code: 400, message: `the request's URL is refused: ${want}` });
});

test.each([
  ['what it is already', '/api/v1/namespaces/a/pods?limit=500', '/api/v1/namespaces/a/pods?limit=500'],
  ['the root', '/', '/'],
  ['an encoded letter', '/api/v1/namespaces/a/secret%73', '/api/v1/namespaces/a/secrets'],
  [
    'a colon in a name',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/a:b',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/a:b',
  ],
  [
    'a colon that is encoded',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/a%3ab',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/a:b',
  ],
  ['a slash at the end', '/api/v1/namespaces/', '/api/v1/namespaces/'],
  ['a parameter without a value', '/api/v1/pods?watch', '/api/v1/pods?watch='],
  ['a plus, which is a space', '/api/v1/pods?labelSelector=a+in+(b)', '/api/v1/pods?labelSelector=a%20in%20(b)'],
  ['empty pairs', '/api/v1/pods?&&watch=1&', '/api/v1/pods?watch=1'],
  [
    'a list of words',
    '/api/v1/namespaces/a/pods/p/exec?command=a&command=b',
    '/api/v1/namespaces/a/pods/p/exec?command=a&command=b',
  ],
  [
    'a tunnel, whose parameters are not ours',
    '/api/v1/namespaces/a/services/s/proxy/x/?q=1&q=2',
    '/api/v1/namespaces/a/services/s/proxy/x/?q=1&q=2',
  ],
  ['letters beyond ASCII', '/api/v1/namespaces/%C3%BC/pods?a=%E6%BC%A2', '/api/v1/namespaces/%C3%BC/pods?a=%E6%BC%A2'],
])('spells %s anew', (_situation, url, want) => {
  const reading = readRequestLine('GET', url);
  if ('refused' in reading) throw new Error(reading.message);
  expect(reading.target).toBe(want);
  expect(readRequestLine('GET', reading.target)).toEqual(reading);
});
