import { command, commandOf, type Family } from './command.ts';

const spdy = { env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' } };
const lastLine = ['shop listens on :8080'];

/** Logs, terminals, copies, forwarded ports. The kubelet's stand-in passes on no end of standard input: nothing is copied in. */
export const streaming: Family = {
  family: 'streaming',
  commands: [
    command('logs lone'),
    command('logs lone --tail=1'),
    command('logs lone --timestamps'),
    command('logs lone --since=1h'),
    command('logs lone --limit-bytes=10'),
    command('logs lone -p'),
    command('logs lone -c none'),
    command('logs none'),
    command('logs deployment/web'),
    command('logs -l app=lone --prefix'),
    command('logs lone -f', { until: lastLine }),
    command('exec lone -- echo hello'),
    command('exec lone -- echo hello', spdy),
    command('exec lone -- pwd-is-no-command'),
    commandOf(['exec', 'lone', '--', 'sh', '-c', 'echo out; echo err >&2']),
    commandOf(['exec', 'lone', '--', 'sh', '-c', 'exit 7']),
    commandOf(['exec', 'lone', '--', 'sh', '-c', 'exit 7'], spdy),
    commandOf(['exec', 'lone', '--', 'sh', '-c', 'head -c 300000 /dev/zero | tr "\\0" x | md5sum']),
    commandOf(['exec', '-i', 'lone', '--', 'head', '-n', '2'], { input: 'first\nsecond\n' }),
    commandOf(['exec', '-i', 'lone', '--', 'head', '-n', '2'], { input: 'first\nsecond\n', ...spdy }),
    command('exec none -- echo hello'),
    command('exec lone -c none -- echo hello'),
    command('exec deployment/web -- echo hello'),
    commandOf(['exec', 'lone', '--', 'sh', '-c', 'mkdir -p {ns} && echo copied > {ns}/file']),
    command('cp lone:{ns}/file {ns}-file'),
    commandOf(['exec', 'lone', '--', 'cat', '{ns}/file']),
    command('cp lone:none/file {ns}-none'),
    command('port-forward pod/lone :80 --address=127.0.0.1', { until: ['Forwarding from 127.0.0.1'] }),
    command('port-forward pod/none :80'),
    command('proxy --port=0', { until: ['Starting to serve'] }),
  ],
};
